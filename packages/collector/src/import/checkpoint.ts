/**
 * What an import has brought already, so that a repeated run fetches only what is new: the revision of each trace or
 * execution, and until when AWS was asked.
 *
 * One JSON file, written whole and renamed, after the collector has answered. Sources (region, endpoint, filter) and
 * destinations stand in it side by side, because what one collector has another has not. Beyond its bound those that were
 * noted first are forgotten: they are fetched again, and the collector knows their spans.
 *
 * Errors  InputError for a file that is not ours; those of the file system as they are.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { InputError } from "../errors.ts";
import type { UnixNano } from "../model/time.ts";
import { fieldsOf } from "./json-fields.ts";

/** A stretch of time, its end not included. */
export interface Window {
  readonly from: UnixNano;
  readonly to: UnixNano;
}

export interface Checkpoint {
  /** Until when everything was fetched, without a hole. */
  readonly until: UnixNano | undefined;
  has(id: string, revision: number | undefined): boolean;
  /** Kept in memory until `save`. */
  add(id: string, revision: number | undefined): void;
  save(fetched?: Window): Promise<void>;
}

const MAX_NOTED = 200_000;
const VERSION = 1;

interface Stored {
  readonly until?: string;
  readonly traces: Readonly<Record<string, number>>;
}

export const openCheckpoint = async (
  file: string,
  route: string,
  maxNoted: number = MAX_NOTED,
): Promise<Checkpoint> => {
  const routes = new Map(Object.entries(await storedIn(file)));
  const mine = routes.get(route);
  const revisions = new Map(Object.entries(mine?.traces ?? {}));
  let until = mine?.until === undefined ? undefined : BigInt(mine.until);
  return {
    get until() {
      return until;
    },
    has: (id, revision) => revision !== undefined && revisions.get(id) === revision,
    add(id, revision) {
      if (revision === undefined) return; // nobody could tell whether it has changed
      revisions.delete(id); // so that it is the newest
      revisions.set(id, revision);
      const [oldest] = revisions.keys();
      if (revisions.size > maxNoted && oldest !== undefined) revisions.delete(oldest);
    },
    async save(fetched) {
      if (fetched !== undefined && (until === undefined || (fetched.from <= until && fetched.to > until)))
        until = fetched.to;
      routes.set(route, {
        ...(until !== undefined && { until: String(until) }),
        traces: Object.fromEntries(revisions),
      });
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, JSON.stringify({ version: VERSION, routes: Object.fromEntries(routes) }));
      await rename(`${file}.new`, file);
    },
  };
};

const storedIn = async (file: string): Promise<Readonly<Record<string, Stored>>> => {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return {};
  const stored = parsed(text);
  const routes = fieldsOf(stored?.["routes"]);
  if (stored?.["version"] !== VERSION || routes === undefined || !Object.values(routes).every(isStored))
    throw new InputError("bad-request", `${file} is no checkpoint of mayfly import; name another with --checkpoint`);
  return routes as Readonly<Record<string, Stored>>;
};

const isStored = (value: unknown): boolean => {
  const { until, traces } = fieldsOf(value) ?? {};
  return (until === undefined || (typeof until === "string" && /^\d+$/.test(until))) && fieldsOf(traces) !== undefined;
};

const parsed = (text: string) => {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
};
