/**
 * A file of OTLP/JSON, one request a line, as the OpenTelemetry Collector's file exporter and `mayfly export` write it;
 * `.gz` and `.zst` are unpacked, `.json` holds one request however it is broken into lines.
 *
 * Errors  InputError `malformed-body` for a file that cannot be read or unpacked.
 */
import { createReadStream } from "node:fs";
import { PassThrough, pipeline, type Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { InputError } from "../errors.ts";
import { type Line, linesOf } from "./lines.ts";

/** What a receiver takes at most; a longer line could never be sent. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

export type Signal = "traces" | "logs" | "metrics";

export type Request =
  | { readonly line: number; readonly signal: Signal; readonly body: Buffer }
  | { readonly line: number; readonly problem: string };

/** `-` is the standard input. */
export async function* requestsIn(file: string, stdin: Readable): AsyncGenerator<Request> {
  try {
    yield* requestsOf(file, stdin);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError("malformed-body", `cannot read ${file}: ${reason}`, { cause });
  }
}

async function* requestsOf(file: string, stdin: Readable): AsyncGenerator<Request> {
  const bytes = unpacked(file === "-" ? stdin : createReadStream(file), file);
  const lines = /\.json(\.gz|\.zst)?$/.test(file) ? oneLine(bytes) : linesOf(bytes, MAX_LINE_BYTES);
  for await (const { number: line, bytes: body } of lines) {
    if (body === undefined) yield { line, problem: `longer than ${MAX_LINE_BYTES} bytes` };
    else if (body.length > 0 && !/^\s*$/.test(body.toString("latin1", 0, 64))) yield { line, ...requestOf(body) };
  }
}

const unpacked = (packed: Readable, file: string): AsyncIterable<Buffer> => {
  const unpacker = file.endsWith(".gz")
    ? createGunzip()
    : file.endsWith(".zst")
      ? createZstdDecompress()
      : new PassThrough();
  return pipeline(packed, unpacker, () => {}); // its error comes to whoever reads on
};

async function* oneLine(bytes: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length <= MAX_LINE_BYTES) pieces.push(piece);
  }
  yield { number: 1, bytes: length > MAX_LINE_BYTES ? undefined : Buffer.concat(pieces, length) };
}

const SIGNALS: ReadonlyMap<string, Signal> = new Map([
  ["resourceSpans", "traces"],
  ["resourceLogs", "logs"],
  ["resourceMetrics", "metrics"],
]);

/** Whether the rest is right is the receiver's to judge: the line is sent as it is. */
const requestOf = (body: Buffer): { signal: Signal; body: Buffer } | { problem: string } => {
  const signal = SIGNALS.get(/^\s*\{\s*"(\w+)"/.exec(body.toString("latin1", 0, 256))?.[1] ?? "") ?? signalOf(body);
  return signal === undefined
    ? { problem: "is no OTLP request in JSON: it has none of resourceSpans, resourceLogs, resourceMetrics" }
    : { signal, body };
};

const signalOf = (body: Buffer): Signal | undefined => {
  try {
    const value = JSON.parse(body.toString()) as object;
    return [...SIGNALS].find(([name]) => Object.hasOwn(value, name))?.[1];
  } catch {
    return undefined;
  }
};
