/**
 * unindexed.json: attributes beside UNINDEXED_ATTRIBUTES whose values some block of this folder may hold without their
 * words, because the writer was once told not to index them. For those, whoever reads looks at the spans themselves.
 *
 *   ["order_id", "session.id"]
 *
 * A writer adds its own before its first block, and nobody takes any away: when the last block without them goes is not
 * known. So one that is indexed again is still scanned for.
 *
 * Errors  StoreError `store-unreadable`: without it, searches would silently miss spans.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../../errors.ts";
import { UNINDEXED_ATTRIBUTES } from "../terms.ts";
import { writeWhole } from "./write-whole.ts";

export const UNINDEXED_FILE = "unindexed.json";

/** What no reader of this folder may look up. */
export const unindexedEver = (dataDir: string): ReadonlySet<string> =>
  new Set([...UNINDEXED_ATTRIBUTES, ...remembered(dataDir)]);

/** What a writer that is told of these does not index. */
export const rememberUnindexed = (dataDir: string, told: readonly string[]): ReadonlySet<string> => {
  const known = remembered(dataDir);
  const all = [...new Set([...known, ...told])].toSorted();
  if (all.length > known.length) writeWhole(join(dataDir, UNINDEXED_FILE), Buffer.from(JSON.stringify(all)));
  return new Set([...UNINDEXED_ATTRIBUTES, ...told]);
};

const remembered = (dataDir: string): readonly string[] => {
  const path = join(dataDir, UNINDEXED_FILE);
  if (!existsSync(path)) return [];
  try {
    const names: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
    throw new Error("it is no list of names");
  } catch (cause) {
    throw new StoreError("store-unreadable", `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
};
