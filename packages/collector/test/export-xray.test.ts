/** `mayfly export xray`, with the real SDK, from a real collector to an X-Ray that enforces its protocol. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type Collector, startCollector } from "../src/index.ts";
import { buildProgram, type Ended, mayfly } from "./program.ts";
import { CREDENTIALS } from "./signed.ts";
import { startXRay, type XRayEndpoint } from "./xray-endpoint.ts";

let folder: string;
let collector: Collector;
let xray: XRayEndpoint;
vi.setConfig({ testTimeout: 120_000 }); // processes, each started anew, and the SDK's own waits
beforeAll(buildProgram);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-xray-"));
  collector = await startCollector({ port: 0, dataDir: join(folder, "data") });
  xray = await startXRay();
});
afterEach(async () => {
  xray.close();
  await collector.close();
  await rm(folder, { recursive: true });
});

const now = Math.floor(Date.now() / 1000);
const traceIdAt = (seconds: number, number: number): string =>
  seconds.toString(16).padStart(8, "0") + number.toString(16).padStart(24, "0");
const spanId = (number: number): string => number.toString(16).padStart(16, "0");

interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind?: number;
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

const store = async (service: string, spans: readonly Sent[]): Promise<void> => {
  const body = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeSpans: [
          {
            spans: spans.map(({ attributes = {}, ...span }) => ({
              kind: 2,
              name: "handler",
              startTimeUnixNano: `${now}000000001`,
              endTimeUnixNano: `${now + 1}000000000`,
              attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
              ...span,
            })),
          },
        ],
      },
    ],
  };
  const answer = await fetch(`${collector.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
};

const exportXRay = (...flags: string[]): Promise<Ended> =>
  mayfly(["export", "xray", "--endpoint", xray.url, "--url", collector.url, ...flags], { env: CREDENTIALS });

test("what is stored is X-Ray's: services as segments, their calls as subsegments, fifty a call, throttled or not", async () => {
  const traceId = traceIdAt(now, 1);
  await store("orders", [
    { traceId, spanId: spanId(1) },
    { traceId, spanId: spanId(2), parentSpanId: spanId(1), kind: 3, attributes: { "peer.service": "billing" } },
  ]);
  await store("billing", [
    { traceId, spanId: spanId(3), parentSpanId: spanId(2), kind: 5, attributes: { order: "o" } },
  ]);
  const many = Array.from({ length: 60 }, (_, n) => ({ traceId: traceIdAt(now, 2), spanId: spanId(100 + n) }));
  await store("many", many);
  xray.throttled = new Set([1]);

  expect(await exportXRay("--annotation", "order")).toMatchObject({
    code: 0,
    stdout:
      "sent 63 segments of 2 traces; left out 0 of X-Ray's own, 0 traces for their ids, 0 too large; 0 shortened, 0 refused\n",
  });
  expect(xray.calls.slice(1)).toEqual(["PutTraceSegments 50", "PutTraceSegments 13"]);
  const byId = new Map(xray.stored.map((document) => [document["id"], document]));
  expect(byId.get(spanId(1))).toMatchObject({ name: "orders" });
  expect(byId.get(spanId(2))).toMatchObject({ name: "billing", type: "subsegment", namespace: "remote" });
  expect(byId.get(spanId(3))).toMatchObject({ name: "billing", parent_id: spanId(2), annotations: { order: "o" } });
  expect(byId.get(spanId(3))).not.toHaveProperty("type");
});

test("X-Ray's own evidence stays, ids that it would refuse are named, what it refuses is told with its reason", async () => {
  const traceId = traceIdAt(now, 1);
  const foreign = "f".repeat(32);
  await store("orders", [
    { traceId, spanId: spanId(1) },
    { traceId, spanId: spanId(2), parentSpanId: spanId(1), attributes: { "mayfly.evidence": "xray" } },
    { traceId, spanId: spanId(3), parentSpanId: spanId(1) },
    { traceId, spanId: spanId(4), parentSpanId: spanId(1) },
    { traceId: foreign, spanId: spanId(5) },
  ]);
  xray.refused.set(spanId(3), { times: 1, code: "ThrottlingException" });
  xray.refused.set(spanId(4), { times: 100, code: "InvalidSegment" });

  const { code, stdout, stderr } = await exportXRay();

  expect([code, stdout]).toEqual([
    1,
    "sent 2 segments of 1 traces; left out 1 of X-Ray's own, 1 traces for their ids, 0 too large; 0 shortened, 1 refused\n",
  ]);
  expect(stderr).toContain(`trace ${foreign}: X-Ray takes ids only that begin with the time of the trace`);
  expect(stderr).toContain(`span ${spanId(4)}: X-Ray did not take it: InvalidSegment: as the test asks`);
  expect(xray.stored.map((document) => String(document["id"])).toSorted()).toEqual([spanId(1), spanId(3)]);

  expect((await exportXRay("--any-trace-id", "--trace", foreign)).stdout).toMatch(
    /^sent 0 segments of 1 traces; .*1 refused/,
  );
  expect((await mayfly(["export", "xray", "--help"])).stdout).toContain("xray:PutTraceSegments");
});
