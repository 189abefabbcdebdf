/**
 * A request that is encoded once and sent many times, each time about other transactions: `fill` writes new ids, numbers
 * and times over the blanks, in place.
 *
 * Filling in costs the sender a microsecond or two per span, so that it leaves the processor to the collector.
 */
import { randomFillSync } from "node:crypto";
import type { Blank, BlankKind } from "./orders.ts";

export type Encoding = "protobuf" | "json";

interface Slot {
  readonly kind: BlankKind;
  readonly transaction: number;
  readonly afterNs: bigint;
  readonly places: readonly number[];
}

export interface Template {
  readonly body: Buffer;
  readonly spans: number;
  readonly slots: readonly Slot[];
}

/** What one filled-in transaction can be asked for. */
export interface Sample {
  traceId: string;
  requestId: string;
  order: string;
}

export const createTemplate = (
  body: Buffer,
  spans: number,
  transactions: readonly (readonly Blank[])[],
  encoding: Encoding,
): Template => ({
  body,
  spans,
  slots: transactions.flatMap((blanks, transaction) =>
    blanks
      .map(({ kind, text, afterNs }) => ({
        kind,
        transaction,
        afterNs: BigInt(afterNs),
        places: placesOf(body, needleOf(kind, text, encoding)),
      }))
      .filter(({ places }) => places.length > 0),
  ),
});

/** A blank as it looks on the wire. */
const needleOf = (kind: BlankKind, text: string, encoding: Encoding): Buffer => {
  if (encoding === "json" || kind === "uuid" || kind === "order") return Buffer.from(text);
  if (kind !== "time") return Buffer.from(text, "hex");
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(text));
  return bytes;
};

const placesOf = (body: Buffer, needle: Buffer): readonly number[] => {
  const places: number[] = [];
  for (let at = body.indexOf(needle); at !== -1; at = body.indexOf(needle, at + needle.length)) places.push(at);
  return places;
};

/** Random bytes in bulk: one call for each id would cost more than the id. */
const pool = Buffer.alloc(64 * 1024);
let used = pool.length;
const randomBytes = (length: number): number => {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += length;
  return used - length;
};

const HEX = Buffer.from("0123456789abcdef");

const writeHex = (body: Buffer, at: number, from: number, bytes: number): void => {
  for (let i = 0; i < bytes; i++) {
    const byte = pool[from + i] as number;
    body[at + 2 * i] = HEX[byte >> 4] as number;
    body[at + 2 * i + 1] = HEX[byte & 15] as number;
  }
};

const writeDigits = (body: Buffer, at: number, from: number, count: number): void => {
  for (let i = 0; i < count; i++) body[at + i] = 48 + ((pool[from + i] as number) % 10);
};

/** Writes new values over all blanks. `beginning`: where in time the transactions are, in Unix ns. */
export const fill = ({ body, slots }: Template, encoding: Encoding, beginning: bigint): void => {
  for (const { kind, places, afterNs } of slots) {
    switch (kind) {
      case "time": {
        const time = beginning + afterNs;
        if (encoding === "protobuf") for (const at of places) body.writeBigUInt64LE(time, at);
        else for (const at of places) body.write(String(time), at, "latin1");
        break;
      }
      case "order": {
        const from = randomBytes(10);
        for (const at of places) writeDigits(body, at + 2, from, 10);
        break;
      }
      case "uuid": {
        const from = randomBytes(4);
        for (const at of places) writeHex(body, at, from, 4);
        const tail = randomBytes(6);
        for (const at of places) writeHex(body, at + 24, tail, 6);
        break;
      }
      case "trace-id":
      case "span-id": {
        const bytes = kind === "trace-id" ? 16 : 8;
        const from = randomBytes(bytes);
        for (const at of places) {
          if (encoding === "json") writeHex(body, at, from, bytes);
          else pool.copy(body, at, from, from + bytes);
        }
      }
    }
  }
};

/** One transaction of a filled-in request, to ask for later. */
export const sampleOf = ({ body, slots }: Template, encoding: Encoding, transaction: number): Sample => {
  const text = (kind: BlankKind, length: number): string => {
    const slot = slots.find((one) => one.transaction === transaction && one.kind === kind);
    const at = slot?.places[0];
    if (at === undefined) return "";
    const isHex = encoding === "protobuf" && kind === "trace-id";
    return body.toString(isHex ? "hex" : "latin1", at, at + (isHex ? length / 2 : length));
  };
  return { traceId: text("trace-id", 32), requestId: text("uuid", 36), order: text("order", 12) };
};
