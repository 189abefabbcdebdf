/** `mayfly doctor`: looks at a running collector and at what recent traces say, and tells what to mend and how. */
import type { Stats, TraceDetail, TraceList } from "@mayfly/api";
import { Command } from "commander";
import type { Config, Environment } from "../config.ts";
import { MayflyError } from "../errors.ts";
import { VERSION } from "../version.ts";
import {
  addCollectorFlags,
  type CollectorApi,
  collectorApi,
  type CollectorFlags,
  refusalOf,
  HOW_TO_REACH,
} from "./collector-api.ts";
import { type Finding, findingLine, note, ok, problem } from "./doctor/findings.ts";
import { behind, disk, losses, partitions, refusals } from "./doctor/ledger.ts";
import { recentFindings } from "./doctor/recent.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface DoctorDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly fail: () => void;
}

type DoctorFlags = ReadFlags & CollectorFlags & { readonly json?: boolean };

const RECENT_TRACES = 50;
const CLOCK_MS = 5_000;

export const doctorCommand = ({ env, print, fail }: DoctorDeps): Command => {
  const command = new Command("doctor").description("check a running collector and say what to mend");
  addSettings(addCollectorFlags(command), ["dataDir"], {
    dataDir: "Its data folder, where that is on this machine.",
  });
  return command.option("--json", "Print one JSON object.").action(async (flags: DoctorFlags) => {
    const config = configOf(flags, env);
    const api = collectorApi(flags, config, env);
    const findings = await examine(api, config);
    const isFine = findings.every(({ level }) => level !== "problem");
    if (flags.json) print(JSON.stringify({ url: api.url, isFine, findings }));
    else for (const finding of findings) print(findingLine(finding));
    if (!isFine) fail();
  });
};

/** Each step needs the one before. */
const examine = async (api: CollectorApi, { dataDir }: Config): Promise<readonly Finding[]> => {
  const health = await api.ask("/healthz").catch((error: unknown) => error);
  if (!(health instanceof Response)) return [unreachable(sentence(health))];
  const found: Finding[] = [
    health.ok ? ok("reachable", api.url) : notOurs(api, health),
    clock(health),
    await readiness(api),
  ];
  const answer = await api.ask("/api/stats");
  if (!answer.ok) return [...found, await noAccess(answer)];
  const stats = (await answer.json()) as Stats;
  found.push(version(stats), ...refusals(stats), ...losses(stats), ...partitions(stats), behind(stats));
  const room = disk(dataDir, stats.bytesOnDisk);
  if (room) found.push(room);
  const traces = await recentTraces(api).catch((error: unknown) => error);
  return [...found, ...(Array.isArray(traces) ? recentFindings(traces, Date.now()) : [noTraces(traces)])];
};

/** The advice stands under what was found. */
const unreachable = (message: string): Finding =>
  problem("reachable", message.replace(`; ${HOW_TO_REACH}`, ""), `${HOW_TO_REACH.replace(/^s/, "S")}.`);

const noTraces = (error: unknown): Finding =>
  problem("traces", sentence(error), "Look at its log, and at what is wrong above.");

const sentence = (error: unknown): string => (error instanceof MayflyError ? error.message : String(error));

const notOurs = ({ url }: CollectorApi, { status }: Response): Finding =>
  problem("reachable", `${url}/healthz answers ${status}`, "Something else listens there: check --url.");

/** To the second, as HTTP's Date is. */
const clock = ({ headers }: Response): Finding => {
  const ms = Date.parse(headers.get("date") ?? "") - Date.now();
  if (Number.isNaN(ms)) return note("clocks", "the collector does not tell its time");
  return Math.abs(ms) > CLOCK_MS
    ? problem("clocks", `the collector's clock differs from this machine's by ${Math.round(ms / 1000)} s`, "Set both.")
    : ok("clocks", "the collector's is this machine's");
};

const readiness = async (api: CollectorApi): Promise<Finding> => {
  const answer = await api.ask("/readyz");
  if (answer.ok) return ok("ready", "it can store");
  return problem(
    "ready",
    `it cannot store: ${await refusalOf(answer)}`,
    "Look at its log, at free space, and at the data folder's permissions.",
  );
};

const noAccess = async (answer: Response): Promise<Finding> =>
  problem(
    "key",
    `/api/stats answers ${await refusalOf(answer)}`,
    answer.status === 401 || answer.status === 403
      ? "Give a key that may read with --key or MAYFLY_KEY; `mayfly keys create --scope read` makes one."
      : "Look at its log.",
  );

const version = ({ version: theirs }: Stats): Finding =>
  theirs === VERSION ? ok("version", theirs) : note("version", `the collector is ${theirs}, this program ${VERSION}`);

const recentTraces = async (api: CollectorApi): Promise<readonly TraceDetail[]> => {
  const { traces } = await api.get<TraceList>(`/api/traces?limit=${RECENT_TRACES}`);
  const details: TraceDetail[] = [];
  for (const { id } of traces) {
    const answer = await api.ask(`/api/traces/${encodeURIComponent(id)}`);
    if (answer.ok) details.push((await answer.json()) as TraceDetail); // else retention took it, or its root has moved
  }
  return details;
};
