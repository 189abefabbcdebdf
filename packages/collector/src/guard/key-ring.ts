/**
 * The keys that are good now. The file is looked at again when half a second has gone by, so that what `mayfly keys`
 * changes holds in a running collector, within a second and without a restart.
 *
 * A file that goes away takes its keys with it; one that cannot be read any more leaves the last good list in force,
 * and `onProblem` hears of it once. At the start it stops the collector.
 *
 * Cost    one stat per half second of traffic, one SHA-256 per key presented.
 * Errors  StoreError from `openKeyRing` alone.
 */
import { type BigIntStats, statSync } from "node:fs";
import { keyFileIn, readKeyFile } from "./key-file.ts";
import { idOf, isKept, type KeyRecord, stateOf } from "./keys.ts";

export interface KeyRing {
  /** Keys are, or were, made here: only who has one may ask. Never goes back while the process lives. */
  isInUse(): boolean;
  /** A key as it was presented, if it is good. */
  find(key: string): KeyRecord | undefined;
  /** For what was given to a key's holder earlier, a session: whether that key is still good. */
  byId(id: string): KeyRecord | undefined;
}

export interface KeyRingDeps {
  readonly dataDir: string;
  readonly nowMs: () => number;
  readonly onProblem: (error: unknown) => void;
  /** Keys of this process alone, beside those of the file; that keys are needed is not said by them. */
  readonly ownKeys?: readonly KeyRecord[];
}

const LOOK_EVERY_MS = 500;

interface Held {
  readonly record: KeyRecord;
  readonly digest: Buffer;
}

const heldOf = (record: KeyRecord): Held => ({ record, digest: Buffer.from(record.sha256, "hex") });

/** What an unknown id is compared with, so that it takes as long as a known one. */
const NO_DIGEST = Buffer.alloc(32);

export const openKeyRing = ({ dataDir, nowMs, onProblem, ownKeys = [] }: KeyRingDeps): KeyRing => {
  const file = keyFileIn(dataDir);
  let held = new Map<string, Held>();
  let isInUse = false;
  let seen: string | undefined;
  let lookedAtMs = nowMs();
  let hasProblem = false;

  const read = (): void => {
    const now = versionOf(file);
    if (now === seen) return;
    const records = readKeyFile(file) ?? [];
    held = new Map([...ownKeys, ...records].map((record) => [record.id, heldOf(record)]));
    isInUse ||= records.length > 0;
    seen = now;
    hasProblem = false;
  };

  const look = (): void => {
    const now = nowMs();
    if (Math.abs(now - lookedAtMs) < LOOK_EVERY_MS) return; // a clock set back must not stop it
    lookedAtMs = now;
    try {
      read();
    } catch (error) {
      if (!hasProblem) onProblem(error);
      hasProblem = true;
    }
  };

  const good = ({ record }: Held): KeyRecord | undefined =>
    stateOf(record, nowMs()) === "active" ? record : undefined;

  read();
  return {
    isInUse() {
      look();
      return isInUse;
    },
    find(key) {
      look();
      const id = idOf(key);
      if (id === undefined) return undefined;
      const one = held.get(id);
      const isRight = isKept(key, one?.digest ?? NO_DIGEST);
      return one !== undefined && isRight ? good(one) : undefined;
    },
    byId(id) {
      look();
      const one = held.get(id);
      return one && good(one);
    },
  };
};

/** Differs whenever the file was replaced. */
const versionOf = (file: string): string => {
  const stat: BigIntStats | undefined = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
};
