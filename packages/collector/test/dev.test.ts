/** `mayfly dev`, `invoke` and `send` as people start them, in a project of their own. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TraceDetail } from "@mayfly/api";
import { isInstalled } from "@mayfly/lab";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { type Ended, createProject } from "./dev-project.ts";

beforeAll(async () => {
  const PACKAGE = join(import.meta.dirname, "..");
  await promisify(execFile)(join(PACKAGE, "../../node_modules/.bin/tsc"), ["-b", PACKAGE]);
});

const SHOP = {
  "mayfly.dev.json": {
    functions: {
      api: { file: "src/api.ts", http: "POST /orders", environment: { QUEUE_URL: { queueUrl: "orders" } } },
      worker: { file: "src/worker.mjs", sqs: { queue: "orders", batchSize: 1 } },
    },
  },
  "src/api.ts": `
    import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
    import { logger, observe } from "@mayfly/sdk";
    import { Currency, priceOf } from "./price";
    const sqs = new SQSClient({});
    export const handler = observe(async (event: { body?: string }) => {
      const { sku } = JSON.parse(event.body ?? "{}") as { sku: string };
      logger.info({ price: priceOf(sku), currency: Currency.Euro }, "order placed");
      await sqs.send(new SendMessageCommand({ QueueUrl: process.env["QUEUE_URL"], MessageBody: sku }));
      return { statusCode: 201, body: "placed" };
    });`,
  "src/price.ts": `
    export enum Currency { Euro = "EUR" }
    export const priceOf = (sku: string): number => {
      if (sku === "moon") throw new RangeError("the moon has no price");
      return 12;
    };`,
  "src/worker.mjs": `
    import { eachRecord, logger, observe } from "@mayfly/sdk";
    export const handler = observe((event) =>
      eachRecord(event, async ({ body }) => logger.warn("packed " + body)));`,
};

/** Answers with a word and with its process. */
const says = (word: string): string =>
  `export const handler = async () => ({ statusCode: 200, body: JSON.stringify({ word: "${word}", pid: process.pid }) });\n`;

const wordOf = async (url: string): Promise<string> => ((await (await fetch(url)).json()) as { word: string }).word;

/** Functions work side by side, so their lines come in any order. */
const inAnyOrder = (lines: readonly RegExp[]): RegExp =>
  new RegExp(`^${lines.map(({ source }) => `(?=[^]*${source})`).join("")}`);

test("an order goes through two functions, and its one trace is in the collector beside them", async () => {
  const project = await createProject(SHOP);
  const dev = await project.dev();
  expect(dev.output()).toMatch(/api +POST \/orders +src\/api\.ts\n +worker +sqs orders +src\/worker\.mjs/);

  const answer = await fetch(`${dev.api}/orders`, { method: "POST", body: '{"sku":"lamp"}' });

  expect([answer.status, await answer.text()]).toEqual([201, "placed"]);
  const ended = /api {5}✓ \S+ ms {2}http {2}cold start \d+ ms {2}(http:\S+)\n/;
  const lines = [
    /api {5}INFO {3}order placed {2}price=12 {2}currency=EUR\n/,
    ended,
    /worker {2}WARN {3}packed lamp\n/,
    /worker {2}✓ \S+ ms {2}sqs {2}cold start \d+ ms {2}http:\S+\n/,
  ];
  await dev.said(inAnyOrder(lines));
  const [, link = ""] = ended.exec(dev.output()) ?? [];
  expect(link).toContain(`${dev.url}/traces/`);
  const trace = (await (await fetch(link.replace("/traces/", "/api/traces/"))).json()) as TraceDetail;
  expect(trace.functions).toEqual(["api", "worker"]);
  expect(trace.joins.map(({ key }) => key?.kind)).toContain("sqs-message");
  expect(dev.output()).not.toContain("\x1b");
});

test("the first example of the guide runs as it says", async () => {
  const guide = await readFile(join(import.meta.dirname, "../../../docs/guides/dev.md"), "utf8");
  const files = guide.matchAll(/^`([\w./-]+)`:\n\n```\w+\n([^]*?)^```/gm);
  const project = await createProject(
    Object.fromEntries(Array.from(files, ([, path = "", text = ""]) => [path, text])),
  );
  const dev = await project.dev();

  const answer = await fetch(`${dev.api}/orders`, { method: "POST", body: '{"sku":"lamp"}' });

  expect(await answer.text()).toBe("placed");
  const lines = [
    /api {6}INFO {3}order placed\n/,
    /api {6}✓ \S+ ms {2}http {2}cold start \d+ ms {2}http:/,
    /worker {3}INFO {3}packed {2}body="{\\"sku\\":\\"lamp\\"}"\n/,
    /worker {3}✓/,
  ];
  await dev.said(inAnyOrder(lines));
  const event = ["--event", '{"day":"monday"}'];
  expect(await project.mayfly(["invoke", "nightly", ...event])).toMatchObject({ stdout: '{"cleaned":"monday"}\n' });
  await dev.said(/nightly {2}✓ \S+ ms {2}lambda {2}cold start \d+ ms\n/);
});

/** Skipped where AWS's client is not compiled; in CI it fails then. */
const isSkipped = !isInstalled("aws-lambda-ric", "nodejs24.x") && process.env["CI"] !== "true";

test.skipIf(isSkipped)("under AWS's own client an error reads the same", async () => {
  const project = await createProject(SHOP);
  const dev = await project.dev("--runtime", "aws-lambda-ric");

  const answer = await fetch(`${dev.api}/orders`, { method: "POST", body: '{"sku":"moon"}' });

  expect(answer.status).toBe(500);
  await dev.said(/api {5}✕ .*RangeError: the moon has no price.*\n.*at priceOf \(\S+\/src\/price\.ts:4:\d+\)/);
});

test("an error of a handler is shown with the lines of its source", async () => {
  const project = await createProject(SHOP);
  const dev = await project.dev();

  const answer = await fetch(`${dev.api}/orders`, { method: "POST", body: '{"sku":"moon"}' });

  expect(answer.status).toBe(500);
  await dev.said(/api {5}✕ .*RangeError: the moon has no price/);
  await dev.said(/api +at priceOf \(\S+\/src\/price\.ts:4:\d+\)/);
  await dev.said(/api +at .*\/src\/api\.ts:8:\d+\)/);
});

test("a saved handler answers the next request; a broken one is told, and the last good one goes on", async () => {
  const project = await createProject({
    "mayfly.dev.json": { functions: { hello: { file: "src/hello.ts", http: "GET /" } } },
    "src/hello.ts": `import { word } from "./word";\nexport const handler = async () => ({ word });`,
    "src/word.ts": `export const word: string = "first";`,
  });
  const dev = await project.dev();
  expect(await wordOf(dev.api)).toBe("first");

  await project.write({ "src/word.ts": `export const word: string = "second";` });
  await dev.said(/hello {2}reloaded: src\/word\.ts/);
  expect(await wordOf(dev.api)).toBe("second");

  await project.write({ "src/word.ts": `export const word: string = ;` });
  await dev.said(/hello {2}src\/word\.ts:1:29: Unexpected ";"/);
  expect(await wordOf(dev.api)).toBe("second");

  await project.write({ "src/word.ts": `export const word: string = "mended";` });
  await dev.said(/hello {2}reloaded/);
  expect(await wordOf(dev.api)).toBe("mended");
});

test("JavaScript runs as it is, and is followed through a compiler that makes its folder anew", async () => {
  const project = await createProject({
    "mayfly.dev.json": { functions: { hello: { file: "dist/hello.mjs", http: "GET /" } } },
    "dist/hello.mjs": says("first"),
  });
  const dev = await project.dev();
  expect(await wordOf(dev.api)).toBe("first");

  await project.write({ "dist/hello.mjs": "export const = 3;\n" });
  await dev.said(/hello.mjs:1\n(.*\n)*hello {2}SyntaxError: Unexpected token '='/);
  expect(await wordOf(dev.api)).toBe("first");

  await project.write({ "next/hello.mjs": says("second"), "next/deep/other.mjs": "" });
  await rm(join(project.folder, "dist"), { recursive: true });
  await rename(join(project.folder, "next"), join(project.folder, "dist"));
  await dev.said(/hello {2}reloaded/);
  expect(await wordOf(dev.api)).toBe("second");

  await project.write({ "dist/deep/other.mjs": "export {};\n" });
  await dev.said(/hello {2}reloaded: dist\/deep\/other\.mjs/);
});

test("a handler that is broken from the start is told, fails when it is called, and runs once it is mended", async () => {
  const project = await createProject({ "src/hello.ts": "export const handler = async () => ({ word: });" });
  const dev = await project.dev("src/hello.ts");
  await dev.said(/hello {2}src\/hello\.ts:1:45: Unexpected "}"/);
  expect(await fetch(dev.api)).toMatchObject({ status: 500 });
  await dev.said(/hello {2}✕ .*Runtime\.UserCodeSyntaxError/);

  await project.write({ "src/hello.ts": `export const handler = async () => ({ word: "mended" as string });` });
  await dev.said(/hello {2}reloaded/);
  expect(await wordOf(`${dev.api}/anywhere`)).toBe("mended");
});

test("TypeScript without esbuild runs as Node takes it, and what esbuild would add is said", async () => {
  const project = await createProject(
    { "hello.ts": `export const handler = async () => ({ word: "stripped" as string });` },
    [],
  );
  const dev = await project.dev("hello.ts");
  await dev.said(/hello {2}hello\.ts runs as it is: .*npm install --save-dev esbuild/);
  expect(await wordOf(dev.api)).toBe("stripped");
});

test("a saved dev file changes what runs; one with mistakes does not; the lab starts again where it has to", async () => {
  const project = await createProject({ "a.mjs": says("a"), "b.mjs": says("b") });
  const save = (functions: object): Promise<void> => project.write({ "mayfly.dev.json": { functions } });
  const a = { file: "a.mjs", http: "GET /a", environment: { QUEUE: { queueUrl: "jobs" } } };
  await save({ a });
  const dev = await project.dev();
  const sent = await project.mayfly(["send", "jobs", "--body", "kept"]);
  expect(sent).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^message id [0-9a-f-]{36}\n$/) as string,
    stderr: "",
  });

  await save({ a, b: { file: "b.mjs", http: "GET /b", sqs: "jobs" } });
  await dev.said(/updated {2}mayfly\.dev\.json[^]*b {2}GET \/b, sqs jobs/);
  await dev.said(/b {2}✓ .* sqs/);
  expect(await wordOf(`${dev.api}/b`)).toBe("b");

  await save({ a, b: { file: "c.mjs", http: "GET /b", url: true } });
  await dev.said(/mayfly\.dev\.json has mistakes; what runs goes on:\n.*functions\.b\.url is not known/);
  expect(await wordOf(`${dev.api}/b`)).toBe("b");

  await save({ a: { ...a, sns: "news" } });
  await dev.said(/the lab starts again, its queues are empty[^]*Ctrl-C ends it/);
  expect(await wordOf(`${dev.api}/a`)).toBe("a");
  expect(await fetch(`${dev.api}/b`)).toMatchObject({ status: 404 });
});

test("--no-watch leaves what runs alone", async () => {
  const project = await createProject({ "hello.mjs": says("first") });
  const dev = await project.dev("hello.mjs", "--no-watch");
  expect(dev.output()).not.toContain("saved");
  expect(await wordOf(dev.api)).toBe("first");
  await dev.said(/hello {2}✓/); // its environment is free again
  await project.write({ "hello.mjs": says("second") });
  expect(await wordOf(dev.api)).toBe("first");
});

test.each(["SIGINT", "SIGTERM"] as const)("on %s all of it ends, with 0", async (signal) => {
  const project = await createProject({ "hello.mjs": says("hello") });
  const dev = await project.dev("hello.mjs");
  const { pid } = (await (await fetch(dev.api)).json()) as { pid: number };

  expect(await dev.stop(signal)).toBe(0);

  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  await expect(fetch(dev.api)).rejects.toThrow();
  await expect(fetch(dev.url)).rejects.toThrow();
  expect(existsSync(join(project.folder, "mayfly-data/dev.json"))).toBe(false);
  const afterwards = await project.mayfly(["invoke", "hello"]);
  expect(afterwards).toMatchObject({ code: 1, stderr: expect.stringContaining("no `mayfly dev` runs") as string });
});

test("invoke prints what a function answers, and ends with 1 where it fails", async () => {
  const project = await createProject({
    "twice.mjs": `export const handler = async ({ n }) => { if (n === undefined) throw new TypeError("no n"); return { twice: 2 * n }; };`,
    "event.json": { n: 5 },
  });
  const dev = await project.dev("twice.mjs");
  const invoke = (...args: string[]): Promise<Ended> => project.mayfly(["invoke", "twice", ...args], '{"n":6}');

  const [json, file, input, nothing] = await Promise.all([
    invoke("--event", '{"n":4}'),
    invoke("--event", "event.json"),
    invoke("--event", "-"),
    invoke(),
  ]);

  expect(json).toEqual({
    code: 0,
    stdout: '{"twice":8}\n',
    stderr: expect.stringMatching(/^request id [0-9a-f-]{36}\n$/) as string,
  });
  expect(file.stdout).toBe('{"twice":10}\n');
  expect(input.stdout).toBe('{"twice":12}\n');
  expect(nothing.code).toBe(1);
  expect(JSON.parse(nothing.stdout)).toMatchObject({ errorType: "TypeError", errorMessage: "no n" });
  expect(await invoke("--async", "--event", '{"n":7}')).toMatchObject({ code: 0, stdout: "" });
  await dev.said(/(✓ .*lambda[^]*){4}/);
});

test("invoke and send name what is there instead of what is not", async () => {
  const project = await createProject({ "twice.mjs": says("x") });
  await project.dev("twice.mjs");

  const [name, queue, event] = await Promise.all([
    project.mayfly(["invoke", "thrice"]),
    project.mayfly(["send", "jobs", "--body", "1"]),
    project.mayfly(["invoke", "twice", "--event", "no.json"]),
  ]);

  expect(name).toMatchObject({ code: 1, stderr: "mayfly: there is no function thrice; there are twice\n" });
  expect(queue).toMatchObject({ code: 1, stderr: "mayfly: there is no queue jobs; there are none\n" });
  expect(event).toMatchObject({
    code: 2,
    stderr: 'mayfly: --event is "no.json", expected JSON, a file of it, or -\n',
  });
});

test("a port in use is named with its mend, and wrong usage says all that is wrong", async () => {
  const project = await createProject({
    "hello.mjs": says("hello"),
    "bad.json": { functions: { a: { file: "none.mjs", timeoutMs: "3s" }, b: {} }, queue: {} },
  });
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  onTestFinished(() => void taken.close());
  const port = String((taken.address() as AddressInfo).port);

  const wrong: [args: string[], code: number, message: RegExp][] = [
    [
      ["hello.mjs", "--port", port, "--data", "other"],
      1,
      /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*choose another port with --port/,
    ],
    [
      ["hello.mjs", "--port", "0", "--http-port", port],
      1,
      /HTTP API: .*EADDRINUSE.*choose another port with --http-port/,
    ],
    [["hello.mjs", "--http-port", "x"], 2, /--http-port is "x", expected an integer/],
    [
      ["bad.json"],
      2,
      /queue is not known.*\n.*functions\.a\.timeoutMs: expected a number, got "3s"\n.*functions\.b\.file is missing\n.*none\.mjs does not exist\n$/,
    ],
  ];
  const all = wrong.map(async (one) => [await project.mayfly(["dev", ...one[0]]), one] as const);
  for (const [result, [, code, message]] of await Promise.all(all))
    expect(result).toEqual({ code, stdout: "", stderr: expect.stringMatching(message) as string });
});
