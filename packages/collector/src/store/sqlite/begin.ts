/**
 * What the writer begins with: the partition that it goes on with, and what that says.
 *
 *   the highest is …      not there          → the first is made
 *                         unmade by a crash  → it is removed, and we look again
 *                         fine               → it is the one
 *                         damaged            → it is set aside; the next is made, the ledger goes on from what of it can
 *                                              be read, or else from the end of the one before
 *                         set aside, sealed  → the next is made, likewise
 *
 * Errors  StoreError: the disk, or a newer version's file, which is no damage.
 */
import { statSync } from "node:fs";
import { StoreError } from "../../errors.ts";
import { REQUEST, TRACE, kindOfPlace } from "../terms.ts";
import { type Durability, isUnmade, openActiveFileForReading } from "./active-file.ts";
import {
  type ActiveWriter,
  type Carried,
  createActive,
  openActive,
  readCarried,
  removeActive,
} from "./active-writer.ts";
import { isDamage } from "./damage.ts";
import { type Distinct, createDistinct } from "./distinct.ts";
import { Ledger } from "./ledger.ts";
import { listPartitions, type Partition } from "./partitions.ts";
import { areCounts, savedLedger, saveLedger } from "./saved-ledger.ts";
import { setAside } from "./set-aside.ts";

export interface Beginning {
  readonly active: ActiveWriter;
  readonly ledger: Ledger;
  readonly traces: Distinct;
  readonly invocations: Distinct;
  /** Of the requests in the partition. */
  readonly entries: Buffer;
}

export const beginWriting = (dataDir: string, durability: Durability): Beginning => {
  const last = listPartitions(dataDir).at(-1);
  if (last === undefined) return beginningOf(createActive(dataDir, 1, durability, NOTHING));
  if (last.isSealed || last.isSetAside) return nextAfter(last);
  try {
    refuseWithoutBeginning(last.path);
    if (!isUnmade(last.path)) return beginningOf(openActive(dataDir, last.number, durability));
  } catch (error) {
    if (!isDamage(error) && !(error instanceof RangeError)) throw error; // a number that leads out of what there is
    setAside(dataDir, last.number, error);
    return nextAfter(last);
  }
  removeActive(dataDir, last.number);
  return beginWriting(dataDir, durability);

  function nextAfter({ number, isSealed, path }: Partition): Beginning {
    const carried = (isSealed ? undefined : whatIsLeft(path)) ?? savedLedger(dataDir, number + 1) ?? NOTHING;
    saveLedger(dataDir, number, carried);
    return beginningOf(createActive(dataDir, number + 1, durability, carried));
  }
};

const NOTHING: Carried = { counts: [], sketches: {} };

const beginningOf = (active: ActiveWriter): Beginning => {
  try {
    const { counts, sketches } = active.carried();
    if (!areCounts(counts)) throw new StoreError("store-corrupt", `partition ${active.number} has no ledger`);
    const ledger = new Ledger();
    ledger.addAll(counts);
    const traces = createDistinct(sketches["traces"]);
    const invocations = createDistinct(sketches["invocations"]);
    for (const places of active.spanPlaces()) countDistinct(places, { traces, invocations });
    return { active, ledger, traces, invocations, entries: active.entries(0, active.requests) };
  } catch (error) {
    active.close();
    throw error;
  }
};

export const countDistinct = (
  places: Buffer,
  { traces, invocations }: Pick<Beginning, "traces" | "invocations">,
): void => {
  for (let at = 0; at < places.length; at += 8) {
    const term = places.readUInt32LE(at);
    const kind = kindOfPlace(term);
    if (kind === TRACE) traces.add(term >>> 2);
    else if (kind === REQUEST) invocations.add(term >>> 2);
  }
};

/** SQLite takes a file without a byte for a new one, and deletes the log beside it. */
const refuseWithoutBeginning = (path: string): void => {
  const bytes = (name: string): number => statSync(name, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes(path) === 0 && bytes(`${path}-wal`) > 0)
    throw new StoreError("store-corrupt", `${path} is empty, and its log is not`);
};

/** The counts of a damaged file may be well, and are exact then. */
const whatIsLeft = (path: string): Carried | undefined => {
  try {
    refuseWithoutBeginning(path);
    const db = openActiveFileForReading(path);
    try {
      const carried = readCarried(db);
      return areCounts(carried.counts) && carried.counts.length > 0 ? carried : undefined;
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
};
