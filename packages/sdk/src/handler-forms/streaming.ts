/**
 * A handler made by `awslambda.streamifyResponse`: (event, responseStream, context) → a promise, whose value is ignored. The
 * stream stays the very object, and what is written to it goes through as it is; only `write` and `end` are told from outside
 * what passes. The invocation lasts until both the handler and its stream have ended, because a handler may leave a pipe behind.
 *
 *   write ─▶ first byte ─▶ … ─▶ end ─▶ 'finish' ─▶ span ends ─▶ flush: the caller has its answer by then
 *   handler rejects, before or after the first byte ─▶ span ends with the error ─▶ flush ─▶ Lambda's error (trailers)
 *
 * Source  aws-lambda-ric 4.0.2: response-stream.js, http-response-stream.js, streaming-invoke-processor.js.
 */
import { harmless } from "../diag.ts";
import { ATTR } from "../semconv.ts";
import { isThenable } from "../trace/thenable.ts";
import { type JsonObject, isObject } from "../trigger/trigger.ts";
import type { Running } from "./running.ts";

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");

/** Of the function that Lambda calls: `streamifyResponse` may have been put around `observe`, or the other way round. */
export const isStreaming = (handler: object): boolean => Object.hasOwn(handler, STREAMING);

export const runStreaming = (running: Running, stream: unknown, handler: () => unknown): unknown => {
  const watched = harmless("observing the response stream", () => watch(running, stream));
  const settled = async (result: unknown): Promise<unknown> => {
    try {
      const value = await result;
      if ((await watched?.closed) === "cut off") running.failed(new Error("the response stream closed before its end"));
      else running.succeeded(watched?.prelude());
      return value;
    } catch (error) {
      running.failed(error);
      throw error;
    } finally {
      await running.sent();
    }
  };
  try {
    const result = running.inside(handler);
    if (isThenable(result)) return settled(result);
    // Lambda refuses it, and says so best.
    running.failed(new TypeError("a streaming handler returns a promise"));
    return result;
  } catch (error) {
    return settled(Promise.reject(error));
  }
};

interface Watched {
  readonly closed: Promise<"finished" | "cut off">;
  /** What `HttpResponseStream.from` was given: status and headers. */
  prelude(): unknown;
}

type Method = (...args: unknown[]) => unknown;

const watch = ({ scope }: Running, stream: unknown): Watched | undefined => {
  if (!isObject(stream)) return undefined;
  const { once } = stream;
  let bytes = 0;
  let prelude: unknown;
  const told = (length: number): void => {
    const span = scope.invocationSpan;
    if (bytes === 0) span.setAttribute(ATTR.responseFirstByteMs, msSince(scope.invocation.startedMs));
    bytes += length;
    span.setAttribute(ATTR.responseBytes, bytes);
  };
  const observeMethod = (name: "write" | "end"): void => {
    const original = stream[name];
    if (typeof original !== "function") return;
    const observed: Method = (...args) => {
      if (bytes === 0) harmless("reading the prelude", () => seePrelude(stream, (seen) => (prelude = seen)));
      const result: unknown = Reflect.apply(original, stream, args);
      const length = lengthOf(args[0], args[1]);
      if (length > 0) harmless("counting bytes", () => told(length));
      return result;
    };
    Object.assign(stream, { [name]: observed });
  };
  observeMethod("write");
  observeMethod("end");
  const closed = new Promise<"finished" | "cut off">((resolve) => {
    if (typeof once !== "function") return resolve("finished");
    // Never 'error': a listener would change what an error does.
    Reflect.apply(once, stream, ["finish", () => resolve("finished")]);
    Reflect.apply(once, stream, ["close", () => resolve("cut off")]);
  });
  return { closed, prelude: () => prelude };
};

/** Lambda keeps the prelude in a function on the stream, which it calls before the first byte. */
const seePrelude = (stream: JsonObject, see: (prelude: unknown) => void): void => {
  const { _onBeforeFirstWrite: before } = stream;
  if (typeof before !== "function") return;
  const observed = (write: Method): unknown =>
    Reflect.apply(before, stream, [
      (chunk: unknown) => {
        if (typeof chunk === "string") harmless("reading the prelude", () => see(JSON.parse(chunk)));
        return write(chunk);
      },
    ]);
  Object.assign(stream, { _onBeforeFirstWrite: observed });
};

/** Lambda writes anything else as JSON; making that here too would run the handler's `toJSON` twice. */
const lengthOf = (chunk: unknown, encoding: unknown): number => {
  if (ArrayBuffer.isView(chunk)) return chunk.byteLength;
  if (typeof chunk !== "string") return 0;
  return Buffer.byteLength(chunk, Buffer.isEncoding(String(encoding)) ? (encoding as BufferEncoding) : "utf8");
};

const msSince = (startedMs: number): number => Math.round((performance.now() - startedMs) * 1e3) / 1e3;
