/**
 * Files of OTLP/JSON → a collector, over HTTP, so that what is imported goes the way of everything else: judged, counted,
 * durable when it is answered. A few requests are on their way at once, as many as fit a bound in bytes.
 *
 * The collector knows a request that it has stored, so that an import that broke off is simply run again.
 *
 * Errors  InputError when the collector lets nobody in, OverloadError when it stays overloaded; a line that it does not
 *         take is told and counted.
 */
import type { Readable } from "node:stream";
import { deliver, type Post } from "./deliver.ts";
import { MAX_LINE_BYTES, type Request, requestsIn } from "./otlp-file.ts";

const MAX_REQUESTS = 8;

export interface ImportDeps {
  readonly post: Post;
  readonly stdin: Readable;
  /** A line that was not taken, or not whole. */
  readonly onProblem: (problem: string) => void;
  readonly onProgress: (so: Imported) => void;
}

export interface Imported {
  requests: number;
  bytes: number;
  badLines: number;
  /** Records of requests that were taken otherwise. */
  rejected: number;
}

export const importFiles = async (files: readonly string[], deps: ImportDeps): Promise<Imported> => {
  const so: Imported = { requests: 0, bytes: 0, badLines: 0, rejected: 0 };
  const underway = new Set<Promise<void>>();
  let bytes = 0;
  for (const file of files) {
    for await (const request of requestsIn(file, deps.stdin)) {
      const size = "body" in request ? request.body.length : 0;
      while (underway.size > 0 && (underway.size >= MAX_REQUESTS || bytes + size > MAX_LINE_BYTES))
        await Promise.race(underway);
      bytes += size;
      const sent = sendOne(file, request, so, deps).finally(() => {
        underway.delete(sent);
        bytes -= size;
      });
      sent.catch(() => {}); // thrown where it is awaited
      underway.add(sent);
    }
    await Promise.all(underway);
  }
  return so;
};

const sendOne = async (file: string, request: Request, so: Imported, deps: ImportDeps): Promise<void> => {
  const where = `${file}:${request.line}`;
  if ("problem" in request) {
    so.badLines += 1;
    deps.onProblem(`${where}: ${request.problem}`);
    return;
  }
  const outcome = await deliver(deps.post, `/v1/${request.signal}`, request.body, where);
  if (outcome.problem !== undefined) deps.onProblem(outcome.problem);
  if (!outcome.taken) {
    so.badLines += 1;
    return;
  }
  so.requests += 1;
  so.bytes += request.body.length;
  so.rejected += outcome.rejected;
  deps.onProgress(so);
};
