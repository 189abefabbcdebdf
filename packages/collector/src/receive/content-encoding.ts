/**
 * A request body as its sender meant it, never larger than the limit however well it was packed, and taken from the
 * budget as it grows.
 *
 * Errors  InputError: `body-too-large`, `malformed-body`, `unsupported-content-encoding` (also for more than one).
 *         OverloadError.
 * Source  RFC 9110 section 8.4; `deflate` is the zlib format there.
 */
import { createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { InputError, MayflyError } from "../errors.ts";
import type { HeldBytes } from "./admission.ts";
import { MIB } from "./request-body.ts";

/** A larger step than zlib's own makes a large body cheaper, and one much larger a small body dearer. */
const STEP = { chunkSize: 64 * 1024 };

const UNPACKERS = {
  gzip: () => createGunzip(STEP),
  deflate: () => createInflate(STEP),
  zstd: () => createZstdDecompress(STEP),
};

interface Bounds {
  readonly maxBytes: number;
  readonly held: HeldBytes;
}

/** Gives back what the packed bytes took, so the caller should let go of them. */
export const unpacked = async (body: Buffer, contentEncoding: string | undefined, bounds: Bounds): Promise<Buffer> => {
  const name = (contentEncoding ?? "identity").trim().toLowerCase();
  if (name === "identity" || name === "") return body;
  if (!isKnown(name)) {
    throw new InputError(
      "unsupported-content-encoding",
      `Content-Encoding "${name}" is none of identity, ${Object.keys(UNPACKERS).join(", ")}`,
    );
  }
  try {
    const whole = await unpackedWith(UNPACKERS[name](), body, bounds);
    bounds.held.give(body.length);
    return whole;
  } catch (cause) {
    throw refusal(cause, `${body.length} bytes of ${name}`);
  }
};

const isKnown = (name: string): name is keyof typeof UNPACKERS => Object.hasOwn(UNPACKERS, name);

const unpackedWith = async (
  unpacker: ReturnType<(typeof UNPACKERS)[keyof typeof UNPACKERS]>,
  body: Buffer,
  { maxBytes, held }: Bounds,
): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  unpacker.end(body);
  for await (const chunk of unpacker as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new InputError(
        "body-too-large",
        `${body.length} bytes unpack to more than ${maxBytes / MIB} MiB: send smaller batches`,
      );
    }
    held.take(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
};

const refusal = (cause: unknown, what: string): Error => {
  if (cause instanceof MayflyError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InputError("malformed-body", `cannot unpack ${what}: ${reason}`, { cause });
};
