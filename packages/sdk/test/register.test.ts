/** `@mayfly/sdk/register`, as it is built: in the lab, for functions whose code knows nothing of it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type LogLine, type Runtime, startLab } from "@mayfly/lab";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Answer, type PlainSpan, startCollector } from "./collector.ts";

const REGISTER = join(import.meta.dirname, "../dist/register.js");
const AMPLE_MS = 20_000;

interface Options {
  readonly runtime?: Runtime;
  readonly file: string;
  readonly handler?: string;
  readonly register?: string;
  readonly answer?: Answer;
  readonly environment?: Readonly<Record<string, string>>;
}

/** `one` sends to a queue that `two`, the same code, is invoked by. */
const start = async ({ file, runtime = "built-in", handler = "handler", answer, ...options }: Options) => {
  const collector = await startCollector(answer);
  const logs: LogLine[] = [];
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    MAYFLY_FLUSH_BUDGET_MS: String(AMPLE_MS),
    MAYFLY_END_LINE: "off",
    NODE_OPTIONS: `--import=${pathToFileURL(options.register ?? REGISTER).href}`,
    ...options.environment,
  };
  const fn = {
    file: resolve(import.meta.dirname, "handlers", file),
    handler,
    timeoutMs: AMPLE_MS,
    reservedConcurrency: 1,
    environment,
  };
  const lab = await startLab(
    {
      functions: { one: { ...fn, environment: { ...environment, NEXT_QUEUE: { queueUrl: "next" } } }, two: fn },
      queues: { next: {} },
      eventSourceMappings: [{ queue: "next", function: "two" }],
    },
    { runtimeClient: runtime, onLog: (line) => logs.push(line) },
  );
  onTestFinished(() => lab.close());
  const invoke = async (event: object = {}, functionName = "one"): Promise<unknown> => {
    const base = lab.environment["AWS_ENDPOINT_URL_LAMBDA"];
    const url = `${base}/2015-03-31/functions/${functionName}/invocations`;
    return (await fetch(url, { method: "POST", body: JSON.stringify(event) })).json();
  };
  const of = (functionName: string): PlainSpan | undefined =>
    collector.spans.find(({ attributes }) => attributes["faas.name"] === functionName);
  return { collector, lab, invoke, of, lines: (): string[] => logs.map(({ text }) => text) };
};

const namesOf = (spans: readonly PlainSpan[]): string[] => spans.map(({ name }) => name).toSorted();
const keysOf = (span: PlainSpan | undefined, side: "produced" | "consumed"): string[] =>
  (span?.attributes[`mayfly.keys.${side}`] ?? []) as string[];
const idOf = (key: string | undefined): string | undefined => key?.split("|").at(-1);

const RUNTIMES: readonly Runtime[] = ["built-in", "aws-lambda-ric"];
const isThere = (runtime: Runtime): boolean =>
  runtime === "built-in" ||
  process.env["CI"] === "true" ||
  existsSync(
    join(import.meta.dirname, "../../../runtimes/aws-lambda-ric/node_modules/aws-lambda-ric/rapid-client.node"),
  );

const FILES = ["unchanged-esm.mjs", "unchanged-cjs.cjs"];

describe.each(RUNTIMES.filter(isThere).flatMap((runtime) => FILES.map((file) => ({ runtime, file }))))(
  "$file under $runtime",
  (options) => {
    test("has one span per invocation, and the message it sends leads to the next", async () => {
      const { collector, lab, invoke, of, lines } = await start(options);
      expect(await invoke({ how: "well" })).toEqual({ how: "well" });
      const sender = of("one");
      expect(sender, lines().join("\n")).toMatchObject({
        kind: 2,
        attributes: { "faas.coldstart": true, "mayfly.trigger": "unknown" },
      });
      expect(keysOf(sender, "consumed")).toEqual([`lambda-request||${lab.truth.deliveries[0]?.requestId}`]);

      await lab.idle();
      const [call] = collector.spans.filter((span) => keysOf(span, "produced").length > 0);
      const receiver = of("two");
      expect(call).toMatchObject({ parentSpanId: sender?.spanId, traceId: sender?.traceId });
      expect(receiver).toMatchObject({
        name: "process next",
        kind: 5,
        parentSpanId: call?.spanId,
        traceId: sender?.traceId,
        attributes: { "mayfly.trigger": "sqs" },
      });
      expect(idOf(keysOf(receiver, "consumed")[0])).toBe(idOf(keysOf(call, "produced")[0]));
      expect(namesOf(collector.spans).filter((name) => name.startsWith("process"))).toEqual(["process next"]);
    });

    test("has its error once, and its caller gets it untouched", async () => {
      const { invoke, of } = await start(options);
      expect(await invoke({ how: "throw" })).toMatchObject({ errorType: "RangeError", errorMessage: "too far" });
      const span = of("one");
      expect(span?.status).toMatchObject({ code: 2, message: "too far" });
      expect(span?.attributes["error.type"]).toBe("RangeError");
      expect(span?.events.map(({ name }) => name)).toEqual(["exception"]);
    });
  },
);

test("a handler within an exported object is found", async () => {
  const { invoke, of } = await start({ file: "unchanged-esm.mjs", handler: "api.create" });
  expect(await invoke({ how: "nested" })).toEqual({ how: "nested" });
  expect(of("one")).toBeDefined();
});

test("a handler with a callback is refused by Node.js 24 as it is without us", async () => {
  const { invoke } = await start({ file: "unchanged-esm.mjs", handler: "withCallback" });
  expect(await invoke()).toMatchObject({ errorType: "Runtime.CallbackHandlerDeprecated" });
});

test("a handler that is not there is the runtime's to tell", async () => {
  const { invoke } = await start({ file: "unchanged-esm.mjs", handler: "nobody" });
  expect(await invoke()).toMatchObject({ errorType: "Runtime.HandlerNotFound" });
});

/** What `two` leaves that calls by HTTP and fetch, and the same contexts as the called saw them. */
const calling = async (options: Options) => {
  const seen: string[] = [];
  const server = createServer(({ headers }, response) => {
    seen.push(String(headers["traceparent"]));
    response.end();
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { collector, invoke, of } = await start(options);
  await invoke({ url }, "two");
  await invoke({}, "two");
  const invocation = of("two");
  const children = collector.spans.filter(({ parentSpanId }) => parentSpanId === invocation?.spanId);
  const calls = children.filter(({ name }) => name === "GET");
  expect(seen.map((text) => text.slice(0, 52)).toSorted()).toEqual(
    calls.map(({ traceId, spanId }) => `00-${traceId}-${spanId}`).toSorted(),
  );
  return { collector, children: namesOf(children) };
};

test("calls by HTTP and fetch, and spans by OpenTelemetry's API, are the invocation's; telemetry is not traced", async () => {
  const { collector, children } = await calling({ file: "unchanged-esm.mjs" });
  expect(children).toEqual(["GET", "GET", "GET", "theirs"]);
  expect(collector.spans).toHaveLength(7);
});

test("with none of OpenTelemetry's instrumentations but that of Lambda, calls are told all the same", async () => {
  const names = ["@opentelemetry/instrumentation-aws-lambda", "@opentelemetry/api", "@aws-sdk/client-sqs"];
  const folder = await alone(...names);
  await cp(join(import.meta.dirname, "handlers/unchanged-esm.mjs"), join(folder, "handler.mjs"));
  const options = { file: join(folder, "handler.mjs"), register: join(folder, "register.mjs") };
  const { children } = await calling(options);
  expect(children).toEqual(["GET", "GET", "GET", "theirs"]);
  const { collector, lab, invoke, of } = await start(options);
  await invoke();
  await lab.idle();
  expect(namesOf(collector.spans)).toContain("send next");
  expect(idOf(keysOf(of("two"), "consumed")[0])).toBe(
    idOf(collector.spans.flatMap((span) => keysOf(span, "produced"))[0]),
  );
});

test.each(["handler", "logging"])("annotations and log lines have the invocation's ids: %s", async (handler) => {
  const { collector, invoke, of, lines } = await start({ file: "observed.mjs", handler });
  expect(await invoke({}, "two")).toBe("done");
  const invocation = of("two");
  expect(namesOf(collector.spans)).toEqual(["two", "work"]);
  expect(invocation?.attributes["orderId"]).toBe("o-1");
  const line = JSON.parse(lines().find((text) => text.includes("at work")) ?? "{}") as object;
  expect(line).toMatchObject({
    requestId: invocation?.attributes["faas.invocation_id"],
    traceId: invocation?.traceId,
    spanId: collector.spans.find(({ name }) => name === "work")?.spanId,
    orderId: "o-1",
    coldStart: true,
  });
});

test("what is not sampled is left out, and the next function hangs under the invocation", async () => {
  const environment = { OTEL_TRACES_SAMPLER: "always_off", MAYFLY_KEEP: "none" };
  const { collector, lab, invoke, of } = await start({ file: "unchanged-esm.mjs", environment });
  await invoke();
  await lab.idle();
  expect(collector.spans).toHaveLength(2);
  expect(of("one")?.attributes["mayfly.sdk.sampled_out_spans"]).toBe(3);
  expect(of("two")?.parentSpanId).toBe(of("one")?.spanId);
  expect(idOf(keysOf(of("two"), "consumed")[0])).toBe(idOf(keysOf(of("one"), "produced")[0]));
});

test("a collector that never answers costs the flush budget, once", async () => {
  const environment = { MAYFLY_FLUSH_BUDGET_MS: "1000" };
  const { collector, invoke } = await start({ file: "unchanged-cjs.cjs", answer: "never", environment });
  expect(await invoke({ how: "first" }, "two")).toEqual({ how: "first" });
  expect(await invoke({ how: "second" }, "two")).toEqual({ how: "second" });
  expect(collector.paths).toEqual(["/v1/traces"]);
});

test("metrics go where OpenTelemetry's variables say, by its NodeSDK", async () => {
  const environment = { OTEL_METRICS_EXPORTER: "console" };
  const { invoke, lines } = await start({ file: "unchanged-cjs.cjs", environment });
  expect(await invoke({ how: "well" }, "two")).toEqual({ how: "well" });
  expect(lines().filter((line) => line.includes("mayfly:"))).toEqual([]);
});

/** dist/register.js in a folder of its own, with only these packages beside it. */
const alone = async (...packages: readonly string[]): Promise<string> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "mayfly-register-")));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(REGISTER, join(folder, "register.mjs"));
  await writeFile(join(folder, "handler.mjs"), "export const handler = async () => 'done';\n");
  await writeFile(join(folder, "handler.cjs"), "exports.handler = async () => 'done';\n");
  for (const name of packages) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(await realpath(join(import.meta.dirname, "../node_modules", name)), link);
  }
  return folder;
};

test("packages that are missing are named, and the function works", async () => {
  const folder = await alone();
  const { collector, invoke, lines } = await start({
    file: join(folder, "handler.mjs"),
    register: join(folder, "register.mjs"),
  });
  expect(await invoke({}, "two")).toBe("done");
  expect(collector.spans).toEqual([]);
  expect(lines().filter((line) => line.includes("mayfly: register:"))).toEqual([
    "mayfly: register: @opentelemetry/instrumentation-aws-lambda not found, so the function is not traced; npm install @opentelemetry/instrumentation-aws-lambda",
  ]);
});

/** What the script prints, run beside the registered handler, outside of any runtime. */
const run = async (folder: string, script: string, env: Readonly<Record<string, string>> = {}) => {
  await writeFile(join(folder, "main.mjs"), script);
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [`--import=${pathToFileURL(REGISTER).href}`, join(folder, "main.mjs")],
    {
      env: {
        AWS_LAMBDA_FUNCTION_NAME: "one",
        LAMBDA_TASK_ROOT: folder,
        _HANDLER: "handler.handler",
        MAYFLY_END_LINE: "off",
        ...env,
      },
    },
  );
  return { stdout: stdout.trim(), stderr: stderr.trim() };
};

const CALL = `console.log(await handler({}, { awsRequestId: "r-1", functionName: "one", invokedFunctionArn: "a:b:c:d:e:f:g" }));`;

test.each([
  ["an ES module", `const { handler } = createRequire(import.meta.url)("./handler.mjs");`],
  ["a CommonJS module", `const { handler } = createRequire(import.meta.url)("./handler.cjs");`],
  ["a module by its name alone", `const { handler } = createRequire(import.meta.url)("./handler");`],
  ["nothing, but imported", `const { handler } = await import("./handler.mjs");`],
])("a runtime that requires %s gets the handler observed", async (_what, load) => {
  const folder = await alone();
  await writeFile(join(folder, "handler.js"), "exports.handler = async () => 'done';\n");
  const collector = await startCollector();
  const { stdout, stderr } = await run(folder, `import { createRequire } from "node:module";\n${load}\n${CALL}`, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    MAYFLY_FLUSH_BUDGET_MS: String(AMPLE_MS),
  });
  expect([stdout, stderr]).toEqual(["done", ""]);
  expect(namesOf(collector.spans)).toEqual(["one"]);
});

test("a batch is a new trace that links to each message; what X-Ray's header roots has its trace id", async () => {
  const folder = await alone();
  const collector = await startCollector();
  const message = (digit: string) => ({
    messageId: digit,
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:111122223333:orders",
    messageAttributes: {
      traceparent: { dataType: "String", stringValue: `00-${digit.repeat(32)}-${digit.repeat(16)}-01` },
    },
  });
  const batch = JSON.stringify({ Records: [message("a"), message("b")] });
  const context = `{ awsRequestId: "r-1", functionName: "one", invokedFunctionArn: "a:b:c:d:e:f:g" }`;
  const root = `Root=1-${"c".repeat(8)}-${"c".repeat(24)};Parent=${"d".repeat(16)};Sampled=0`;
  await run(
    folder,
    `const { handler } = await import("./handler.mjs");
     await handler(${batch}, ${context});
     process.env._X_AMZN_TRACE_ID = "${root}";
     await handler({}, ${context});`,
    { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, MAYFLY_FLUSH_BUDGET_MS: String(AMPLE_MS) },
  );
  const [batched, rooted] = collector.spans.filter(({ attributes }) => "mayfly.trigger" in attributes);
  expect(batched).toMatchObject({ name: "process orders", kind: 5, parentSpanId: "" });
  expect(batched?.links.map(({ spanId }) => spanId)).toEqual(["a".repeat(16), "b".repeat(16)]);
  expect(batched?.attributes["messaging.batch.message_count"]).toBe(2);
  expect(rooted).toMatchObject({ traceId: "c".repeat(32), parentSpanId: "", links: [] });
});

test("the handler's module is the same to whoever imports it besides, and knows its own address", async () => {
  const folder = await alone();
  await writeFile(
    join(folder, "handler.mjs"),
    "export let count = 0; export const handler = async () => { count += 1; return import.meta.filename; };\n",
  );
  const { stdout } = await run(
    folder,
    `const { handler, ...first } = await import("./handler.mjs");
     const second = await import("./handler.mjs");
     await handler({}, { awsRequestId: "r-1", functionName: "one", invokedFunctionArn: "a:b:c:d:e:f:g" });
     console.log(second.count, (await second.handler({}, {})).endsWith("/handler.mjs"));`,
  );
  expect(stdout).toBe("1 true");
});

test("outside of Lambda, or switched off, it does nothing", async () => {
  const folder = await alone();
  const load = `const { handler } = await import("./handler.mjs"); console.log(await handler());`;
  expect(await run(folder, load, { _HANDLER: "" })).toEqual({ stdout: "done", stderr: "" });
  expect(await run(folder, load, { OTEL_SDK_DISABLED: "true" })).toEqual({ stdout: "done", stderr: "" });
});
