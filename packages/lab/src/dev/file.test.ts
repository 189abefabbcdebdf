import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { LabDefinition } from "../definition.ts";
import { readDevFiles } from "./file.ts";

/** A folder with these files in it. */
const folderWith = async (files: Readonly<Record<string, string | object>>): Promise<string> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "mayfly-dev-file-")));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
};

const HANDLERS = { "a.mjs": "", "src/b.ts": "" };

const mistakesOf = async (file: string | object): Promise<readonly string[]> => {
  const folder = await folderWith({ ...HANDLERS, "mayfly.dev.json": file });
  const refused = readDevFiles([], folder).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );
  return (await refused).replaceAll(`${folder}/`, "").split("\n");
};

test("each function names what invokes it, and what is mentioned is there", async () => {
  const folder = await folderWith({
    ...HANDLERS,
    "mayfly.dev.json": {
      environment: { STAGE: "dev", TABLE: "one" },
      functions: {
        a: {
          file: "a.mjs",
          timeoutMs: 5_000,
          http: ["POST /orders", "GET /orders/{id}"],
          environment: { TABLE: "two", QUEUE: { queueUrl: "orders" }, TOPIC: { topicArn: "unheard" } },
        },
        b: {
          file: "src/b.ts",
          sqs: ["orders", { queue: "more", batchSize: 1, reportBatchItemFailures: true }],
          sns: "news",
          eventbridge: { pattern: { source: ["shop"] } },
        },
      },
      queues: { orders: { redrivePolicy: { deadLetterQueue: "failed", maxReceiveCount: 3 } } },
      topics: { news: { subscriptions: [{ queue: "archive" }] } },
    },
  });

  const { definition, devFiles } = await readDevFiles([], folder);

  expect(devFiles).toEqual([join(folder, "mayfly.dev.json")]);
  expect(definition).toEqual({
    functions: {
      a: {
        file: join(folder, "a.mjs"),
        timeoutMs: 5_000,
        environment: { STAGE: "dev", TABLE: "two", QUEUE: { queueUrl: "orders" }, TOPIC: { topicArn: "unheard" } },
      },
      b: { file: join(folder, "src/b.ts"), environment: { STAGE: "dev", TABLE: "one" } },
    },
    routes: { "POST /orders": "a", "GET /orders/{id}": "a" },
    eventSourceMappings: [
      { queue: "orders", function: "b" },
      { queue: "more", batchSize: 1, reportBatchItemFailures: true, function: "b" },
    ],
    topics: { unheard: { subscriptions: [] }, news: { subscriptions: [{ queue: "archive" }, { function: "b" }] } },
    buses: { default: { rules: { "b-1": { pattern: { source: ["shop"] }, targets: [{ function: "b" }] } } } },
    stateMachines: {},
    queues: {
      orders: { redrivePolicy: { deadLetterQueue: "failed", maxReceiveCount: 3 } },
      more: {},
      failed: {},
      archive: {},
    },
  } satisfies LabDefinition);
});

test("a whole definition of a lab is a dev file, out of JSON or out of a module", async () => {
  const lab = {
    functions: { a: { file: "a.mjs" } },
    queues: { jobs: {} },
    eventSourceMappings: [{ queue: "jobs", function: "a" }],
    routes: { $default: "a" },
  };
  const folder = await folderWith({
    ...HANDLERS,
    "one.json": lab,
    "two.dev.mjs": `export default ${JSON.stringify(lab)};`,
    "three.dev.ts": `export const definition: object = ${JSON.stringify(lab)};`,
  });

  const all = ["one.json", "two.dev.mjs", "three.dev.ts"].map((name) => readDevFiles([name], folder));

  for (const { definition } of await Promise.all(all))
    expect(definition).toMatchObject({ ...lab, functions: { a: { file: join(folder, "a.mjs") } } });
});

test("a module that changes is read again", async () => {
  const module = (name: string): string => `export default { functions: { ${name}: { file: "a.mjs" } } };`;
  const folder = await folderWith({ ...HANDLERS, "mayfly.dev.mjs": module("before") });
  await readDevFiles([], folder);
  await writeFile(join(folder, "mayfly.dev.mjs"), module("after"));

  const { definition } = await readDevFiles([], folder);

  expect(Object.keys(definition.functions)).toEqual(["after"]);
});

test("a handler file is a function of its name: alone on every route, with others on its own", async () => {
  const folder = await folderWith(HANDLERS);

  const alone = await readDevFiles(["src/b.ts"], folder);
  const both = await readDevFiles(["a.mjs", "src/b.ts"], folder);

  expect(alone.definition).toMatchObject({
    functions: { b: { file: join(folder, "src/b.ts") } },
    routes: { $default: "b" },
  });
  expect(both.definition.routes).toEqual({
    "ANY /a": "a",
    "ANY /a/{path+}": "a",
    "ANY /b": "b",
    "ANY /b/{path+}": "b",
  });
});

test("several files are one lab: they share queues, topics and buses, and define a name once", async () => {
  const service = (name: string, more: object = {}): object => ({
    functions: { [name]: { file: "a.mjs", sns: "news", eventbridge: { pattern: { source: [name] } }, ...more } },
  });
  const queues = { jobs: { visibilityTimeoutMs: 1_000 } };
  const folder = await folderWith({
    ...HANDLERS,
    "x.json": service("x", { environment: { QUEUE: { queueUrl: "jobs" } } }),
    "y.json": { ...service("y", { http: "GET /" }), queues },
    "z.json": { ...service("x", { http: "GET /" }), queues },
  });

  const { definition } = await readDevFiles(["x.json", "y.json"], folder);

  expect(definition).toMatchObject({
    queues,
    topics: { news: { subscriptions: [{ function: "x" }, { function: "y" }] } },
    buses: { default: { rules: { "x-1": {}, "y-1": {} } } },
  });
  await expect(readDevFiles(["x.json", "y.json", "z.json"], folder)).rejects.toThrow(
    [
      "function x is in two files",
      "route GET / is in two files",
      "queue jobs is in two files",
      "rule x-1 is in two files",
    ].join("\n"),
  );
});

test("every mistake is named at once, with its place", async () => {
  const mistakes = await mistakesOf({
    function: {},
    functions: {
      "no good": { file: "a.mjs" },
      a: {
        file: "a.mjs",
        timeout: 3,
        timeoutMs: "3s",
        http: ["GET /", 5, "GET"],
        environment: { A: 5, B: { queue: "jobs" }, C: { queueUrl: "" } },
      },
      b: {
        file: "c.mjs",
        memoryMb: 64,
        http: "GET /",
        sqs: { batchSize: 1 },
        eventbridge: { pattern: { x: [{ suffix: "y" }] } },
      },
      c: {},
    },
    queues: { "jobs.fifo": {}, jobs: { redrivePolicy: { maxReceiveCount: true } } },
    topics: { news: { subscriptions: {} } },
  });

  expect(mistakes).toEqual([
    "mayfly.dev.json: function is not known; the file may have functions, $schema, environment, queues, topics, buses, stateMachines, eventSourceMappings, routes",
    'mayfly.dev.json: the name functions["no good"]: expected letters, digits, - and _, at most 64, got "no good"',
    "mayfly.dev.json: functions.a.timeout is not known; functions.a may have file, handler, runtime, timeoutMs, memoryMb, environment, reservedConcurrency, maximumRetryAttempts, onSuccess, onFailure, deadLetterQueue, http, sqs, sns, eventbridge",
    'mayfly.dev.json: functions.a.timeoutMs: expected a number, got "3s"',
    "mayfly.dev.json: functions.a.environment.A: expected a text, or one of queueUrl, topicArn, stateMachineArn, functionArn, got 5",
    'mayfly.dev.json: functions.a.environment.B: expected a text, or one of queueUrl, topicArn, stateMachineArn, functionArn, got {"queue":"jobs"}',
    'mayfly.dev.json: functions.a.environment.C.queueUrl: expected a text, got ""',
    "mayfly.dev.json: functions.a.http[1]: expected a text, got 5",
    "mayfly.dev.json: functions.b.sqs.queue is missing",
    "mayfly.dev.json: functions.c.file is missing",
    "mayfly.dev.json: queues.jobs.redrivePolicy.deadLetterQueue is missing",
    "mayfly.dev.json: queues.jobs.redrivePolicy.maxReceiveCount: expected a number, got true",
    "mayfly.dev.json: topics.news.subscriptions: expected a list, got {}",
    "mayfly.dev.json: functions.b.http: GET / is taken by a",
    "function b: c.mjs does not exist",
    "function b: memoryMb is 64, expected 128 to 10240",
    "queue jobs.fifo: FIFO queues are not known to the lab",
    'rule b-1 of bus default: event pattern at $.x[0]: operator "suffix" is not known to the lab',
    'route "GET": expected "METHOD /path" or "$default"',
  ]);
});

test("what is no dev file at all says so", async () => {
  expect(await mistakesOf("[]")).toEqual(["mayfly.dev.json: the file: expected an object, got []"]);
  expect(await mistakesOf({})).toEqual(["mayfly.dev.json: functions is missing"]);
  expect(await mistakesOf({ functions: {} })).toEqual(["mayfly.dev.json: there is no function"]);
  expect(await mistakesOf("{")).toEqual([expect.stringMatching(/^mayfly\.dev\.json: Expected property name/)]);
  const folder = await folderWith({ "x.dev.mjs": "export default 5;", "y.dev.mjs": "throw new Error('no');" });
  await expect(readDevFiles(["x.dev.mjs", "y.dev.mjs"], folder)).rejects.toThrow(
    "x.dev.mjs: the file: expected an object, got 5\ny.dev.mjs: no",
  );
  await expect(readDevFiles([], folder)).rejects.toThrow(
    `there is no mayfly.dev.json in ${folder}; the smallest one is`,
  );
  await expect(readDevFiles(["p.json", "q.ts"], folder)).rejects.toThrow("p.json does not exist\nq.ts does not exist");
  await expect(readDevFiles(["/no-such/r.ts"], folder)).rejects.toThrow("/no-such/r.ts does not exist");
});
