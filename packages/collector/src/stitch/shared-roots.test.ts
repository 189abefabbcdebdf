import { describe, expect, test } from "vitest";
import type { SpanRecord } from "../model/span.ts";
import { rootOfTraceId } from "../model/xray-header.ts";
import { type SpanSpec, batch, seen, span, spanId, traceId } from "../../test/builders.ts";
import { at, id, sentOrders, stored } from "../../test/stitched.ts";

/** The first order's trace id is the Root that Lambda hands the batch. */
const ROOT = "t1";
const saidRoot = `xray-root ${rootOfTraceId(traceId(ROOT))}`;

/** As our SDK tells of it, with a record span for each message. */
const ourBatch = (messages: readonly string[], more: SpanSpec = {}): readonly SpanRecord[] => [
  span("batch", {
    trace: "b",
    in: "payment",
    request: "r-batch",
    consumes: [...messages.map((one) => `sqs-message ${one}`), "lambda-request r-batch", saidRoot],
    batch: messages.length,
    at: at(5_000, 5_060),
    ...more,
  }),
  ...messages.map((one) =>
    span(`record ${one}`, {
      trace: "b",
      parent: "batch",
      in: "payment",
      request: "r-batch",
      consumes: [`sqs-message ${one}`],
      at: at(5_001),
    }),
  ),
];
const both = ourBatch(["m1", "m2"]);

/** As @opentelemetry/instrumentation-aws-lambda does with the propagator `xray-lambda`: Lambda's own segment is the parent. */
const officialBatch = (parent: string): readonly SpanRecord[] => [
  span("batch", {
    trace: ROOT,
    parent,
    isRemote: true,
    in: "payment",
    attributes: { "faas.invocation_id": "r-batch" },
    kind: 2,
    at: at(5_000, 5_060),
  }),
  span("process orders", {
    trace: ROOT,
    parent: "batch",
    in: "payment",
    kind: 5,
    batch: 2,
    attributes: { "messaging.system": "aws_sqs", "messaging.operation.type": "process" },
    at: at(5_000, 5_060),
  }),
];

/** Of whom Lambda alone tells that it had the Root. */
const seenBatch: readonly SpanRecord[] = [
  span("batch", {
    trace: "b",
    in: "payment",
    request: "r-batch",
    kind: 5,
    consumes: ["lambda-request r-batch"],
    batch: 2,
    at: at(5_000, 5_060),
  }),
  ...seen("payment", "r-batch", {
    stage: "start",
    atMs: 5_000,
    trace: { traceId: traceId(ROOT), parentId: spanId("a segment") },
  }),
];

/** A function that was called with the Root, and not by our SDK: nothing else is known of its caller. */
const ship = (startMs: number, more: SpanSpec = {}): SpanRecord =>
  span("ship", {
    trace: ROOT,
    in: "ship",
    attributes: { "faas.invocation_id": "r-ship" },
    kind: 2,
    at: at(startMs),
    ...more,
  });

const takenFromHeader: SpanSpec = { parent: "Lambda's segment", isRemote: true };

describe.each([
  ["says so itself", both],
  ["took the header for its parent", officialBatch("a segment")],
  ["is seen by Lambda", seenBatch],
])("a batch that %s had a Root of one of its transactions", (_, batchSpans) => {
  test.each([
    ["without a parent", {}],
    ["with Lambda's segment as its parent", takenFromHeader],
  ])("is why a callee %s, which has nothing else, is in nobody's story", async (__, more) => {
    const all = [...sentOrders, ...batchSpans, ship(5_100, more)];
    for (const spans of [all, all.toReversed()]) {
      const { ask, rows } = await stored(...spans);
      expect(await ask("r-ship")).toMatchObject({ id: id(ROOT, "ship"), spans: ["ship"] });
      expect((await ask("r1"))?.spans).not.toContain("ship");
      expect(await rows()).toContain("ship (1)");
    }
  });

  test("says nothing of what the same Root called long before the batch began", async () => {
    for (const more of [{}, takenFromHeader]) {
      const { ask } = await stored(...sentOrders, ...batchSpans, ship(200, more));
      expect((await ask("r-ship"))?.id).toBe(id(ROOT, "order 1"));
    }
  });

  test("is known when it comes after a row was made of what it called", async () => {
    const { ask, rows, store } = await stored(...sentOrders, ship(5_100));
    expect(await rows()).toEqual(["order 2 (2)", "order 1 (3)"]);
    await store.append(batch(batchSpans));
    expect((await ask("r1"))?.spans).not.toContain("ship");
    expect(await rows()).toContain("ship (1)");
    expect((await rows()).join()).not.toContain("order 1 (3)");
  });
});

test("two callees with the Root of a batch are of different stories, as far as one knows", async () => {
  const other = span("bill", { trace: ROOT, in: "bill", request: "r-bill", kind: 2, at: at(5_110) });
  const { ask } = await stored(...sentOrders, ...both, ship(5_100), other);
  expect((await ask("r-ship"))?.spans).toEqual(["ship"]);
  expect((await ask("r-bill"))?.spans).toEqual(["bill"]);
});

test("a batch of one message has that message's Root", async () => {
  const { ask } = await stored(...sentOrders, ...ourBatch(["m1"]), ship(5_100));
  expect((await ask("r-ship"))?.id).toBe(id(ROOT, "order 1"));
});

test("a batch of which one invocation sent every message has that one's Root", async () => {
  const more = ["m3", "m4"].map((one) =>
    span(`send ${one}`, { trace: ROOT, parent: "order 1", in: "api", produces: [`sqs-message ${one}`], at: at(6) }),
  );
  const { ask } = await stored(...sentOrders, ...more, ...ourBatch(["m1", "m3", "m4"]), ship(5_100));
  expect((await ask("r-ship"))?.id).toBe(id(ROOT, "order 1"));
  const { ask: askMixed } = await stored(...sentOrders, ...more, ...ourBatch(["m1", "m3", "m2"]), ship(5_100));
  expect((await askMixed("r-ship"))?.spans).toEqual(["ship"]);
  const { ask: askUnknown } = await stored(...sentOrders, ...more, ...ourBatch(["m1", "m3", "m9"]), ship(5_100));
  expect((await askUnknown("r-ship"))?.spans).toEqual(["ship"]);
});

test("an id of a record's call leads through the Root of a batch to that record's transaction", async () => {
  const put = span("put", {
    trace: "b",
    parent: "record m2",
    in: "payment",
    produces: ["eventbridge-event e"],
    at: at(5_003),
  });
  const told = ship(5_100, { consumes: ["eventbridge-event e", "lambda-request r-ship"] });
  const { ask } = await stored(...sentOrders, ...both, put, told);
  expect((await ask("r-ship"))?.id).toBe(id("t2", "order 2"));
  expect((await ask("r1"))?.spans).not.toContain("ship");
});

test("what the invocation calls outside of its records is of the batch, and of none of its transactions", async () => {
  const put = span("put", {
    trace: "b",
    parent: "batch",
    in: "payment",
    produces: ["eventbridge-event e"],
    at: at(5_003),
  });
  const told = span("report", {
    trace: ROOT,
    in: "report",
    request: "r-report",
    consumes: ["eventbridge-event e"],
    at: at(5_100),
  });
  const { ask } = await stored(...sentOrders, ...both, put, told);
  expect(await ask("r-report")).toMatchObject({ id: id("b", "batch"), memberOf: 2 });
  for (const one of ["r1", "r2"]) expect((await ask(one))?.spans).not.toContain("report");
});

describe("the header's parent, where Lambda hands on what it was given", () => {
  test("makes a batch one of many that the span led to", async () => {
    const { ask } = await stored(...sentOrders, ...officialBatch("send 1"));
    expect(await ask("r1")).toMatchObject({
      id: id("t1", "order 1"),
      spans: ["batch", "order 1", "send 1"],
      joins: ["send 1 links batch by parent"],
      gaps: ["batch-without-records"],
    });
    expect(await ask("r-batch")).toMatchObject({ id: id(ROOT, "batch"), memberOf: 1 });
  });

  test("is not who called what the batch called", async () => {
    for (const spans of [both, officialBatch("send 1")]) {
      const { ask } = await stored(...sentOrders, ...spans, ship(5_100, { parent: "send 1", isRemote: true }));
      expect((await ask("r-ship"))?.spans).toEqual(["ship"]);
      expect((await ask("r1"))?.spans).not.toContain("ship");
    }
  });

  test("is not who called what Lambda alone tells of", async () => {
    const header = { traceId: traceId(ROOT), parentId: spanId("send 1") };
    const { ask } = await stored(
      ...sentOrders,
      ...both,
      ...seen("ship", "r-ship", { stage: "start", atMs: 5_100, trace: header }),
    );
    expect((await ask("r-ship"))?.spans).toEqual(["ship"]);
  });

  test("is who called it where our SDK says so, which takes no parent from a header", async () => {
    const { ask } = await stored(
      ...sentOrders,
      ...both,
      ship(5_100, { parent: "send 1", isRemote: true, consumes: ["lambda-request r-ship"] }),
    );
    expect((await ask("r-ship"))?.id).toBe(id("t1", "order 1"));
  });
});

test("a message that a handler fetched itself is no trigger: its caller is its parent", async () => {
  const { ask } = await stored(
    span("front", { in: "front", request: "r-front", at: at(0) }),
    span("GET /next", { parent: "front", isRemote: true, in: "poller", request: "r-poll", kind: 2, at: at(5, 50) }),
    span("orders receive", {
      parent: "GET /next",
      in: "poller",
      kind: 5,
      batch: 3,
      attributes: { "messaging.system": "aws_sqs", "messaging.operation.type": "receive" },
      at: at(6),
    }),
  );
  expect((await ask("r-poll"))?.joins).toEqual(["front continues GET /next by parent"]);
});
