import { expect, test } from "vitest";
import { placeOrder } from "../src/traffic.ts";
import { ORDER, startRig } from "./rig.ts";

test("a batch keeps its orders apart, and asked by its request id it names the stories it worked for", async () => {
  const { lab, trace, traces } = await startRig({ batchSize: 10 });
  await Promise.all(Array.from({ length: 5 }, () => placeOrder(lab.httpUrl, ORDER)));
  await lab.idle();

  const rows = (await traces()).traces;
  expect(rows.map((row) => row.name)).toEqual(Array.from({ length: 5 }, () => "POST /orders"));
  for (const row of rows) expect(row.requestIds.filter((id) => requestsOf("api").includes(id))).toHaveLength(1);

  const batch = lab.truth.deliveries.find(
    (delivery) => delivery.functionName === "payment" && delivery.causes.length > 1,
  );
  if (batch === undefined) throw new Error("no two orders came in one batch");
  const detail = await trace(batch.requestId);
  expect(detail.name).toBe("process orders");
  expect(detail.memberOf).toHaveLength(batch.causes.length);
  expect(new Set(detail.memberOf)).toEqual(
    new Set(rows.filter((row) => row.requestIds.includes(batch.requestId)).map((row) => row.id)),
  );

  // Each link of the batch says which message brought it, and so does the join that comes of it.
  for (const row of rows.filter((one) => one.requestIds.includes(batch.requestId))) {
    const { spans, joins } = await trace(row.id);
    const join = joins.find(({ relation, key }) => relation === "links" && key?.kind === "sqs-message");
    const joined = spans.find(({ traceId, spanId }) => traceId === join?.to.traceId && spanId === join.to.spanId);
    const link = joined?.links.find(({ spanId }) => join && "spanId" in join.from && spanId === join.from.spanId);
    expect(link?.attributes).toEqual({ "messaging.message.id": join?.key?.id });
  }

  function requestsOf(name: string): string[] {
    return lab.truth.deliveries.filter((delivery) => delivery.functionName === name).map((one) => one.requestId);
  }
});

test("a message that SQS delivers twice is handled twice in one story, and ships once", async () => {
  const { lab, order, traces, trace } = await startRig({ duplicateDeliveries: 1 });
  await order();
  const requestsOf = (name: string): string[] =>
    lab.truth.deliveries.filter((delivery) => delivery.functionName === name).map((one) => one.requestId);
  expect(requestsOf("payment")).toHaveLength(2);
  expect(requestsOf("fulfil")).toHaveLength(2);
  for (const name of ["reserve", "charge", "ship", "notify"])
    expect([name, requestsOf(name).length]).toEqual([name, 1]);
  expect(lab.truth.deliveries.map(({ outcome }) => outcome)).toEqual(lab.truth.deliveries.map(() => "success"));

  const rows = (await traces()).traces;
  expect(rows).toHaveLength(1);
  const detail = await trace(rows[0]?.id ?? "");
  expect(detail.requestIds).toEqual(expect.arrayContaining([...requestsOf("payment"), ...requestsOf("fulfil")]));
  const starts = detail.spans.filter((span) => span.name === "StartExecution fulfilment");
  const errors = starts.map((span) => span.attributes["error.type"]);
  expect(errors).toHaveLength(2);
  // A start that repeats a running execution is answered with it; once that has ended, it is refused.
  expect(errors.filter((error) => error !== undefined && error !== "ExecutionAlreadyExists")).toEqual([]);
  expect(errors).toContain(undefined);
});
