/**
 * `process.getBuiltinModule` at first use, as in post.ts. The fastest level: the function's time costs more than the few bytes
 * that others save, and in a thread of its own, so that a handler beside it goes on.
 */
import type { Body } from "./format.ts";

export const gzip = (body: Body): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    process
      .getBuiltinModule("node:zlib")
      .gzip(body, { level: 1 }, (error, zipped) => (error ? reject(error) : resolve(zipped)));
  });
