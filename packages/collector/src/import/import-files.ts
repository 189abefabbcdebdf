/**
 * Files of OTLP/JSON → a collector, over HTTP, so that what is imported goes the way of everything else: judged, counted,
 * durable when it is answered. A few requests are on their way at once, as many as fit a bound in bytes.
 *
 * The collector knows a request that it has stored, so that an import that broke off is simply run again.
 *
 * Errors  InputError when the collector lets nobody in, OverloadError when it stays overloaded; a line that it does not
 *         take is told and counted.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Readable } from "node:stream";
import { InputError, OverloadError } from "../errors.ts";
import { MAX_LINE_BYTES, type Request, requestsIn } from "./otlp-file.ts";

const MAX_REQUESTS = 8;
const MAX_TRIES = 10;

export interface ImportDeps {
  /** Sends one request; throws when nothing answers. */
  readonly post: (path: string, body: Buffer) => Promise<Response>;
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
  const answer = await sent(where, request, deps);
  const text = await answer.text();
  const said = parsed(text);
  if (answer.ok) {
    so.requests += 1;
    so.bytes += request.body.length;
    const { partialSuccess } = said;
    if (partialSuccess !== undefined) {
      so.rejected += Number(
        partialSuccess.rejectedSpans ?? partialSuccess.rejectedLogRecords ?? partialSuccess.rejectedDataPoints ?? 0,
      );
      deps.onProblem(`${where}: ${partialSuccess.errorMessage}`);
    }
    deps.onProgress(so);
    return;
  }
  const reason = said.message ?? said.error?.message ?? text.slice(0, 200);
  if (answer.status === 401 || answer.status === 403)
    throw new InputError("bad-request", `the collector lets nobody in: ${answer.status} ${reason}`);
  if (answer.status >= 500)
    throw new OverloadError("overloaded", `stopped at ${where}: ${answer.status} ${reason}; run it again to go on`);
  so.badLines += 1;
  deps.onProblem(`${where}: ${answer.status} ${reason}`);
};

/** Tried again where OTLP allows it. */
const sent = async (
  where: string,
  { signal, body }: Extract<Request, { body: Buffer }>,
  deps: ImportDeps,
): Promise<Response> => {
  for (let tries = 1; ; tries += 1) {
    const answer = await deps.post(`/v1/${signal}`, body);
    if (![429, 502, 503, 504].includes(answer.status)) return answer;
    if (tries === MAX_TRIES)
      throw new OverloadError(
        "overloaded",
        `stopped at ${where}: the collector answers ${answer.status} again and again; run it again to go on`,
      );
    await answer.body?.cancel();
    await delay(Math.min(Number(answer.headers.get("retry-after") ?? 1) || 1, 30) * 1000);
  }
};

interface Said {
  readonly partialSuccess?: {
    readonly rejectedSpans?: string;
    readonly rejectedLogRecords?: string;
    readonly rejectedDataPoints?: string;
    readonly errorMessage?: string;
  };
  readonly message?: string;
  readonly error?: { readonly message: string };
}

const parsed = (text: string): Said => {
  try {
    return JSON.parse(text) as Said;
  } catch {
    return {};
  }
};
