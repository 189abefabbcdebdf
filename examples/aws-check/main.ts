/**
 * Deploys template.json into the account that the AWS CLI is logged in to, sends one message by every way, waits until it has arrived,
 * and says of each assumption whether it holds. Needs the AWS CLI and the SAM CLI; takes about ten minutes, most of it deploying.
 *
 *   node main.ts             prints the table and writes results.json, of which the docs take what was found
 *   node main.ts --keep      leaves the stack for another run
 *   node main.ts --delete    only deletes it
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { asTable, judgeAll } from "./checks.ts";
import { type Answer, type Observations, type Sent, readLines } from "./observations.ts";

const STACK = "mayfly-aws-check";
const here = import.meta.dirname;
/** The retry of an asynchronous invocation comes after one minute; event source mappings of streams take about as long to begin. */
const WAIT_MS = 180_000;
const FREEZE_MS = 5_000;

type Outputs = Readonly<Record<string, string>>;

const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { cwd: here, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1e9 });

const aws = (...args: readonly string[]): unknown => JSON.parse(run("aws", [...args, "--output", "json"]) || "null");

const step = (text: string): void => console.error(`aws-check: ${text}`);

const deploy = (): Outputs => {
  step("deploying");
  const where = ["--stack-name", STACK, "--resolve-s3", "--capabilities", "CAPABILITY_IAM"];
  run("sam", [
    "deploy",
    "--template-file",
    "template.json",
    ...where,
    "--no-confirm-changeset",
    "--no-fail-on-empty-changeset",
  ]);
  const { Stacks } = aws("cloudformation", "describe-stacks", "--stack-name", STACK) as {
    Stacks: { Outputs: { OutputKey: string; OutputValue: string }[] }[];
  };
  return Object.fromEntries((Stacks[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
};

const remove = (bucket?: string): void => {
  step("deleting");
  if (bucket) run("aws", ["s3", "rm", `s3://${bucket}`, "--recursive"]);
  run("sam", ["delete", "--stack-name", STACK, "--no-prompts"]);
};

const invoke = (functionName: string, payload: object, folder: string): Answer => {
  const file = join(folder, "answer.json");
  const how = [
    "--cli-binary-format",
    "raw-in-base64-out",
    "--cli-read-timeout",
    "180",
    "--payload",
    JSON.stringify(payload),
  ];
  const said = aws("lambda", "invoke", "--function-name", functionName, ...how, file) as { FunctionError?: string };
  return {
    status: 200,
    headers: {},
    body: readFileSync(file, "utf8"),
    ...(said.FunctionError !== undefined && { functionError: said.FunctionError }),
  };
};

const request = async (url: string, traceparent: string): Promise<Answer> => {
  const response = await fetch(url, { headers: { traceparent } });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
};

const logLines = (group: string, sinceMs: number): readonly string[] => {
  const { events } = aws("logs", "filter-log-events", "--log-group-name", group, "--start-time", String(sinceMs)) as {
    events: { message: string }[];
  };
  return events.map(({ message }) => message.trimEnd());
};

/** Of an execution that could not be started there is none. */
const historyOf = (executionArn: string | undefined): Observations["history"] => {
  if (executionArn === undefined) return [];
  const { events } = aws("stepfunctions", "get-execution-history", "--execution-arn", executionArn) as {
    events: Observations["history"];
  };
  return events;
};

interface Called {
  readonly traceHeader: string | null;
  readonly sent: readonly Sent[];
}

const observe = async (outputs: Outputs, folder: string): Promise<Observations> => {
  const sinceMs = Date.now();
  const name = (output: string): string => outputs[output] ?? "";
  step("calling");
  const traceparent = `00-${randomUUID().replaceAll("-", "")}-${randomUUID().replaceAll("-", "").slice(0, 16)}-01`;
  const answers: Record<string, readonly Answer[]> = {
    HttpUrl: [await request(name("HttpUrl"), traceparent)],
    FunctionUrl: [await request(name("FunctionUrl"), traceparent)],
    StreamingUrl: [await request(name("StreamingUrl"), traceparent)],
  };
  for (const one of [
    "Marks",
    "Callback",
    "Callback22",
    "RaceRequire",
    "RaceAwait",
    "RacePreload",
    "Wrapped",
    "Terminated",
  ])
    answers[one] = [invoke(name(one), {}, folder)];
  const first = invoke(name("Ticking"), {}, folder);
  await delay(FREEZE_MS);
  answers["Ticking"] = [first, invoke(name("Ticking"), {}, folder)];
  const called = JSON.parse(invoke(name("Caller"), { run: `run-${randomUUID()}` }, folder).body) as Called;
  // What runs by an old configuration is ended; when, is Lambda's business.
  aws("lambda", "update-function-configuration", "--function-name", name("Terminated"), "--description", "changed");
  step(`waiting ${WAIT_MS / 1_000} s for what comes late`);
  await delay(WAIT_MS);
  return {
    region: name("Region"),
    date: new Date().toISOString().slice(0, 10),
    sent: [...called.sent, { hop: "http-api", ids: [], traceparent }],
    ...readLines(logLines(name("Logs"), sinceMs)),
    answers,
    history: historyOf(called.sent.find(({ hop }) => hop === "step-functions")?.ids[0]),
    callerTraceHeader: called.traceHeader ?? undefined,
  };
};

const main = async (flags: readonly string[]): Promise<void> => {
  if (flags.includes("--delete")) return remove();
  const outputs = deploy();
  const folder = mkdtempSync(join(tmpdir(), "aws-check-"));
  try {
    const seen = await observe(outputs, folder);
    const results = judgeAll(seen);
    const { region, date } = seen;
    // What was seen stays here: it has account numbers in it.
    writeFileSync(join(here, "observations.json"), `${JSON.stringify(seen, null, 2)}\n`);
    const found = Object.fromEntries(results.map(({ check, verdict }) => [check, verdict]));
    writeFileSync(join(here, "results.json"), `${JSON.stringify({ region, date, found }, null, 2)}\n`);
    console.log(asTable(results));
    process.exitCode = results.some(({ verdict }) => verdict === "refuted") ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
    if (!flags.includes("--keep")) remove(outputs["Bucket"]);
  }
};

await main(process.argv.slice(2));
