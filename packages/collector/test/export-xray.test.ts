/** `mayfly export xray`, with the real SDK, from a real collector to an X-Ray that enforces its protocol. */
import { expect, test } from "vitest";
import { awsRig } from "./aws-rig.ts";
import { startXRay } from "./xray-endpoint.ts";

const rig = awsRig(["export", "xray"], startXRay);

const now = Math.floor(Date.now() / 1000);
const traceIdAt = (seconds: number, number: number): string =>
  seconds.toString(16).padStart(8, "0") + number.toString(16).padStart(24, "0");
const spanId = (number: number): string => number.toString(16).padStart(16, "0");

test("what is stored is X-Ray's: services as segments, their calls as subsegments, fifty a call, throttled or not", async () => {
  const traceId = traceIdAt(now, 1);
  await rig.store(
    "orders",
    { traceId, spanId: spanId(1) },
    { traceId, spanId: spanId(2), parentSpanId: spanId(1), kind: 3, attributes: { "peer.service": "billing" } },
  );
  await rig.store("billing", {
    traceId,
    spanId: spanId(3),
    parentSpanId: spanId(2),
    kind: 5,
    attributes: { order: "o" },
  });
  const many = Array.from({ length: 60 }, (_, n) => ({ traceId: traceIdAt(now, 2), spanId: spanId(100 + n) }));
  await rig.store("many", ...many);
  rig.aws.throttled = new Set([1]);

  expect(await rig.run("--annotation", "order")).toMatchObject({
    code: 0,
    stdout:
      "sent 63 segments of 2 traces; left out 0 of X-Ray's own, 0 traces for their ids, 0 too large; 0 shortened, 0 refused\n",
  });
  expect(rig.aws.calls.slice(1)).toEqual(["PutTraceSegments 50", "PutTraceSegments 13"]);
  const byId = new Map(rig.aws.stored.map((document) => [document["id"], document]));
  expect(byId.get(spanId(1))).toMatchObject({ name: "orders" });
  expect(byId.get(spanId(2))).toMatchObject({ name: "billing", type: "subsegment", namespace: "remote" });
  expect(byId.get(spanId(3))).toMatchObject({ name: "billing", parent_id: spanId(2), annotations: { order: "o" } });
  expect(byId.get(spanId(3))).not.toHaveProperty("type");
});

test("X-Ray's own evidence stays, ids that it would refuse are named, what it refuses is told with its reason", async () => {
  const traceId = traceIdAt(now, 1);
  const foreign = "f".repeat(32);
  await rig.store(
    "orders",
    { traceId, spanId: spanId(1) },
    { traceId, spanId: spanId(2), parentSpanId: spanId(1), attributes: { "mayfly.evidence": "xray" } },
    { traceId, spanId: spanId(3), parentSpanId: spanId(1) },
    { traceId, spanId: spanId(4), parentSpanId: spanId(1) },
    { traceId: foreign, spanId: spanId(5) },
  );
  rig.aws.refused.set(spanId(3), { times: 1, code: "ThrottlingException" });
  rig.aws.refused.set(spanId(4), { times: 100, code: "InvalidSegment" });

  const { code, stdout, stderr } = await rig.run();

  expect([code, stdout]).toEqual([
    1,
    "sent 2 segments of 1 traces; left out 1 of X-Ray's own, 1 traces for their ids, 0 too large; 0 shortened, 1 refused\n",
  ]);
  expect(stderr).toContain(`trace ${foreign}: X-Ray takes ids only that begin with the time of the trace`);
  expect(stderr).toContain(`span ${spanId(4)}: X-Ray did not take it: InvalidSegment: as the test asks`);
  expect(rig.aws.stored.map((document) => String(document["id"])).toSorted()).toEqual([spanId(1), spanId(3)]);

  expect((await rig.run("--any-trace-id", "--trace", foreign)).stdout).toMatch(
    /^sent 0 segments of 1 traces; .*1 refused/,
  );
  expect((await rig.run("--help")).stdout).toContain("xray:PutTraceSegments");
});
