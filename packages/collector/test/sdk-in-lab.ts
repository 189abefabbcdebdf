/** Functions with Mayfly's SDK in the lab, a collector that they send to, and what its API answers. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Join, Span, TraceDetail } from "@mayfly/api";
import { type Lab, type LabDefinition, type LabOptions, startLab } from "@mayfly/lab";
import { expect, onTestFinished, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { startCollector } from "../src/index.ts";
import { mayfly } from "./program.ts";
import { CREDENTIALS } from "./signed.ts";

const PACKAGES = join(import.meta.dirname, "../..");

/** Without `file`; `code`: of the module, in which the SDK and AWS's clients can be imported. */
type Given = Omit<LabDefinition["functions"][string], "file"> & { readonly code: string };

export interface SdkLab {
  readonly lab: Lab;
  readonly collectorUrl: string;
  /** The story that has this id, once it holds so many invocations. */
  readonly storyOf: (id: string, invocations: number) => Promise<Story>;
  /** What AWS is asked from outside: `SQS`, `AmazonSQS.StartMessageMoveTask`. */
  readonly aws: (service: string, target: string, input: object) => Promise<void>;
  /** Brings an execution's states from the lab, as `mayfly import step-functions` does. */
  readonly importExecution: (executionArn: string) => Promise<void>;
}

export interface Story extends TraceDetail {
  /** `api → worker sqs-message`: functions, or the state of an execution, and how they were joined; in order, each once. */
  readonly hops: readonly string[];
  /** `reason function`, in order, each once. */
  readonly missing: readonly string[];
}

export const sdkLab = async (
  functions: Readonly<Record<string, Given>>,
  definition: Omit<LabDefinition, "functions"> = {},
  options: LabOptions = {},
): Promise<SdkLab> => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-sdk-lab-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  // A minute ahead, so that nothing is on its way any more.
  const clock = () => systemClock() + 60_000_000_000n;
  const collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir: join(folder, "data") }, { clock });
  onTestFinished(() => collector.close());
  const taskRoot = join(folder, "task");
  await mkdir(join(taskRoot, "node_modules/@mayfly"), { recursive: true });
  await symlink(join(PACKAGES, "lab/node_modules/@aws-sdk"), join(taskRoot, "node_modules/@aws-sdk"));
  await symlink(join(PACKAGES, "sdk"), join(taskRoot, "node_modules/@mayfly/sdk"));
  for (const [name, { code }] of Object.entries(functions)) await writeFile(join(taskRoot, `${name}.mjs`), code);
  const lab = await startLab(
    {
      ...definition,
      functions: Object.fromEntries(
        Object.entries(functions).map(([name, { code: _code, ...one }]) => [
          name,
          { timeoutMs: 30_000, memoryMb: 256, taskRoot, ...one, file: join(taskRoot, `${name}.mjs`) },
        ]),
      ),
    },
    {
      ...options,
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        MAYFLY_FLUSH_BUDGET_MS: "20000", // the machine may be busy: what is tested here is not how long it takes
        ...options.environment,
      },
    },
  );
  onTestFinished(() => lab.close());

  const storyOf = (id: string, invocations: number): Promise<Story> =>
    vi.waitFor(
      async () => {
        const answer = await fetch(`${collector.url}/api/traces/${encodeURIComponent(id)}`);
        expect(answer.status).toBe(200);
        const detail = (await answer.json()) as TraceDetail;
        expect(new Set(detail.spans.map(({ requestId }) => requestId)).size).toBeGreaterThanOrEqual(invocations);
        return told(detail);
      },
      { timeout: 20_000, interval: 100 },
    );
  return {
    lab,
    collectorUrl: collector.url,
    storyOf,
    async aws(service, target, input) {
      const answer = await fetch(lab.environment[`AWS_ENDPOINT_URL_${service}`] ?? "", {
        method: "POST",
        headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": target },
        body: JSON.stringify(input),
      });
      expect(answer.status).toBe(200);
    },
    async importExecution(executionArn) {
      const endpoint = lab.environment["AWS_ENDPOINT_URL_SFN"] ?? "";
      const checkpoint = join(folder, "checkpoint.json");
      const flags = {
        "--endpoint": endpoint,
        "--url": collector.url,
        "--execution-arn": executionArn,
        "--checkpoint": checkpoint,
      };
      const words = ["import", "step-functions", ...Object.entries(flags).flat()];
      expect(await mayfly(words, { env: { ...CREDENTIALS, AWS_REGION: lab.environment["AWS_REGION"] } })).toMatchObject(
        { code: 0 },
      );
    },
  };
};

const told = (detail: TraceDetail): Story => {
  const nameAt = (spanId: string): string => nameOf(detail.spans.find((span) => span.spanId === spanId));
  const hop = ({ from, to, kind }: Join): string =>
    `${"placeholder" in from ? "?" : nameAt(from.spanId)} → ${nameAt(to.spanId)} ${kind}`;
  return {
    ...detail,
    hops: [...new Set(detail.joins.map(hop))].toSorted(),
    missing: [...new Set(detail.gaps.map(({ reason, at }) => `${reason} ${nameAt(at.spanId)}`))].toSorted(),
  };
};

const nameOf = (span: Span | undefined): string => span?.functionName ?? span?.name ?? "nothing";

/** A client of AWS within a function. */
export const client = (service: string, ...commands: readonly string[]): string =>
  `import { ${[`${service}Client`, ...commands.map((one) => `${one}Command`)].join(", ")} } from "@aws-sdk/client-${service.toLowerCase()}";`;

/** A module whose handler runs `body` with `event` and `context`. */
export const observed = (body: string, ...imports: readonly string[]): string => `
  import { observe } from "@mayfly/sdk";
  ${imports.join("\n")}
  export const handler = observe(async (event, context) => { ${body} });`;
