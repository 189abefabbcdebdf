/** A request's body: read, unpacked, and only when it is its turn to be decoded (request-body.ts, content-encoding.ts, turns.ts). */
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { HeldBytes } from "./admission.ts";
import { unpacked } from "./content-encoding.ts";
import { requestBody } from "./request-body.ts";
import type { Turn } from "./turns.ts";

interface Bounds {
  readonly maxBytes: number;
  readonly held: HeldBytes;
  readonly turn: Turn;
}

export const wholeBody = async (
  stream: Readable,
  headers: IncomingHttpHeaders,
  { turn, ...bounds }: Bounds,
): Promise<Buffer> => {
  const body = await unpacked(await requestBody(stream, headers, bounds), headers["content-encoding"], bounds);
  await turn(body.length);
  return body;
};
