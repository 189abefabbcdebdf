/**
 * What the writer remembers of requests (request-memory.ts), and where the entries of each partition are: in the active file,
 * and once that is full in a file of their own, which goes with the last that is remembered of it.
 *
 * Time is the receiver's clock, whose leaps are doubted: or requests would be forgotten whose senders try again.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import type { UnixNano } from "../../model/time.ts";
import { createSteadyTime, type Leaps } from "../../steady-time.ts";
import type { ActiveWriter } from "./active-writer.ts";
import { listRequestFiles, requestsPath } from "./partitions.ts";
import { ENTRY_BYTES, type RequestMemory, createRequestMemory } from "./request-memory.ts";
import { writeWhole } from "./write-whole.ts";

const EXPIRY_EVERY_NS = 60_000_000_000n;
const LEAPS: Leaps = { leapNs: 600_000_000_000n, doubtNs: 3_600_000_000_000n };

export interface RecentRequests extends Pick<RequestMemory, "has" | "add"> {
  /** By which a request that was received then is remembered. */
  timeOf(receivedAt: UnixNano): UnixNano;
  /** The active partition is full: its entries go into a file of their own. */
  keep(full: ActiveWriter): void;
  /** Every minute; removes the files of partitions of which nothing is remembered. */
  expire(receivedAt: UnixNano): void;
}

/** `entries`: of the active partition, which changes. */
export const recallRequests = (dataDir: string, active: () => ActiveWriter, entries: Uint8Array): RecentRequests => {
  const memory = createRequestMemory((partition, from, to) =>
    partition === active().number ? active().entries(from, to) : entriesOfFile(dataDir, partition, from, to),
  );
  const timeOf = createSteadyTime(LEAPS);
  let expiredAt: UnixNano | undefined;

  const { number } = active();
  for (const partition of listRequestFiles(dataDir)) {
    // A crash came between writing it and beginning the next partition: its entries are still in this one.
    if (partition >= number) rmSync(requestsPath(dataDir, partition), { force: true });
    else memory.add(partition, readFileSync(requestsPath(dataDir, partition)));
  }
  memory.add(number, entries);

  return {
    has: memory.has,
    add: memory.add,
    timeOf,
    keep: (full) => writeWhole(requestsPath(dataDir, full.number), full.entries(0, full.requests)),
    expire(receivedAt) {
      const now = timeOf(receivedAt);
      if (expiredAt !== undefined && now - expiredAt < EXPIRY_EVERY_NS && now >= expiredAt) return;
      expiredAt = now;
      for (const partition of memory.expire(now, active().number))
        rmSync(requestsPath(dataDir, partition), { force: true });
    },
  };
};

const entriesOfFile = (dataDir: string, partition: number, from: number, to: number): Uint8Array => {
  const path = requestsPath(dataDir, partition);
  return existsSync(path) ? readFileSync(path).subarray(from * ENTRY_BYTES, to * ENTRY_BYTES) : new Uint8Array();
};
