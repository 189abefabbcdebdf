/**
 * Functions that know nothing of Mayfly nor of OpenTelemetry, in the lab: all that is sent is what Lambda's Telemetry API posts
 * to an extension, passed on as it is.
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionList, Gap, Invocation, TraceDetail, TraceList } from "@mayfly/api";
import { startLab } from "@mayfly/lab";
import { expect, onTestFinished, test, vi } from "vitest";
import { startCollector } from "../src/index.ts";

const LAB_MODULES = join(import.meta.dirname, "../../lab/node_modules/@aws-sdk");

/** An internal extension: subscribes during init, and passes on each batch before it asks for the next event. */
const FORWARD = `
  import { createServer } from "node:http";
  const { AWS_LAMBDA_RUNTIME_API: api, AWS_LAMBDA_FUNCTION_NAME: functionName, COLLECTOR } = process.env;
  const address = COLLECTOR + "/v1/lambda/telemetry?" + new URLSearchParams({ functionName });
  const seen = new Set();
  const waiting = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(address, { method: "POST", headers, body });
    response.writeHead(status === 200 ? 200 : 500).end();
    if (status === 200) for (const { type } of JSON.parse(body)) seen.add(type);
    for (const check of waiting) check();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const registered = await fetch("http://" + api + "/2020-01-01/extension/register", {
    method: "POST", headers: { "lambda-extension-name": "forward" }, body: '{"events":["INVOKE"]}',
  });
  const headers = { "lambda-extension-identifier": registered.headers.get("lambda-extension-identifier") };
  await fetch("http://" + api + "/2022-07-01/telemetry", {
    method: "PUT", headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({
      schemaVersion: "2022-12-13", types: ["platform", "function"], buffering: { timeoutMs: 25 },
      destination: { protocol: "HTTP", URI: "http://sandbox.localdomain:" + server.address().port },
    }),
  });
  void (async () => { for (;;) await (await fetch("http://" + api + "/2020-01-01/extension/event/next", { headers })).text(); })();
  export const forwarded = (type) => new Promise((resolve) => {
    const check = () => { if (seen.has(type)) resolve(); };
    waiting.push(check);
    check();
  });`;

/** \`waits`: until the report of the invocation before has come and gone on: it comes with this one. */
const HANDLERS = {
  api: `
    import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
    import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
    import { forwarded } from "./forward.mjs";
    export const handler = async ({ body }) => {
      const Payload = body;
      await new LambdaClient({}).send(new InvokeCommand({ FunctionName: "charge", Payload }));
      await new SNSClient({}).send(new PublishCommand({ TopicArn: process.env.TOPIC_ARN, Message: body }));
      if (JSON.parse(body).waits) await forwarded("platform.report");
      return { statusCode: 202, body: "taken" };
    };`,
  charge: `
    import { forwarded } from "./forward.mjs";
    export const handler = async ({ waits }) => {
      console.log("charging");
      if (waits) await forwarded("platform.report");
      else throw new RangeError("declined");
    };`,
  audit: `
    import { forwarded } from "./forward.mjs";
    export const handler = async ({ Records: [{ Sns }] }) => {
      if (JSON.parse(Sns.Message).waits) await forwarded("platform.report");
    };`,
};

test("a chain of functions without an SDK is one trace, each an invocation with what Lambda says of it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-no-sdk-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir: join(folder, "data") });
  onTestFinished(() => collector.close());
  const taskRoot = join(folder, "task");
  await mkdir(join(taskRoot, "node_modules"), { recursive: true });
  await symlink(LAB_MODULES, join(taskRoot, "node_modules/@aws-sdk"));
  await writeFile(join(taskRoot, "forward.mjs"), FORWARD);
  for (const [name, code] of Object.entries(HANDLERS)) await writeFile(join(taskRoot, `${name}.mjs`), code);
  const fn = (name: keyof typeof HANDLERS) => ({
    file: join(taskRoot, `${name}.mjs`),
    taskRoot,
    timeoutMs: 30_000,
    memoryMb: 256,
    reservedConcurrency: 1,
    environment: { COLLECTOR: collector.url, ...(name === "api" && { TOPIC_ARN: { topicArn: "orders" } }) },
  });
  const lab = await startLab({
    functions: { api: fn("api"), charge: fn("charge"), audit: fn("audit") },
    routes: { "POST /orders": "api" },
    topics: { orders: { subscriptions: [{ function: "audit" }] } },
  });
  onTestFinished(() => lab.close());
  const order = async (waits: boolean): Promise<void> => {
    const answer = await fetch(`${lab.httpUrl}/orders`, { method: "POST", body: JSON.stringify({ waits }) });
    expect(answer.status).toBe(202);
    await lab.idle();
  };
  const get = async <T>(path: string): Promise<T> => (await (await fetch(collector.url + path)).json()) as T;

  await order(false);
  await order(true);

  const first = await vi.waitFor(
    async () => {
      const { traces } = await get<TraceList>("/api/traces");
      const whole = traces.find(({ functions, errorCount }) => functions.length === 3 && errorCount > 0);
      expect(whole).toBeDefined();
      const trace = await get<TraceDetail>(`/api/traces/${whole?.id}`);
      expect(trace.spans.filter(({ platform }) => platform?.billedDurationMs !== undefined)).toHaveLength(3);
      return trace;
    },
    { timeout: 15_000, interval: 50 },
  );

  expect(first.name).toBe("api");
  const told = first.spans.map(({ functionName, evidence, platform }) =>
    [functionName, evidence, platform?.status, platform?.memorySizeMb, (platform?.initDurationMs ?? 0) > 0].join(" "),
  );
  expect(told.toSorted()).toEqual([
    "api platform success 256 true",
    "audit platform success 256 true",
    "charge platform error 256 true",
  ]);
  const nameOf = (spanId: string) => first.spans.find((span) => span.spanId === spanId)?.functionName;
  const joins = first.joins.map(
    ({ from, to, kind }) => `${"spanId" in from && nameOf(from.spanId)} → ${nameOf(to.spanId)} ${kind}`,
  );
  expect(joins.toSorted()).toEqual(["api → audit xray-root", "api → charge xray-root"]);
  expect(new Set(first.gaps.map(({ reason }: Gap) => reason))).toEqual(new Set(["uninstrumented-function"]));
  const [requestId] = first.requestIds;
  expect((await get<Invocation>(`/api/invocations/${requestId}`)).attempts).toHaveLength(1);
  const { functions } = await get<FunctionList>("/api/functions");
  expect(functions.map(({ name }) => name).toSorted()).toEqual(["api", "audit", "charge"]);
}, 60_000);
