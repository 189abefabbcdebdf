/** Functions whose code knows nothing of Mayfly, under AWS's own runtime clients; what arrives at a collector. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { mayfly } from "@mayfly/sdk/esbuild";
import { build } from "esbuild";
import { expect, test, vi } from "vitest";
import { md5, startAws } from "../../sdk/test/aws.ts";
import { type TestCollector, startCollector } from "../../sdk/test/collector.ts";
import { LAYER, type Run, type TestEnvironment, startEnvironment, underEachRuntime } from "./environment.ts";
import { type Files, newFolder, taskRoot } from "./task-root.ts";

const SDK = resolve(import.meta.dirname, "../../sdk");

const start = async (run: Omit<Run, "handler" | "layer"> & Partial<Run>): Promise<[TestEnvironment, TestCollector]> => {
  const collector = await startCollector();
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...run.variables };
  return [await startEnvironment({ handler: "index.handler", layer: LAYER, ...run, variables }), collector];
};

const arrived = (collector: TestCollector, count: number): Promise<void> =>
  vi.waitFor(() => expect(collector.spans).toHaveLength(count), { timeout: 10_000 });

const ESM = `
  import { greeting } from "./greeting.mjs";
  const name = await Promise.resolve("ESM");
  export const handler = async (event) => greeting(name, event);
`;

/** One form each, of the same function. */
const FORMS: Record<string, (name: string) => Promise<string>> = {
  ESM: async () => taskRoot({ "index.mjs": ESM, "greeting.mjs": GREETING }),
  CommonJS: async () =>
    taskRoot({
      "index.js": `const { greeting } = require("./greeting.js"); exports.handler = async (event) => greeting("CommonJS", event);`,
      "greeting.js": "exports.greeting = (name, { to }) => ({ text: `hello ${to}, ${name}` });",
    }),
  "bundled ESM": () => bundled("esm", "index.mjs"),
  "bundled CommonJS": () => bundled("cjs", "index.js"),
};

const GREETING = "export const greeting = (name, { to }) => ({ text: `hello ${to}, ${name}` });";

const bundled = async (format: "esm" | "cjs", file: string): Promise<string> => {
  const folder = taskRoot({
    "source.mjs": `import { greeting } from "./greeting.mjs"; export const handler = async (event) => greeting("bundled", event);`,
    "greeting.mjs": GREETING,
  });
  const outfile = join(folder, "out", file);
  await build({
    entryPoints: [join(folder, "source.mjs")],
    outfile,
    format,
    bundle: true,
    minify: true,
    platform: "node",
  });
  return join(folder, "out");
};

const SENDING = `
  import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
  const client = new SQSClient({ region: "eu-west-1", md5: false, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  export const handler = async () =>
    (await client.send(new SendMessageCommand({ QueueUrl: process.env.URL + "/1/orders", MessageBody: "x" }))).MessageId;`;

const bundledWithPlugin = async (folder: string): Promise<string> => {
  const outfile = join(folder, "out/index.js");
  const options = { bundle: true, format: "cjs", platform: "node" } as const;
  await build({ entryPoints: [join(folder, "index.mjs")], outfile, plugins: [mayfly()], ...options });
  return join(folder, "out");
};

underEachRuntime((runtime) => {
  test.each(Object.entries(FORMS))("a function is traced without a change to its code: %s", async (_form, make) => {
    const [environment, collector] = await start({ runtime, taskRoot: await make(runtime) });
    const first = await environment.invoke({ to: "you" });
    await environment.invoke({ to: "you" });
    await environment.idle();
    expect(first).toMatchObject({ kind: "response", body: { text: expect.stringMatching(/^hello you, /) } });
    await arrived(collector, 2);
    expect(collector.spans).toMatchObject([
      { name: "layered", attributes: { "faas.coldstart": true, "faas.invocation_id": expect.stringMatching(/.{36}/) } },
      { name: "layered", attributes: { "faas.coldstart": false } },
    ]);
    expect(environment.extensions).toEqual(["mayfly-after-response"]);
    expect(environment.output.stderr).toBe("");
  });

  test.each(["from packages", "bundled with the plugin"])(
    "its AWS calls are spans with their keys, and carry the context: a client %s",
    async (how) => {
      const aws = await startAws(({ body }) => {
        const { MessageBody = "" } = JSON.parse(body) as { MessageBody?: string };
        return { body: JSON.stringify({ MessageId: "m-1", MD5OfMessageBody: md5(MessageBody) }) };
      });
      const folder = taskRoot({ "index.mjs": SENDING });
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(join(SDK, "node_modules/@aws-sdk"), join(folder, "node_modules/@aws-sdk"));
      const variables = { URL: aws.url, AWS_ENDPOINT_URL_SQS: aws.url };
      const root = how === "from packages" ? folder : await bundledWithPlugin(folder);
      const [environment, collector] = await start({ runtime, taskRoot: root, variables });
      expect(await environment.invoke()).toEqual({ kind: "response", body: "m-1" });
      await arrived(collector, 2);
      const [call, invocation] = [...collector.spans].toSorted((a, b) => b.name.length - a.name.length);
      expect(call).toMatchObject({
        parentSpanId: invocation?.spanId,
        attributes: { "mayfly.keys.produced": [expect.stringContaining("sqs-message")] },
      });
      expect(JSON.parse(aws.requests[0]?.body ?? "")).toMatchObject({ MessageAttributes: { traceparent: {} } });
    },
  );

  test.each(["esm", "cjs"] as const)(
    "a function that has the SDK bundled in it (%s) gives one span",
    async (format) => {
      const files: Files = {
        "source.mjs": `import { annotate, observe } from ${JSON.stringify(join(SDK, "dist/index.js"))};
        export const handler = observe(async () => annotate({ orderId: "o-1" }));`,
      };
      const folder = taskRoot(files);
      const outfile = join(folder, "out", format === "esm" ? "index.mjs" : "index.js");
      await build({ entryPoints: [join(folder, "source.mjs")], outfile, format, bundle: true, platform: "node" });
      const [environment, collector] = await start({ runtime, taskRoot: join(folder, "out") });
      await environment.invoke();
      await environment.invoke();
      await arrived(collector, 2);
      expect(collector.spans.map(({ attributes }) => attributes["orderId"])).toEqual(["o-1", "o-1"]);
    },
  );

  test("a function that blocks the thread for longer than the layer waits for the platform is served, and traced after its response", async () => {
    const blocking = `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);`;
    const files = { "index.mjs": `${blocking} export const handler = async () => "served";` };
    const [environment, collector] = await start({ runtime, taskRoot: taskRoot(files) });
    expect(await environment.invoke()).toEqual({ kind: "response", body: "served" });
    await arrived(collector, 1);
    expect(collector.spans[0]?.attributes).not.toHaveProperty("mayfly.sdk.after_response_refused");
    expect(environment.output.stderr).toBe("");
  });

  test("a CommonJS function may require the SDK from the layer: it is the same", async () => {
    const files = {
      "index.js": `const { annotate, logger } = require("@mayfly/sdk");
        exports.handler = async () => { annotate({ orderId: "o-1" }); logger.info("noted"); };`,
    };
    const [environment, collector] = await start({ runtime, taskRoot: taskRoot(files) });
    await environment.invoke();
    await arrived(collector, 1);
    expect(collector.spans[0]?.attributes).toMatchObject({ orderId: "o-1" });
    expect(environment.output.stdout).toContain(`"message":"noted","orderId":"o-1"`.split(",")[0]);
  });

  test("spans that it makes with OpenTelemetry's API while it loads and runs are in its trace", async () => {
    const folder = taskRoot({
      "index.mjs": `import { trace } from "@opentelemetry/api"; const tracer = trace.getTracer("own");
        export const handler = async () => tracer.startActiveSpan("own work", (span) => span.end());`,
    });
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(SDK, "node_modules/@opentelemetry"), join(folder, "node_modules/@opentelemetry"));
    const [environment, collector] = await start({ runtime, taskRoot: folder });
    await environment.invoke();
    await arrived(collector, 2);
    const [own, invocation] = [...collector.spans].toSorted((a, b) => b.name.length - a.name.length);
    expect(own).toMatchObject({ name: "own work", parentSpanId: invocation?.spanId });
  });

  test("a provider that NODE_OPTIONS preloads comes first, and stays", async () => {
    const folder = taskRoot({
      "telemetry.mjs": `import { trace } from "@opentelemetry/api";
        await new Promise((done) => setTimeout(done, 20));
        const span = { ...trace.wrapSpanContext({ traceId: "", spanId: "", traceFlags: 0 }), end() { console.log("theirs") } };
        trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: () => span, startActiveSpan: (_, work) => work(span) }) });`,
      "index.mjs": `import { trace } from "@opentelemetry/api";
        export const handler = async () => trace.getTracer("own").startActiveSpan("own work", (span) => span.end());`,
    });
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(SDK, "node_modules/@opentelemetry"), join(folder, "node_modules/@opentelemetry"));
    const variables = { NODE_OPTIONS: "--import=./telemetry.mjs" };
    const [environment, collector] = await start({ runtime, taskRoot: folder, variables });
    await environment.invoke();
    await arrived(collector, 1);
    expect(environment.output.stdout).toContain("theirs\n");
  });

  test("the handler can be redirected by hand, where something else has the wrapper", async () => {
    const files = { "index.mjs": "export const handler = async () => process.env._HANDLER;" };
    const byHand = {
      layer: undefined,
      handler: join(LAYER, "nodejs/node_modules/@mayfly/layer/redirect.handler"),
      variables: { MAYFLY_HANDLER: "index.handler" },
    };
    const [environment, collector] = await start({ runtime, taskRoot: taskRoot(files), ...byHand });
    expect(await environment.invoke()).toEqual({ kind: "response", body: "index.handler" });
    expect(collector.spans).toHaveLength(1);
  });

  test("what is sent goes out after the response, or before it with MAYFLY_SEND=direct", async () => {
    const files = { "index.mjs": "export const handler = async () => 1;" };
    for (const [send, extensions] of [
      ["", ["mayfly-after-response"]],
      ["direct", []],
    ] as const) {
      const variables = { MAYFLY_SEND: send };
      const [environment, collector] = await start({ runtime, taskRoot: taskRoot(files), variables });
      await environment.invoke();
      if (send === "direct") expect(collector.spans).toHaveLength(1);
      await arrived(collector, 1);
      expect(environment.extensions).toEqual(extensions);
    }
  });

  test("processes and workers that the function starts know nothing of the layer", async () => {
    const files = {
      "child.cjs": "console.log(JSON.stringify(process.env))",
      "worker.cjs": `require("node:worker_threads").parentPort.postMessage({ ...process.env })`,
      "index.mjs": `
        import { execFileSync } from "node:child_process";
        import { once } from "node:events";
        import { Worker } from "node:worker_threads";
        const environment = ({ MAYFLY_HANDLER, NODE_OPTIONS, _HANDLER }) => ({ MAYFLY_HANDLER, NODE_OPTIONS, _HANDLER });
        const [worker] = await once(new Worker(new URL("./worker.cjs", import.meta.url)), "message");
        const child = JSON.parse(execFileSync(process.execPath, ["child.cjs"]));
        export const handler = async () => [process.env, child, worker].map(environment);`,
    };
    for (const NODE_OPTIONS of [undefined, "--no-deprecation"]) {
      const variables = NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS };
      const [environment] = await start({ runtime, taskRoot: taskRoot(files), variables });
      const one = { _HANDLER: "index.handler", ...variables };
      expect(await environment.invoke()).toEqual({ kind: "response", body: [one, one, one] });
      expect(environment.extensions).toEqual(["mayfly-after-response"]);
    }
  });

  test.each(["index.js", "after-response.js"])(
    "should the SDK's %s be broken, the function runs and it is said",
    async (file) => {
      const layer = join(newFolder(), "opt");
      cpSync(LAYER, layer, { recursive: true });
      writeFileSync(join(layer, "nodejs/node_modules/@mayfly/sdk/dist", file), `throw new Error("broken");`);
      const files = { "index.mjs": "export const handler = async () => 1;" };
      const [environment] = await start({ runtime, taskRoot: taskRoot(files), layer });
      expect(await environment.invoke()).toEqual({ kind: "response", body: 1 });
      expect(environment.output.stderr).toContain(": broken\n");
    },
  );

  if (runtime === "nodejs24.x")
    test("where several invocations run at once, in workers, each is traced, and no extension asks to be told of them", async () => {
      const files = { "index.mjs": "export const handler = async () => process.env._HANDLER;" };
      const variables = { AWS_LAMBDA_MAX_CONCURRENCY: "2", AWS_LAMBDA_NODEJS_WORKER_COUNT: "1" };
      const [environment, collector] = await start({ runtime, taskRoot: taskRoot(files), variables });
      expect(await environment.invoke()).toEqual({ kind: "response", body: "index.handler" });
      await arrived(collector, 1);
      expect(environment.extensions).toEqual([]);
    });

  test("a missing file of the layer leaves the function as it is", async () => {
    const layer = join(newFolder(), "opt");
    cpSync(LAYER, layer, { recursive: true, filter: (from) => !from.endsWith("redirect.mjs") });
    const files = { "index.mjs": "export const handler = async () => process.env._HANDLER;" };
    const [environment, collector] = await start({ runtime, taskRoot: taskRoot(files), layer });
    expect(await environment.invoke()).toEqual({ kind: "response", body: "index.handler" });
    expect(environment.extensions).toEqual([]);
    expect(collector.paths).toEqual([]);
  });
});

test("the layer's copy of the SDK is the package's", () => {
  for (const file of ["index.js", "index.cjs", "after-response.js"])
    expect(readFileSync(join(LAYER, "nodejs/node_modules/@mayfly/sdk/dist", file))).toEqual(
      readFileSync(join(SDK, "dist", file)),
    );
});
