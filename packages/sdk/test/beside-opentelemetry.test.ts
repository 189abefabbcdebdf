/** An application with an OpenTelemetry SDK of its own, set up before ours is loaded or after, or before the handler is registered. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startCollector } from "./collector.ts";

const PACKAGE = resolve(import.meta.dirname, "..");

/** With a context manager and an exporter of its own. */
const THEIRS = `
const { NodeSDK } = await import("@opentelemetry/sdk-node");
const { InMemorySpanExporter, SimpleSpanProcessor } = await import("@opentelemetry/sdk-trace");
const { AsyncLocalStorageContextManager } = await import("@opentelemetry/context-async-hooks");
const exporter = new InMemorySpanExporter();
globalThis.theirs = new NodeSDK({
  contextManager: new AsyncLocalStorageContextManager().enable(),
  spanProcessors: [new SimpleSpanProcessor({ exporter })],
  logRecordProcessors: [],
  autoDetectResources: false,
});
globalThis.theirSpans = () =>
  exporter.getFinishedSpans().map((one) => [one.name, one.spanContext().spanId, one.parentSpanContext?.spanId]);
theirs.start();
`;

const OURS = `const { observe, span } = await import("./dist/index.js");`;

const HANDLER = `
const { trace } = await import("@opentelemetry/api");
const inner = async () =>
  trace.getTracer("theirs").startActiveSpan("theirs", async (active) => {
    await span("ours within", async () => trace.getTracer("theirs").startSpan("theirs within").end());
    active.end();
  });
await observe(inner)({}, { awsRequestId: "r-1" });
console.log(JSON.stringify(theirSpans()));
`;

interface Known {
  readonly name: string;
  readonly parent: string | undefined;
}

/** Of all spans, whoever exported them: who made it, and under which it hangs. */
const outcome = async (script: string, preload?: string) => {
  const collector = await startCollector();
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [...(preload ? ["--import", preload] : []), "--input-type=module", "-e", script],
    {
      cwd: PACKAGE,
      env: {
        AWS_LAMBDA_FUNCTION_NAME: "checkout",
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        MAYFLY_FLUSH_BUDGET_MS: "20000",
        MAYFLY_END_LINE: "off",
      },
    },
  );
  expect(stderr).toBe("");
  const theirs = (JSON.parse(stdout) as [string, string, string?][]).map(([name, id, parent]) => ({
    name,
    id,
    parent,
  }));
  const ours = collector.spans.map(({ name, spanId, parentSpanId }) => ({ name, id: spanId, parent: parentSpanId }));
  const names = new Map([...theirs, ...ours].map(({ id, name }) => [id, name]));
  const told = (spans: typeof theirs): Known[] =>
    spans.map(({ name, parent }) => ({ name, parent: parent && names.get(parent) }));
  return { theirs: told(theirs), ours: told(ours) };
};

test.each([
  ["before ours", THEIRS + OURS],
  ["after ours", OURS + THEIRS],
])("an SDK that is started %s exports its spans, we ours, and they nest", async (_when, setUp) => {
  const { theirs, ours } = await outcome(setUp + HANDLER);
  expect(theirs).toEqual([
    { name: "theirs within", parent: "ours within" },
    { name: "theirs", parent: "checkout" },
  ]);
  expect(ours).toEqual([
    { name: "ours within", parent: "theirs" },
    { name: "checkout", parent: "" },
  ]);
});

test("both sent to one collector are one trace", async () => {
  const script = `${THEIRS.replace(
    "new InMemorySpanExporter()",
    `new (await import("@opentelemetry/exporter-trace-otlp-http")).OTLPTraceExporter()`,
  )}${OURS}${HANDLER.replace("console.log", "await theirs.shutdown(); console.log('[]'); void")}`;
  const { ours } = await outcome(script.replace("theirSpans()", "[]"));
  expect(ours.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: "checkout", parent: "" },
    { name: "ours within", parent: "theirs" },
    { name: "theirs", parent: "checkout" },
    { name: "theirs within", parent: "ours within" },
  ]);
});

test("its provider is the global one to the end, and shut down as ever", async () => {
  const { theirs } = await outcome(`${OURS}${THEIRS}${HANDLER.replace("console.log", "await theirs.shutdown(); void")}
    trace.getTracer("theirs").startSpan("too late").end();
    console.log("[]");`);
  expect(theirs).toEqual([]);
});

test("beside an SDK that was started before, a handler is registered, and its spans are ours", async () => {
  const preload = `data:text/javascript,${encodeURIComponent(
    `process.env.LAMBDA_TASK_ROOT = ${JSON.stringify(import.meta.dirname)};
     process.env._HANDLER = "handlers/unchanged-esm.handler";
     const { createRequire } = await import("node:module");
     ${THEIRS.replaceAll(/await import\(("[^"]+")\)/g, `createRequire(${JSON.stringify(`${PACKAGE}/`)})($1)`)}
     await import(${JSON.stringify(pathToFileURL(resolve(PACKAGE, "dist/register.js")).href)});`,
  )}`;
  const script = `
    const { handler } = await import("./test/handlers/unchanged-esm.mjs");
    await handler({}, { awsRequestId: "r-1", functionName: "checkout", invokedFunctionArn: "a:b:c:d:e:f:g" });
    console.log(JSON.stringify(theirSpans()));`;
  const { theirs, ours } = await outcome(script, preload);
  expect(ours).toEqual([{ name: "checkout", parent: "" }]);
  expect(theirs).toEqual([{ name: "theirs", parent: "checkout" }]);
});
