/** CloudWatch Logs through Firehose, over real HTTP. */
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreError } from "../src/errors.ts";
import { createAdmission } from "../src/receive/admission.ts";
import type { Store } from "../src/store/store.ts";
import { deliver } from "./firehose-client.ts";
import { openPipeline, type TestPipeline } from "./http.ts";
import { openKeyed } from "./keyed.ts";
import { storedSpans } from "./stored-spans.ts";

const REQUEST_ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
const REPORT = `REPORT RequestId: ${REQUEST_ID}\tDuration: 128.83 ms\tBilled Duration: 129 ms\tMemory Size: 512 MB\tMax Memory Used: 74 MB\t\n`;

const subscription = (...messages: readonly string[]): Buffer =>
  gzipSync(
    JSON.stringify({
      messageType: "DATA_MESSAGE",
      owner: "123456789012",
      logGroup: "/aws/lambda/orders",
      logStream: "2026/01/01/[7]0123456789abcdef",
      subscriptionFilters: ["mayfly"],
      logEvents: messages.map((message, index) => ({
        id: `3195${index}`,
        timestamp: 1_767_225_600_000 + index,
        message,
      })),
    }),
  );

const LINES = [`START RequestId: ${REQUEST_ID} Version: 7\n`, "printed\n", `END RequestId: ${REQUEST_ID}\n`, REPORT];

let pipeline: TestPipeline;
let url: string;
const serve = async (opened: Promise<TestPipeline>): Promise<void> => {
  pipeline = await opened;
  await pipeline.app.listen({ host: "127.0.0.1", port: 0 });
  url = `http://127.0.0.1:${(pipeline.app.server.address() as AddressInfo).port}`;
};
beforeEach(() => serve(openPipeline()));
afterEach(() => pipeline.close());

const logs = () => pipeline.store.logs({ requestIds: [REQUEST_ID], limit: 100 });
const stats = () => pipeline.store.stats();

test.each([false, true])(
  "lines become log records, and what they say of an invocation a span (packed: %s)",
  async (isPacked) => {
    expect(await deliver({ url, isPacked, records: [subscription(...LINES)] })).toEqual({
      isDelivered: true,
      attempts: [{ status: 200 }],
    });

    expect(await stats()).toMatchObject({ logs: 4, spans: 1, invocations: 1 });
    expect((await logs()).map(({ wire, origin }) => [wire.body, origin.functionName])).toEqual([
      [{ stringValue: LINES[0]?.trimEnd() }, "orders"],
      [{ stringValue: LINES[2]?.trimEnd() }, "orders"],
      [{ stringValue: REPORT.replace("\n", "") }, "orders"],
    ]);
    const spans = await storedSpans(pipeline.store);
    expect(spans).toMatchObject([
      { requestId: REQUEST_ID, wire: { name: "orders" }, origin: { functionName: "orders" } },
    ]);
  },
);

test("lines of Python's runtime are found by the request id that they name, at their level", async () => {
  const time = "2026-01-01T00:00:00.000Z";
  const lines = ["INFO", "WARNING", "CRITICAL"].map((level) => `[${level}]\t${time}\t${REQUEST_ID}\tpaid\n`);
  await deliver({ url, records: [subscription(...lines)] });
  expect((await logs()).map(({ wire }) => wire.severityText)).toEqual(["INFO", "WARN", "FATAL"]);
});

test("what is delivered again under the same request id is stored once", async () => {
  await deliver({ url, records: [subscription(...LINES)] });
  await deliver({ url, isPacked: true, records: [subscription(...LINES)] });
  expect(await stats()).toMatchObject({ logs: 4, duplicateLogs: 4, spans: 1, duplicateSpans: 1 });
});

test("a delivery that the disk refused midway is tried again, and stored once", async () => {
  await pipeline.close();
  let refusals = 1;
  const opened = openPipeline();
  const { store } = await opened;
  const failing: Store = {
    ...bound(store),
    async append(batch) {
      if (batch.signal === "logs" && refusals-- > 0) throw new StoreError("store-failed", "the disk is full");
      return store.append(batch);
    },
  };
  await serve(openPipeline({ store: failing }));

  const { isDelivered, attempts } = await deliver({ url, records: [subscription(...LINES)] });

  expect([isDelivered, attempts.map(({ status }) => status)]).toEqual([true, [503, 200]]);
  expect(attempts[0]?.errorMessage).toContain("the disk is full");
  expect(await stats()).toMatchObject({ logs: 4, spans: 1, duplicateSpans: 1 });
});

const bound = (store: Store): Store =>
  new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });

test("records that cannot be read are counted and not asked for again", async () => {
  const records = [
    subscription("kept"),
    Buffer.from([0x1f, 0x8b, 1, 2, 3]),
    Buffer.from([0xff, 0xfe, 0xfd]),
    gzipSync(Buffer.alloc(33 * 1024 * 1024)),
    Buffer.alloc(0),
  ];
  expect((await deliver({ url, records })).attempts).toEqual([{ status: 200 }]);
  expect(await stats()).toMatchObject({ logs: 1, rejectedLogs: { "malformed-record": 2, "record-too-large": 1 } });
});

test("CloudWatch's question whether anybody is there brings nothing", async () => {
  const control = JSON.stringify({
    messageType: "CONTROL_MESSAGE",
    owner: "CloudwatchLogs",
    logGroup: "",
    logStream: "",
    subscriptionFilters: [],
    logEvents: [
      {
        id: "",
        timestamp: 1_767_225_600_000,
        message: "CWL CONTROL MESSAGE: Checking health of destination Firehose.",
      },
    ],
  });
  expect((await deliver({ url, records: [gzipSync(control)] })).isDelivered).toBe(true);
  expect(await stats()).toMatchObject({ logs: 0, rejectedLogs: {} });
});

test("plain lines are named by the stream's common attributes", async () => {
  const attributes = JSON.stringify({ commonAttributes: { functionName: "orders" } });
  await deliver({ url, records: [REPORT], headers: { "x-amz-firehose-common-attributes": attributes } });
  expect((await logs())[0]?.origin.functionName).toBe("orders");
});

test("large records are stored step by step, each once when the delivery comes again", async () => {
  const line = "x".repeat(200_000);
  const records = Array.from({ length: 6 }, (_, n) =>
    subscription(...Array.from({ length: 20 }, () => `${n} ${line}`)),
  );
  for (let time = 0; time < 2; time += 1) expect((await deliver({ url, records })).isDelivered).toBe(true);
  expect(await stats()).toMatchObject({ logs: 120, duplicateLogs: 120 });
});

test.each([
  { what: "no JSON", body: "{", status: 400 },
  { what: "no records", body: "{}", status: 400 },
  { what: "another type", body: "{}", type: "text/plain", status: 415 },
])("a body with $what is refused in Firehose's words", async ({ body, type = "application/json", status }) => {
  const response = await pipeline.app.inject({
    method: "POST",
    url: "/v1/firehose",
    headers: { "content-type": type, "x-amz-firehose-request-id": "q" },
    payload: body,
  });
  expect([response.statusCode, response.json()]).toEqual([
    status,
    { requestId: "q", timestamp: 1_767_225_600_000, errorMessage: expect.any(String) as string },
  ]);
});

test("an overload is told with 503, and passes", async () => {
  await pipeline.close();
  const admission = createAdmission(100_000);
  await serve(openPipeline({ admission }));
  const held = admission.open();
  held.take(100_000);
  expect((await deliver({ url, records: [REPORT], maxAttempts: 1 })).attempts).toMatchObject([{ status: 503 }]);
  held.release();
  expect((await deliver({ url, records: [REPORT] })).isDelivered).toBe(true);
  expect(admission.heldBytes).toBe(0);
});

test("a key of the scope ingest is asked for, in Firehose's own header", async () => {
  await pipeline.close();
  const keyed = await openKeyed();
  await serve(Promise.resolve(keyed));
  const ask = async (key?: string) =>
    (await deliver({ url, records: [REPORT], maxAttempts: 1, ...(key !== undefined && { key }) })).attempts;
  expect(await ask()).toMatchObject([{ status: 401 }]);
  expect(await ask("mfy_no_such_key")).toMatchObject([{ status: 401 }]);
  expect(await ask(keyed.keys.read.key)).toMatchObject([{ status: 403 }]);
  expect(await ask(keyed.keys.ingest.key)).toEqual([{ status: 200 }]);
});
