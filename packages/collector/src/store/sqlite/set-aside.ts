/**
 * An active partition that is damaged is set aside by a mark beside it, which says why: its file stays as it is, the next
 * one is begun, and the mark is seen by whoever writes, reads or comes after a restart.
 *
 * Whoever finds the damage writes the mark. Where sealing can still read every block, the sealed file takes the place of
 * both. To bring a partition back, put its file right (from a backup) and delete the mark.
 */
import { readFileSync } from "node:fs";
import { StoreError } from "../../errors.ts";
import { damagePath, listPartitions } from "./partitions.ts";
import { writeWhole } from "./write-whole.ts";

export const setAside = (dataDir: string, partition: number, why: unknown): void => {
  const reason = why instanceof Error ? why.message : String(why);
  writeWhole(damagePath(dataDir, partition), Buffer.from(`${reason}\n`));
};

export const listSetAside = (dataDir: string): readonly { readonly partition: number; readonly reason: string }[] =>
  listPartitions(dataDir)
    .filter(({ isSetAside }) => isSetAside)
    .map(({ number }) => ({ partition: number, reason: reasonIn(damagePath(dataDir, number)) }));

/** Why it is set aside. */
export const damageOf = (dataDir: string, partition: number): StoreError =>
  new StoreError("store-corrupt", reasonIn(damagePath(dataDir, partition)));

const reasonIn = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim() || `set aside by ${path}`;
  } catch {
    return `set aside by ${path}`;
  }
};
