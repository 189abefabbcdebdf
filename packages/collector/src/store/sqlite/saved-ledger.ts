/**
 * What goes on from one partition to the next, in a file of its own while the next one is written to: should that be
 * damaged, the ledger goes on from here.
 *
 *   { "version": 1, "counts": [{ signal, fate, reason, amount } …], "sketches": { name: base64 } }
 */
import { readFileSync, rmSync } from "node:fs";
import { SIGNALS } from "../store.ts";
import type { Carried } from "./active-writer.ts";
import { type Count, FATES } from "./ledger.ts";
import { ledgerPath, listLedgerFiles } from "./partitions.ts";
import { writeWhole } from "./write-whole.ts";

const VERSION = 1;

export const saveLedger = (dataDir: string, partition: number, { counts, sketches }: Carried): void => {
  const encoded = Object.entries(sketches).map(([name, body]) => [name, body.toString("base64")]);
  const content = JSON.stringify({ version: VERSION, counts, sketches: Object.fromEntries(encoded) });
  writeWhole(ledgerPath(dataDir, partition), Buffer.from(content));
};

/** Of the newest partition before this one that has it. */
export const savedLedger = (dataDir: string, before: number): Carried | undefined => {
  const newest = listLedgerFiles(dataDir)
    .filter((number) => number < before)
    .at(-1);
  return newest === undefined ? undefined : carriedIn(ledgerPath(dataDir, newest));
};

/** Those before this partition's are needed no more. */
export const forgetLedgers = (dataDir: string, before: number): void => {
  for (const number of listLedgerFiles(dataDir))
    if (number < before) rmSync(ledgerPath(dataDir, number), { force: true });
};

const carriedIn = (path: string): Carried | undefined => {
  try {
    const { version, counts, sketches } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    if (version !== VERSION || !areCounts(counts) || typeof sketches !== "object") return undefined;
    const decoded = Object.entries(sketches ?? {}).map(([name, body]) => [name, Buffer.from(String(body), "base64")]);
    return { counts, sketches: Object.fromEntries(decoded) as Carried["sketches"] };
  } catch {
    return undefined;
  }
};

/** Whether this can be a ledger: what a damaged file says may be anything. */
export const areCounts = (counts: unknown): counts is readonly Count[] =>
  Array.isArray(counts) &&
  counts.every(({ signal, fate, reason, amount }: Partial<Record<keyof Count, unknown>>) => {
    const isNamed = SIGNALS.some((one) => one === signal) && FATES.some((one) => one === fate);
    return isNamed && typeof reason === "string" && Number.isSafeInteger(amount) && Number(amount) >= 0;
  });
