/**
 * The bytes of a request as they came over the wire, never more than the limit, and taken from the budget piece by
 * piece.
 *
 * What is refused is still read to its end and thrown away: an answer that the sender would get only after a reset
 * connection is none.
 *
 * Errors  InputError: `body-too-large`, by its announced length already; `bad-request` when the sender went away.
 *         OverloadError.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { InputError } from "../errors.ts";
import type { HeldBytes } from "./admission.ts";

export const MIB = 1024 * 1024;

interface Bounds {
  readonly maxBytes: number;
  readonly held: HeldBytes;
}

export const requestBody = async (
  stream: Readable,
  headers: IncomingHttpHeaders,
  { maxBytes, held }: Bounds,
): Promise<Buffer> => {
  try {
    if (Number(headers["content-length"]) > maxBytes) throw tooLarge(maxBytes);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of pieces(stream)) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      held.take(chunk.length);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, length);
  } catch (error) {
    stream.resume();
    throw error;
  }
};

async function* pieces(stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new InputError("bad-request", "the sender went away before its request was whole", { cause });
  }
}

const tooLarge = (maxBytes: number): InputError =>
  new InputError("body-too-large", `the body is larger than ${maxBytes / MIB} MiB: send smaller batches`);
