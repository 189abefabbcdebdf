/**
 * `mayfly export > x.jsonl`: what a running collector has, as OTLP/JSON, every field as it arrived: a line for each
 * trace's spans and one for its log records.
 *
 * Stitched traces are found, and the W3C traces they are made of are written, each once: a batch belongs to many
 * transactions. One trace is in memory at a time.
 */
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { TraceList, TraceSummary } from "@mayfly/api";
import { Command } from "commander";
import { type Environment } from "../config.ts";
import { InputError } from "../errors.ts";
import { addCollectorFlags, type CollectorApi, collectorApi, type CollectorFlags, refusalOf } from "./collector-api.ts";
import { createProgress, type Progress, type ProgressStream } from "./progress.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface ExportDeps {
  readonly env: Environment;
  readonly stdout: Writable;
  readonly stderr: ProgressStream;
  readonly fail: () => void;
}

interface ExportFlags extends CollectorFlags {
  readonly from?: string;
  readonly to?: string;
  readonly query?: string;
  readonly function?: string;
  readonly trace: readonly string[];
}

const PAGE = 200;
/** Ids that were written; beyond it the oldest are forgotten, and a trace may be written twice. */
const MAX_REMEMBERED = 1_000_000;

export const exportCommand = ({ env, stdout, stderr, fail }: ExportDeps): Command => {
  const command = new Command("export")
    .description("write traces and their logs as OTLP/JSON, one request a line")
    .option("--from <time>", "Traces that began at this time or later: RFC 3339 or Unix nanoseconds.")
    .option("--to <time>", "… and at this time or earlier.")
    .option("--query <query>", "Those that a search finds, as in the UI.")
    .option("--function <name>", "Those that this function took part in.")
    .option(
      "--trace <id>",
      "The trace of this id, of whatever kind; may be repeated.",
      (id, ids: string[]) => [...ids, id],
      [],
    );
  addSettings(addCollectorFlags(command), ["host", "port", "configFile"]);
  return command.action(async (flags: ReadFlags & ExportFlags) => {
    const api = collectorApi(flags, configOf(flags, env), env);
    const progress = createProgress(stderr);
    const exporter = createExporter(api, stdout, progress);
    try {
      const found = flags.trace.length > 0 ? named(api, flags.trace) : listed(api, flags);
      for await (const trace of found) await exporter.write(trace);
    } finally {
      progress.end();
    }
    const { traces, lines, truncated } = exporter.counts();
    progress.line(
      `exported ${traces} traces in ${lines} lines${truncated === 0 ? "" : `; ${truncated} are larger than one answer and not whole`}`,
    );
    if (truncated > 0) fail();
  });
};

type Ids = Pick<TraceSummary, "traceIds" | "requestIds">;

async function* listed(api: CollectorApi, { from, to, query, function: name }: ExportFlags): AsyncGenerator<Ids> {
  let cursor: string | undefined;
  do {
    const given = { from, to, q: query, function: name, limit: String(PAGE), cursor };
    const page = await api.get<TraceList>(`/api/traces?${search(Object.entries(given))}`);
    yield* page.traces;
    ({ cursor } = page);
  } while (cursor !== undefined);
}

const search = (parameters: Iterable<readonly [name: string, value: string | undefined]>): string => {
  const all = new URLSearchParams();
  for (const [name, value] of parameters) if (value !== undefined) all.append(name, value);
  return String(all);
};

async function* named(api: CollectorApi, ids: readonly string[]): AsyncGenerator<Ids> {
  for (const id of ids) yield await api.get<Ids>(`/api/traces/${encodeURIComponent(id)}`);
}

const createExporter = (api: CollectorApi, out: Writable, progress: Progress) => {
  const [isNewTrace, isNewRequest] = [firstTimes(), firstTimes()];
  let [count, lines, truncated] = [0, 0, 0];

  const writeAnswer = async (path: string): Promise<void> => {
    const answer = await api.ask(path);
    if (answer.status === 404) return; // retention took it meanwhile
    if (!answer.ok) throw new InputError("bad-request", `${api.url}${path} answered ${await refusalOf(answer)}`);
    if (answer.headers.has("x-mayfly-truncated")) truncated += 1;
    const text = await answer.text();
    if (text === EMPTY_LOGS || text === "{}") return;
    lines += 1;
    if (!out.write(`${text}\n`)) await once(out, "drain");
  };

  return {
    async write({ traceIds, requestIds }: Ids): Promise<void> {
      const newTraces = traceIds.filter(isNewTrace);
      for (const id of newTraces) {
        await writeAnswer(`/api/traces/${id}?stitch=false&format=otlp`);
        count += 1;
      }
      const ids = [
        ...newTraces.map((id) => ["traceId", id] as const),
        ...requestIds.filter(isNewRequest).map((id) => ["requestId", id] as const),
      ];
      if (ids.length > 0) await writeAnswer(`/api/logs?${search([...ids, ["limit", "10000"], ["format", "otlp"]])}`);
      progress.show(`${count} traces`);
    },
    counts: () => ({ traces: count, lines, truncated }),
  };
};

const EMPTY_LOGS = '{"resourceLogs":[]}';

const firstTimes = (): ((id: string) => boolean) => {
  const seen = new Set<string>();
  return (id) => {
    if (seen.has(id)) return false;
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > MAX_REMEMBERED && oldest !== undefined) seen.delete(oldest);
    return true;
  };
};
