/**
 * Two copies of @opentelemetry/api in one process: ours, in the bundle, and the application's, of another minor version. Nothing
 * fails where they do not go together; spans just vanish.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCollector, startCollector } from "./collector.ts";

const PACKAGE = resolve(import.meta.dirname, "..");
const OURS = "1.10.0";
const OLDER = "1.9.0";
const NEWER = "1.11.0";

const VERSIONS = [OLDER, OURS, NEWER];

/** Folders with the built SDK and, but for its version as we have it, the API. */
const folders = new Map<string, string>();

beforeAll(async () => {
  for (const version of VERSIONS) folders.set(version, await installed(version));
});

afterAll(() => Promise.all([...folders.values()].map((folder) => rm(folder, { recursive: true }))));

const installed = async (version: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-api-"));
  for (const name of ["api", "context-async-hooks"]) {
    const from = await realpath(join(PACKAGE, "node_modules/@opentelemetry", name));
    const filter = (file: string): boolean => !extname(file) || /package\.json$|\.[cm]js$/.test(file);
    await cp(from, join(folder, "node_modules/@opentelemetry", name), { recursive: true, filter });
  }
  const api = join(folder, "node_modules/@opentelemetry/api");
  for (const file of ["package.json", "dist/version.mjs", "dist/internal/global-utils.mjs"]) {
    const text = await readFile(join(api, file), "utf8");
    if (!text.includes(OURS)) throw new Error(`${file} does not say version ${OURS}`);
    await writeFile(join(api, file), text.replaceAll(OURS, version));
  }
  await cp(join(PACKAGE, "dist/index.js"), join(folder, "sdk.mjs"));
  await cp(join(PACKAGE, "dist/index.cjs"), join(folder, "sdk.cjs"));
  return folder;
};

interface Run {
  readonly collector: TestCollector;
  readonly printed: string;
}

/** Runs `script` beside the API of that version. */
const run = async (version: string, script: string): Promise<Run> => {
  const collector = await startCollector();
  const file = join(folders.get(version) ?? "", `${randomUUID()}.mjs`);
  await writeFile(file, script);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
    env: {
      AWS_LAMBDA_FUNCTION_NAME: "checkout",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      MAYFLY_FLUSH_BUDGET_MS: "20000",
      MAYFLY_END_LINE: "off",
      MAYFLY_LOGS: "stdout",
    },
  });
  expect(stderr).toBe("");
  return { collector, printed: stdout.trim() };
};

/** `name < parent < … < root`, of each span. */
const chains = ({ spans }: TestCollector): string[] => {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const chain = (id: string | undefined): string[] => {
    const span = byId.get(id ?? "");
    return span ? [span.name, ...chain(span.parentSpanId)] : [];
  };
  return spans.map(({ spanId }) => chain(spanId).join(" < ")).toSorted();
};

const BEFORE: Readonly<Record<string, string>> = {
  nothing: "",
  "a context manager": `context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());`,
  "a meter provider": `metrics.setGlobalMeterProvider({ getMeter: () => ({}) });`,
  "a propagator": `propagation.setGlobalPropagator({ inject() {}, extract: (context) => context, fields: () => [] });`,
};

const withGlobals = (before: string): string => `
import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
${before}
const { observe, span } = await import("./sdk.mjs");
const tracer = trace.getTracer("application");
`;

test.each(VERSIONS.flatMap((version) => Object.keys(BEFORE).map((registered) => ({ version, registered }))))(
  "spans by API $version nest in the invocation and arrive, with $registered registered before",
  async (one) => {
    const { collector } = await run(
      one.version,
      `${withGlobals(BEFORE[one.registered] ?? "")}
    const handler = observe(async () =>
      span("ours", async () => {
        await null;
        await tracer.startActiveSpan("theirs", async (active) => {
          await span("ours in theirs", async () => tracer.startSpan("theirs within").end());
          active.end();
        });
      }),
    );
    await handler({}, { awsRequestId: "r-1" });`,
    );
    expect(chains(collector)).toEqual([
      "checkout",
      "ours < checkout",
      "ours in theirs < theirs < ours < checkout",
      "theirs < ours < checkout",
      "theirs within < ours in theirs < theirs < ours < checkout",
    ]);
  },
);

test.each(VERSIONS)(
  "a provider registered before by API %s gets its spans, and we ours, in one context",
  async (version) => {
    const { collector, printed } = await run(
      version,
      `${withGlobals(`
    const theirs = [];
    const startSpan = (name, _options, parent = context.active()) => {
      theirs.push([name, trace.getSpan(parent) === undefined]);
      return trace.wrapSpanContext({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 });
    };
    trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());`)}
    const handler = observe(async () =>
      span("ours", async () => {
        tracer.startSpan("theirs").end();
        await span("ours within", async () => {});
      }),
    );
    await handler({}, { awsRequestId: "r-1" });
    console.log(JSON.stringify(theirs));`,
    );
    expect(JSON.parse(printed)).toEqual([["theirs", false]]);
    expect(chains(collector)).toEqual(["checkout", "ours < checkout", "ours within < ours < checkout"]);
  },
);

test("a second copy of the SDK nests in the first one's spans, whatever the globals", async () => {
  const { collector } = await run(
    OLDER,
    `${withGlobals(BEFORE["a context manager"] ?? "")}
    import { createRequire } from "node:module";
    const second = createRequire(import.meta.url)("./sdk.cjs");
    const handler = observe(async () => span("first", async () => second.span("second", async () => {})));
    await handler({}, { awsRequestId: "r-1" });`,
  );
  expect(chains(collector)).toEqual(["checkout", "first < checkout", "second < first < checkout"]);
});

test("what the application registers after us with the same version is taken", async () => {
  const { printed } = await run(
    OURS,
    `import "./sdk.mjs";
    import { metrics, propagation, trace } from "@opentelemetry/api";
    const provider = { getMeter: () => ({}) };
    const taken = [
      metrics.setGlobalMeterProvider(provider),
      propagation.setGlobalPropagator({ inject() {}, extract: (context) => context, fields: () => [] }),
      trace.setGlobalTracerProvider({ getTracer() {} }),
    ];
    console.log(JSON.stringify([...taken, metrics.getMeterProvider() === provider]));`,
  );
  expect(JSON.parse(printed)).toEqual([true, true, true, true]);
});
