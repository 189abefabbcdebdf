/**
 * `mayfly export > x.jsonl`: what a running collector has, as OTLP/JSON, every field as it arrived: a line for each
 * trace's spans and one for its log records.
 *
 * Stitched traces are found, and the W3C traces they are made of are written, each once: a batch belongs to many
 * transactions. One trace is in memory at a time.
 */
import { once } from "node:events";
import type { Writable } from "node:stream";
import { Command } from "commander";
import { type Environment } from "../config.ts";
import { InputError } from "../errors.ts";
import {
  addChoiceFlags,
  type ChoiceFlags,
  chosenTraces,
  type ChosenTrace,
  firstTimes,
  search,
} from "./chosen-traces.ts";
import { addCollectorFlags, type CollectorApi, collectorApi, type CollectorFlags, refusalOf } from "./collector-api.ts";
import { exportXRayCommand } from "./export-xray.ts";
import { createProgress, type Progress, type ProgressStream } from "./progress.ts";
import { configOf, type ReadFlags } from "./settings.ts";

export interface ExportDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly stdout: Writable;
  readonly stderr: ProgressStream;
  readonly fail: () => void;
}

export const exportCommand = (deps: ExportDeps): Command => {
  const { env, stdout, stderr, fail } = deps;
  const command = new Command("export").description("write traces and their logs as OTLP/JSON, one request a line");
  addCollectorFlags(addChoiceFlags(command));
  command.addCommand(exportXRayCommand(deps));
  return command.action(async (flags: ReadFlags & CollectorFlags & ChoiceFlags) => {
    const api = collectorApi(flags, configOf(flags, env), env);
    const progress = createProgress(stderr);
    const exporter = createExporter(api, stdout, progress);
    try {
      for await (const trace of chosenTraces(api, flags)) await exporter.write(trace);
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
    async write({ traceIds, requestIds }: ChosenTrace): Promise<void> {
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
