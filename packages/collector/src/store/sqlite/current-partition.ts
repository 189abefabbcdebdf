/**
 * The partition that is written to, and the next when it is full, too old or damaged.
 *
 * What memory knows (recent requests, sums of the ledger, distinct traces) follows the commit and never runs ahead of it:
 * after a disk that was full, the next append finds everything as it was.
 *
 * Errors  SQLite's. A partition that is full and cannot be followed by another goes on growing.
 */
import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { StoreError } from "../../errors.ts";
import { giveBack } from "../../give-back.ts";
import type { UnixNano } from "../../model/time.ts";
import type { AppendResult, Batch } from "../store.ts";
import type { Durability } from "./active-file.ts";
import { createActive } from "./active-writer.ts";
import { beginWriting, countDistinct } from "./begin.ts";
import type { BlockMaker } from "./blocks-of.ts";
import { commitOf } from "./commits.ts";
import { isDamage } from "./damage.ts";
import type { Distinct } from "./distinct.ts";
import type { Ledger } from "./ledger.ts";
import { damagePath } from "./partitions.ts";
import { recallRequests } from "./recent-requests.ts";
import { forgetLedgers, saveLedger } from "./saved-ledger.ts";
import { setAside } from "./set-aside.ts";

export interface CurrentPartitionOptions {
  readonly dataDir: string;
  readonly durability: Durability;
  readonly partitionBytes: number;
  readonly partitionBlocks: number;
  readonly blocksOf: BlockMaker;
}

export interface CurrentPartition {
  readonly ledger: Ledger;
  readonly traces: Distinct;
  readonly invocations: Distinct;
  /** One commit. Where it fails because the partition is damaged, the next one is begun. */
  write(batches: readonly Batch[]): readonly AppendResult[];
  /** A reader may have found it damaged. */
  leaveIfSetAside(): void;
  /** The time of day has come to here: what is full or old is followed by the next. */
  turn(receivedAt: UnixNano): void;
  /** Really writes; also where it had to begin the next one first, or whoever waits for it to be ready would wait for ever. */
  readonly probe: () => void;
  close(): void;
}

const PARTITION_NS = 86_400_000_000_000n;

export const openCurrentPartition = (options: CurrentPartitionOptions): CurrentPartition => {
  const { dataDir, durability, partitionBytes, partitionBlocks, blocksOf } = options;
  const beginning = beginWriting(dataDir, durability);
  const { ledger, traces, invocations } = beginning;
  let { active } = beginning;
  const requests = recallRequests(dataDir, () => active, beginning.entries);
  let began: UnixNano | undefined;

  const commit = (batches: readonly Batch[]): readonly AppendResult[] => {
    const { commit: fresh, results } = commitOf(batches, blocksOf, requests);
    active.append(fresh);
    ledger.addAll(fresh.counts);
    requests.add(active.number, fresh.entries);
    for (const { signal, places, words, body } of fresh.blocks) {
      if (signal === "spans") countDistinct(places, { traces, invocations });
      for (const part of [places, words, body]) giveBack(part.buffer);
    }
    return results;
  };

  /** What a retry would be compared with is lost: it is stored again, which is right, for its first copy is not read. */
  const leave = (damage: unknown): void => moveOn(() => setAside(dataDir, active.number, damage));

  /** To the next partition, after `left`. Where the disk refuses, that is tried again with the next commit. */
  const moveOn = (left: () => void): void => {
    const before = active;
    const carried = {
      counts: ledger.counts(),
      sketches: { traces: traces.saved(), invocations: invocations.saved() },
    };
    try {
      try {
        left();
      } catch (error) {
        if (!isDamage(error)) throw error;
        setAside(dataDir, before.number, error);
      }
      saveLedger(dataDir, before.number, carried);
      forgetLedgers(dataDir, before.number);
      active = createActive(dataDir, before.number + 1, durability, carried);
    } catch (error) {
      if (error instanceof StoreError || isDiskError(error)) return;
      throw error;
    }
    began = undefined;
    before.close();
  };

  const orLeave = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (isDamage(error)) leave(error);
      throw error;
    }
  };

  return {
    ledger,
    traces,
    invocations,
    write: (batches) => orLeave(() => commit(batches)),
    leaveIfSetAside() {
      if (existsSync(damagePath(dataDir, active.number))) moveOn(() => {});
    },
    turn(receivedAt) {
      requests.expire(receivedAt);
      if (began === undefined || receivedAt < began) began = receivedAt; // a clock that goes back ends no day early, and makes none long
      const isFull = active.bytes >= partitionBytes || active.blocks >= partitionBlocks;
      const full = active;
      if (isFull || receivedAt - began >= PARTITION_NS) moveOn(() => requests.keep(full));
    },
    probe() {
      try {
        orLeave(() => active.probe());
      } catch (error) {
        if (!isDamage(error)) throw error;
        active.probe();
      }
    },
    close: () => active.close(),
  };
};

const isDiskError = (error: unknown): boolean =>
  error instanceof Database.SqliteError || (error instanceof Error && "code" in error);
