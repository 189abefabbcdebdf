/**
 * One OTLP request → a collector: sent again where OTLP allows it, and what the collector says of it, read.
 *
 * Errors  InputError when the collector lets nobody in, OverloadError when it stays overloaded or fails; a request that it
 *         does not take is an outcome.
 */
import { setTimeout as delay } from "node:timers/promises";
import { InputError, OverloadError } from "../errors.ts";

const MAX_TRIES = 10;
const MAX_WAIT_SECONDS = 30;

/** Sends one request; throws when nothing answers. */
export type Post = (path: string, body: Buffer) => Promise<Response>;

export type Outcome =
  | { readonly taken: true; readonly rejected: number; readonly problem?: string }
  | { readonly taken: false; readonly problem: string };

/** `where`: what a message calls the request. */
export const deliver = async (post: Post, path: string, body: Buffer, where: string): Promise<Outcome> => {
  const answer = await answered(post, path, body, where);
  const text = await answer.text();
  const said = parsed(text);
  if (answer.ok) {
    const { partialSuccess } = said;
    if (partialSuccess === undefined) return { taken: true, rejected: 0 };
    const { rejectedSpans, rejectedLogRecords, rejectedDataPoints, errorMessage } = partialSuccess;
    const rejected = Number(rejectedSpans ?? rejectedLogRecords ?? rejectedDataPoints ?? 0);
    return { taken: true, rejected, problem: `${where}: ${errorMessage}` };
  }
  const reason = said.message ?? said.error?.message ?? text.slice(0, 200);
  if (answer.status === 401 || answer.status === 403)
    throw new InputError("bad-request", `the collector lets nobody in: ${answer.status} ${reason}`);
  if (answer.status >= 500)
    throw new OverloadError("overloaded", `stopped at ${where}: ${answer.status} ${reason}; run it again to go on`);
  return { taken: false, problem: `${where}: ${answer.status} ${reason}` };
};

const answered = async (post: Post, path: string, body: Buffer, where: string): Promise<Response> => {
  for (let tries = 1; ; tries += 1) {
    const answer = await post(path, body);
    if (![429, 502, 503, 504].includes(answer.status)) return answer;
    if (tries === MAX_TRIES)
      throw new OverloadError(
        "overloaded",
        `stopped at ${where}: the collector answers ${answer.status} again and again; run it again to go on`,
      );
    await answer.body?.cancel();
    await delay(Math.min(Number(answer.headers.get("retry-after") ?? 1) || 1, MAX_WAIT_SECONDS) * 1000);
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
