/** What CI holds of the cold start: never a time, only what is added in proportion to a peer's, in one run, with a wide margin. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runtimeProgram } from "../../packages/lab/src/runtime.ts";
import { type Measurement, measure } from "./environment.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { type Built, build, variants } from "./variants.ts";

const RUNS = 7;
const NAMES = ["bare", "@mayfly/sdk, direct", "@mayfly/sdk, after-response", "OpenTelemetry NodeSDK"];
const program = runtimeProgram("aws-lambda-ric");
const measured = new Map<string, Measurement[]>();
let receiver: Receiver | undefined;
let folder = "";

const run = async ({ file, variables }: Built): Promise<Measurement> =>
  measure({
    program: program ?? "",
    handlerFile: file,
    invocations: 20,
    variables: { ...receiver?.variables, ...variables },
    traceId: () => "Root=1-00000001-000000000000000000000001;Parent=0000000000000001;Sampled=1",
  });

beforeAll(async () => {
  if (program === undefined) return;
  folder = mkdtempSync(join(import.meta.dirname, "..", ".coldstart-"));
  receiver = await startReceiver();
  const built = variants(["none"])
    .filter(({ name, format }) => NAMES.includes(name) && format === "cjs")
    .map((one) => build(one, folder));
  for (let round = 0; round < RUNS; round += 1)
    for (const one of built) measured.set(one.name, [...(measured.get(one.name) ?? []), await run(one)]);
}, 120_000);

afterAll(() => {
  receiver?.close();
  if (folder) rmSync(folder, { recursive: true });
});

const median = (name: string, figure: "coldCpuMs" | "rssMb"): number =>
  (measured.get(name) ?? []).map((one) => one[figure]).toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;

/** Of what the NodeSDK adds to the bare function. */
const share = (name: string, figure: "coldCpuMs" | "rssMb"): number =>
  (median(name, figure) - median("bare", figure)) / (median("OpenTelemetry NodeSDK", figure) - median("bare", figure));

test.skipIf(program === undefined && process.env["CI"] !== "true").each(NAMES.slice(1, 3))(
  "%s adds well under what the NodeSDK adds, in processor time and in memory",
  (name) => {
    expect(share(name, "coldCpuMs")).toBeLessThan(0.75);
    expect(share(name, "rssMb")).toBeLessThan(0.75);
  },
);
