/** Which traces a command works on: those that a search lists, or those named by id. */
import type { TraceList, TraceSummary } from "@mayfly/api";
import type { Command } from "commander";
import { systemClock } from "../clock.ts";
import { ConfigError, QueryError } from "../errors.ts";
import type { CollectorApi } from "./collector-api.ts";
import { repeatable } from "./repeatable.ts";
import { timeOf } from "./time-flag.ts";

export interface ChoiceFlags {
  readonly from?: string;
  readonly to?: string;
  readonly query?: string;
  readonly function?: string;
  readonly trace: readonly string[];
}

export const addChoiceFlags = (command: Command): Command =>
  command
    .option(
      "--from <time>",
      "Traces that began at this time or later: RFC 3339, Unix nanoseconds, or how long ago, as 6h.",
    )
    .option("--to <time>", "… and at this time or earlier.")
    .option("--query <query>", "Those that a search finds, as in the UI.")
    .option("--function <name>", "Those that this function took part in.")
    .addOption(repeatable("--trace <id>", "The trace of this id, of whatever kind; may be repeated."));

export type ChosenTrace = Pick<TraceSummary, "traceIds" | "requestIds">;

const PAGE = 200;

export const chosenTraces = (api: CollectorApi, flags: ChoiceFlags): AsyncIterable<ChosenTrace> =>
  flags.trace.length > 0 ? named(api, flags.trace) : listed(api, flags);

async function* listed(
  api: CollectorApi,
  { from, to, query, function: name }: ChoiceFlags,
): AsyncGenerator<ChosenTrace> {
  const now = systemClock();
  const times = {
    from: from === undefined ? undefined : String(timeOf("--from", from, now)),
    to: to === undefined ? undefined : String(timeOf("--to", to, now)),
  };
  let cursor: string | undefined;
  do {
    const given = { ...times, q: query, function: name, limit: String(PAGE), cursor };
    const page = await api.get<TraceList>(`/api/traces?${search(Object.entries(given))}`).catch((error: unknown) => {
      if (!(error instanceof QueryError)) throw error;
      throw new ConfigError("config-invalid", `--query is "${query}": ${error.message}`, { cause: error });
    });
    yield* page.traces;
    ({ cursor } = page);
  } while (cursor !== undefined);
}

async function* named(api: CollectorApi, ids: readonly string[]): AsyncGenerator<ChosenTrace> {
  for (const id of ids) yield await api.get<ChosenTrace>(`/api/traces/${encodeURIComponent(id)}`);
}

export const search = (parameters: Iterable<readonly [name: string, value: string | undefined]>): string => {
  const all = new URLSearchParams();
  for (const [name, value] of parameters) if (value !== undefined) all.append(name, value);
  return String(all);
};

/** Ids that were met; beyond it the oldest are forgotten, and a trace may come twice. */
const MAX_REMEMBERED = 1_000_000;

/** A batch belongs to many transactions: whether this id comes for the first time. */
export const firstTimes = (): ((id: string) => boolean) => {
  const seen = new Set<string>();
  return (id) => {
    if (seen.has(id)) return false;
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > MAX_REMEMBERED && oldest !== undefined) seen.delete(oldest);
    return true;
  };
};
