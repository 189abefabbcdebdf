/**
 * Which traces had spans in a partition that is gone, for whoever sums traces up.
 *
 *   000041.traces   16 bytes each, in no order: written before the partition goes, deleted when they were told of
 *
 * Of a partition that went without such a file, on a full disk or by somebody's hand, nothing is known but that it is
 * gone: numbers only grow, so one below the newest was there. A mark says which are told of: "5 2" is all below 5, but for
 * 2, which was still there then. It goes later than those after it where it is damaged.
 *
 * Cost  for each file every block of spans is unpacked once; no span is decoded.
 */
import { readFileSync, rmSync } from "node:fs";
import type { TraceId } from "../../model/ids.ts";
import type { Removal } from "../store.ts";
import { ByteWriter } from "./byte-writer.ts";
import { storeErrorOf } from "./damage.ts";
import { listPartitions, listTraceFiles, tracesPath } from "./partitions.ts";
import { openSealedReader } from "./sealed-reader.ts";
import { createTraceIdRead } from "./trace-id-read.ts";
import { writeWhole } from "./write-whole.ts";

const ID_BYTES = 16;

/** From a sealed partition's file. */
export const writeTraces = (sealedPath: string, path: string): void => {
  const reader = openSealedReader(sealedPath);
  const traceIdOf = createTraceIdRead();
  const ids = new ByteWriter();
  let last: TraceId | undefined;
  try {
    for (const { id } of reader.blocks("spans")) {
      const block = reader.block(id);
      for (let row = 0; row < block.count; row += 1) {
        const traceId = traceIdOf(block.record(row));
        if (traceId === last) continue; // its spans lie together
        last = traceId;
        ids.bytes(Buffer.from(traceId, "hex"), 0, ID_BYTES);
      }
    }
  } finally {
    reader.close();
  }
  writeWhole(path, ids.written());
  ids.giveBack();
};

/** Errors: StoreError, the disk. */
export const removalAfter = (dataDir: string, mark: string | undefined): Removal | undefined =>
  orStoreError(dataDir, () => nextRemoval(dataDir, mark ?? "1"));

export const forgetRemoval = (dataDir: string, { part, traceIds }: Removal): void => {
  if (traceIds) orStoreError(dataDir, () => rmSync(tracesPath(dataDir, Number(part)), { force: true }));
};

const nextRemoval = (dataDir: string, mark: string): Removal | undefined => {
  const [from = 1, ...stayed] = mark.split(" ").map(Number);
  const present = new Set(listPartitions(dataDir).map(({ number }) => number));
  const told = new Set(listTraceFiles(dataDir).filter((number) => !present.has(number)));
  const toldTo = (part: number): Pick<Removal, "part" | "mark"> => {
    const below = Math.max(from, part + 1);
    return { part: String(part), mark: [below, ...[...present].filter((number) => number < below)].join(" ") };
  };
  const isUntold = (number: number): boolean => !present.has(number) && !told.has(number);
  for (let number = Math.max(0, ...present) - 1; number >= from; number -= 1)
    if (isUntold(number)) return toldTo(number);
  const left = stayed.find(isUntold);
  if (left !== undefined) return toldTo(left);
  const [next] = told;
  return next === undefined
    ? undefined
    : { ...toldTo(next), traceIds: tracesIn(readFileSync(tracesPath(dataDir, next))) };
};

const orStoreError = <T>(dataDir: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    throw storeErrorOf(`look for what was removed in ${dataDir}`, error);
  }
};

const tracesIn = (bytes: Buffer): readonly TraceId[] =>
  Array.from(
    { length: bytes.length / ID_BYTES },
    (_, n) => bytes.toString("hex", n * ID_BYTES, (n + 1) * ID_BYTES) as TraceId,
  );
