/**
 * A request body as its sender meant it, never larger than the limit however well it was packed.
 *
 * Errors  InputError: `body-too-large`, `malformed-body`, `unsupported-content-encoding` (also for more than one).
 * Source  RFC 9110 section 8.4; `deflate` is the zlib format there.
 */
import { promisify } from "node:util";
import { gunzip, inflate, type InputType, zstdDecompress } from "node:zlib";
import { InputError } from "../errors.ts";

type Unpack = (body: InputType, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const UNPACK: ReadonlyMap<string, Unpack> = new Map([
  ["gzip", promisify<InputType, { maxOutputLength: number }, Buffer>(gunzip)],
  ["deflate", promisify<InputType, { maxOutputLength: number }, Buffer>(inflate)],
  ["zstd", promisify<InputType, { maxOutputLength: number }, Buffer>(zstdDecompress)],
]);

export const unpacked = async (
  body: Buffer,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> => {
  const name = (contentEncoding ?? "identity").trim().toLowerCase();
  if (name === "identity" || name === "") return body;
  const unpack = UNPACK.get(name);
  if (unpack === undefined) {
    throw new InputError(
      "unsupported-content-encoding",
      `Content-Encoding "${name}" is none of identity, ${[...UNPACK.keys()].join(", ")}`,
    );
  }
  try {
    return await unpack(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw refusal(cause, `${body.length} bytes of ${name}`, maxBytes);
  }
};

const refusal = (cause: unknown, what: string, maxBytes: number): InputError => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE"
    ? new InputError("body-too-large", `${what} unpack to more than ${maxBytes} bytes`, { cause })
    : new InputError("malformed-body", `cannot unpack ${what}: ${reason}`, { cause });
};
