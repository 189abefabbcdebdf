import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test } from "vitest";
import type { FinishedInvocation, LabDefinition } from "../src/index.ts";
import { eventually, fn, startRig } from "./rig.ts";

interface HandlerFile {
  readonly path: string;
  readonly says: (word: string) => Promise<void>;
}

/** A handler that answers with a word and its process, at once or when the file `go` appears beside it. */
const handlerFile = async (): Promise<HandlerFile> => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-reload-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "handler.mjs");
  const says = (word: string): Promise<void> =>
    writeFile(
      path,
      `import { existsSync } from "node:fs";
       export const handler = async (event) => {
         while (event.untilFile && !existsSync(event.untilFile)) await new Promise((resolve) => setTimeout(resolve, 5));
         return { word: ${JSON.stringify(word)}, pid: process.pid, colour: process.env.COLOUR };
       };`,
    );
  return { path, says };
};

interface Said {
  readonly word: string;
  readonly pid: number;
  readonly colour?: string;
}

test("the next invocation after a reload runs the code that is in the file then", async () => {
  const file = await handlerFile();
  await file.says("old");
  const { lab, invoke } = await startRig({ functions: { f: { file: file.path } } });
  const before = await invoke<Said>("f");
  await lab.idle();

  await file.says("new");
  const without = await invoke<Said>("f");
  await lab.idle();
  lab.reload("f");
  const after = await invoke<Said>("f");

  expect(without.result).toEqual(before.result);
  expect(after.result.word).toBe("new");
  expect(lab.truth.deliveries.map(({ coldStart }) => coldStart)).toEqual([true, false, true]);
});

test("an invocation that runs finishes with the code it began with, and its environment ends then", async () => {
  const file = await handlerFile();
  await file.says("old");
  const { lab, invoke, moments } = await startRig({
    functions: { f: { file: file.path, reservedConcurrency: 1, timeoutMs: 20_000 } },
  });
  const { pid } = (await invoke<Said>("f")).result;
  const untilFile = `${file.path}.go`;
  const running = invoke<Said>("f", { untilFile });
  await eventually(() => expect(moments.filter(({ what }) => what === "thawed")).toHaveLength(2));

  await file.says("new");
  lab.reload("f");
  const waiting = invoke<Said>("f");
  await writeFile(untilFile, "");

  expect((await running).result).toMatchObject({ word: "old", pid });
  expect((await waiting).result).toMatchObject({ word: "new" });
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("an update changes functions, routes and mappings, and keeps the messages of a queue", async () => {
  const file = await handlerFile();
  await file.says("here");
  const definition: LabDefinition = {
    functions: { f: { file: file.path, environment: { COLOUR: "red" } }, gone: { file: file.path } },
    routes: { "GET /": "f" },
    queues: { jobs: {} },
  };
  const { lab, invoke, events, sqs } = await startRig(definition);
  await sqs.send(new SendMessageCommand({ QueueUrl: lab.queueUrl("jobs"), MessageBody: "kept" }));
  await invoke<Said>("f");

  const updated = await lab.update({
    functions: { f: { file: file.path, environment: { COLOUR: "blue" } }, worker: fn("recorder") },
    routes: { "GET /blue": "f" },
    queues: { jobs: {}, more: {} },
    eventSourceMappings: [{ queue: "jobs", function: "worker" }],
  });
  await lab.idle();

  expect(updated).toBe(true);
  expect(await (await fetch(`${lab.httpUrl}/blue`)).json()).toMatchObject({ colour: "blue" });
  expect(await fetch(lab.httpUrl)).toMatchObject({ status: 404 });
  expect(events<{ Records: { body: string }[] }>("worker").map(({ Records }) => Records[0]?.body)).toEqual(["kept"]);
  await expect(invoke("gone")).rejects.toThrow("Function not found");
  const more = new GetQueueAttributesCommand({ QueueUrl: lab.queueUrl("more"), AttributeNames: ["QueueArn"] });
  expect(await sqs.send(more)).toMatchObject({ Attributes: { QueueArn: "arn:aws:sqs:eu-west-1:000000000000:more" } });
});

test("an update that would change what keeps state changes nothing and says so", async () => {
  const { path, says } = await handlerFile();
  await says("here");
  const definition: LabDefinition = {
    functions: { f: { file: path } },
    queues: { jobs: {} },
    topics: { news: { subscriptions: [{ function: "f" }] } },
  };
  const { lab, invoke } = await startRig(definition);
  const others: LabDefinition[] = [
    { ...definition, functions: {}, queues: { jobs: { visibilityTimeoutMs: 1_000 } }, topics: {} },
    { ...definition, topics: { news: { subscriptions: [] } } },
    { ...definition, buses: { default: { rules: {} } } },
  ];

  for (const other of others) expect(await lab.update(other)).toBe(false);

  expect((await invoke<Said>("f")).result.word).toBe("here");
  await expect(lab.update({ functions: { f: { file: "f.mjs" } } })).rejects.toThrow("not an absolute path");
});

test("a finished invocation is told with its durations and its result", async () => {
  const finished: FinishedInvocation[] = [];
  const { path, says } = await handlerFile();
  await says("done");
  const { lab, invoke } = await startRig(
    { functions: { f: { file: path } } },
    { onInvocation: (one) => finished.push(one) },
  );

  const { result, requestId } = await invoke<Said>("f");
  await lab.idle();
  await invoke("f");
  await lab.idle();

  const [cold, warm] = finished;
  expect(cold).toEqual({
    ...lab.truth.deliveries[0],
    requestId,
    durationMs: expect.any(Number) as number,
    initDurationMs: expect.any(Number) as number,
    payload: JSON.stringify(result),
  });
  expect(warm).toMatchObject({ coldStart: false });
  expect(warm).not.toHaveProperty("initDurationMs");
});
