import { describe, expect, test } from "vitest";
import { batch, seen, span, spanId, traceId } from "../../test/builders.ts";
import { arrived, at, stored } from "../../test/stitched.ts";
import type { SpanRecord } from "../model/span.ts";
import { rootOfTraceId } from "../model/xray-header.ts";
import { findTrace } from "../query/find.ts";
import { findInvocation } from "../query/invocation.ts";
import type { Store } from "../store/store.ts";

/** X-Ray's own ids: the trace of a Root, Lambda's segment for a function, and who that function was called by. */
const traced = (root: string, segment: string, parent?: string) => ({
  trace: {
    traceId: traceId(root),
    segmentId: spanId(segment),
    ...(parent !== undefined && { parentId: spanId(parent) }),
  },
});

const report = (atMs: number, durationMs: number, facts: object = {}, more: object = {}) => ({
  stage: "report" as const,
  atMs,
  facts: { status: "success" as const, durationMs, billedDurationMs: Math.ceil(durationMs), ...facts },
  ...more,
});
const start = (atMs: number, more: object = {}) => ({ stage: "start" as const, atMs, ...more });

const invocation = (name: string, request: string, more: object = {}): SpanRecord =>
  span(name, {
    trace: name,
    in: name,
    request,
    kind: 2,
    consumes: [`lambda-request ${request}`],
    at: at(5, 95),
    ...more,
  });

/** What is told of each invocation of the story. */
const told = async (store: Store, id: string) => {
  const found = await findTrace(store, id);
  return found?.trace.parts.map(({ unit: { root, platform } }) => [
    root.wire.name,
    platform?.facts.billedDurationMs,
    platform?.isAlone ?? "not seen",
  ]);
};

const inBothOrders = async (
  spans: readonly SpanRecord[],
  check: (story: Awaited<ReturnType<typeof stored>>) => Promise<void>,
) => {
  for (const order of [spans, spans.toReversed()]) await check(await stored(...order));
};

describe("what Lambda says of an invocation", () => {
  test("is brought to its span, whatever trace it is in, and is no second invocation", async () => {
    const spans = [invocation("orders", "r"), ...seen("orders", "r", start(0), report(100, 100))];
    await inBothOrders(spans, async ({ store, rows, ask }) => {
      expect(await told(store, "r")).toEqual([["orders", 100, false]]);
      expect(await ask("r")).toMatchObject({ spans: ["orders"], gaps: [] });
      expect(await rows()).toEqual(["orders (1)"]);
      expect((await findInvocation(store, "r")).length).toBe(1);
    });
  });

  test("leads to it by every id of its own", async () => {
    const spans = [invocation("orders", "r"), ...seen("orders", "r", report(100, 100, {}, traced("X", "segment")))];
    const { store } = await stored(...spans);
    for (const id of [
      traceId("X"),
      `${traceId("X")}.${spanId("segment")}`,
      `xray-root||${rootOfTraceId(traceId("X"))}`,
    ])
      expect([id, await told(store, id)]).toEqual([id, [["orders", 100, false]]]);
  });

  test("is one report where it came in pieces, apart, and twice by different ways", async () => {
    const pieces = [
      ...seen("orders", "r", start(0)),
      ...seen("orders", "r", { stage: "done", atMs: 99, facts: { producedBytes: 7, durationMs: 98 } }),
      ...seen("orders", "r", report(103, 100, { maxMemoryUsedMb: 64 })),
      ...seen("orders", "r", report(104, 100.2, { memorySizeMb: 128 }, traced("X", "segment"))),
    ];
    for (const spans of [[...pieces, invocation("orders", "r")], pieces]) {
      await inBothOrders(spans, async ({ store, rows }) => {
        const found = await findTrace(store, "r");
        expect(found?.trace.parts.map(({ unit }) => unit.platform?.facts)).toEqual([
          expect.objectContaining({ producedBytes: 7, maxMemoryUsedMb: 64, memorySizeMb: 128 }),
        ]);
        expect(await rows()).toEqual(["orders (1)"]);
      });
    }
  });

  test("counts as an error where its span does not say it failed", async () => {
    const failed = { status: "timeout" as const };
    const spans = [invocation("orders", "r"), ...seen("orders", "r", start(0), report(100, 100, failed))];
    const { list } = await stored(...spans);
    expect((await list({ limit: 10 })).traces).toMatchObject([{ spanCount: 1, errorCount: 1 }]);
    expect((await list({ limit: 10, status: "error" })).traces).toHaveLength(1);
    const [orders, evidence] = [
      invocation("orders", "r", { error: true }),
      seen("orders", "r", report(100, 100, failed)),
    ];
    expect((await (await stored(orders, ...evidence)).list({ limit: 10 })).traces).toMatchObject([{ errorCount: 1 }]);
  });

  test("counts as a cold start where its span does not say it was one", async () => {
    const { list } = await stored(
      invocation("orders", "r"),
      ...seen("orders", "r", report(100, 100, { initDurationMs: 300 })),
    );
    expect((await list({ limit: 10 })).traces).toMatchObject([{ coldStarts: 1 }]);
  });
});

describe("attempts of one asynchronous event", () => {
  const MINUTE = 60_000;
  const attempts = [
    ...seen("orders", "r", start(0), report(3_000, 3_000, { status: "timeout" })),
    ...seen("orders", "r", start(MINUTE), report(MINUTE + 100, 100)),
  ];

  test("are told apart by their time: the one that left no span stands without", async () => {
    const second = invocation("orders", "r", { at: at(MINUTE + 5, MINUTE + 95) });
    await inBothOrders([...attempts, second], async ({ store }) => {
      const found = await findInvocation(store, "r");
      expect(found.map(({ unit: { platform } }) => [platform?.facts.status, platform?.isAlone])).toEqual([
        ["timeout", true],
        ["success", false],
      ]);
    });
  });

  test("stand alone each where none left a span, and a start belongs to the end that follows", async () => {
    const pieces = [
      ...seen("orders", "r", start(0)),
      ...seen("orders", "r", { stage: "fault", atMs: 20_000, facts: { status: "failure" } }),
      ...seen("orders", "r", start(2 * MINUTE)),
    ];
    await inBothOrders(pieces, async ({ store }) => {
      const found = await findInvocation(store, "r");
      expect(found.map(({ unit: { platform } }) => platform?.facts.status)).toEqual(["failure", undefined]);
    });
  });
});

describe("an invocation without spans", () => {
  test("is in the trace of whoever called it, by the id that both saw", async () => {
    const call = span("invoke", {
      trace: "api",
      parent: "api",
      in: "api",
      produces: ["lambda-request r"],
      kind: 3,
      at: at(10),
    });
    const spans = [invocation("api", "r-api", { at: at(0, 50) }), call, ...seen("charge", "r", report(40, 20))];
    await inBothOrders(spans, async ({ ask, store }) => {
      expect(await ask("r-api")).toMatchObject({
        spans: ["api", "charge", "invoke"],
        joins: ["invoke continues charge by lambda-request+lambda-request"],
        gaps: ["uninstrumented-function"],
      });
      expect(await told(store, "r-api")).toEqual([
        ["api", undefined, "not seen"],
        ["charge", 20, true],
      ]);
    });
  });

  test("is joined to its sender by the segment that Lambda's header names", async () => {
    const chain = [
      ...seen("a", "r-a", report(100, 100, {}, traced("X", "segment a", "nobody's"))),
      ...seen("b", "r-b", report(90, 50, {}, traced("X", "segment b", "segment a"))),
      ...seen("c", "r-c", report(80, 20, {}, traced("X", "segment c", "segment b"))),
    ];
    await inBothOrders(chain, async ({ ask, rows }) => {
      expect(await ask("r-c")).toMatchObject({
        spans: ["a", "b", "c"],
        joins: ["a continues b by parent", "b continues c by parent"],
        gaps: ["uninstrumented-function", "uninstrumented-function", "uninstrumented-function"],
      });
      expect(await rows()).toEqual(["a (3)"]);
    });
  });

  test("is joined by the Root alone where the header names no sender that is known", async () => {
    const chain = [
      ...seen("a", "r-a", report(100, 100, {}, traced("X", "segment a"))),
      ...seen("b", "r-b", report(90, 50, {}, traced("X", "segment b", "somebody"))),
    ];
    await inBothOrders(chain, async ({ ask }) => {
      expect(await ask("r-b")).toMatchObject({ spans: ["a", "b"], joins: ["a continues b by xray-root"] });
    });
  });

  test("is joined to a function that sends spans in a trace of its own", async () => {
    const spans = [
      invocation("orders", "r"),
      ...seen("orders", "r", report(100, 100, {}, traced("X", "segment"))),
      ...seen("by parent", "r-1", report(80, 20, {}, traced("X", "segment 1", "segment"))),
      ...seen("by root", "r-2", report(85, 20, {}, traced("X", "segment 2", "lost"))),
    ];
    await inBothOrders(spans, async ({ ask, rows }) => {
      for (const id of ["r", "r-1", "r-2", traceId("X")])
        expect([id, await ask(id)]).toMatchObject([
          id,
          {
            spans: ["by parent", "by root", "orders"],
            joins: ["orders continues by parent by parent", "orders continues by root by xray-root"],
          },
        ]);
      expect(await rows()).toEqual(["orders (3)"]);
    });
  });

  test("becomes what its span says as soon as that comes", async () => {
    const evidence = seen("orders", "r", report(100, 100));
    const { store, rows, summarizer } = await stored(...evidence);
    expect(await told(store, "r")).toEqual([["orders", 100, true]]);
    expect(await rows()).toEqual(["orders (1)"]);
    await store.append(
      batch([invocation("orders", "r"), span("query", { trace: "orders", parent: "orders", in: "orders" })]),
    );
    await summarizer.catchUp();
    expect(await rows()).toEqual(["orders (2)"]);
  });

  test("is found by what Lambda says of it", async () => {
    const { list } = await stored(...seen("orders", "r", report(100, 100, { status: "timeout" })));
    const { traces } = await list({ limit: 10, function: "orders", status: "error" });
    expect(traces.map(({ name, errorCount }) => [name, errorCount])).toEqual([["orders", 1]]);
  });
});

test("a function whose span has Lambda's segment as its parent misses none", async () => {
  const own = invocation("orders", "r", { trace: "X", parent: "segment", isRemote: true });
  const spans = [
    own,
    ...seen("orders", "r", report(100, 100, {}, traced("X", "segment", "segment a"))),
    ...seen("a", "r-a", report(120, 120, {}, traced("X", "segment a"))),
  ];
  await inBothOrders(spans, async ({ ask }) => {
    expect(await ask("r")).toMatchObject({
      spans: ["a", "orders"],
      joins: ["a continues orders by parent"],
      gaps: ["uninstrumented-function"],
    });
  });
});

describe("what X-Ray saw", () => {
  const fromXRay = { attributes: { "mayfly.evidence": "xray" }, trace: "X", at: at(2, 99) };
  const segment = span("segment", { ...fromXRay, in: "orders", request: "r", kind: 2, consumes: ["lambda-request r"] });
  const call = span("SQS", {
    ...fromXRay,
    in: "orders",
    parent: "segment",
    kind: 3,
    produces: ["sqs-message m"],
    at: at(50, 60),
  });
  const consumer = span("ship", {
    trace: "ship",
    in: "ship",
    request: "r-ship",
    consumes: ["sqs-message m", "lambda-request r-ship"],
    at: at(80, 90),
  });
  const callee = span("below", { ...fromXRay, in: "below", parent: "SQS", isRemote: true, kind: 2, at: at(55, 58) });

  test("is brought to the invocation's span, and what it saw sent is joined there", async () => {
    const spans = [
      invocation("orders", "r"),
      segment,
      call,
      consumer,
      callee,
      ...seen("orders", "r", report(100, 100)),
    ];
    await inBothOrders(spans, async ({ ask, rows, store }) => {
      expect(await ask("r")).toMatchObject({
        spans: ["below", "orders", "ship"],
        joins: ["orders continues below by parent", "orders continues ship by sqs-message+sqs-message"],
      });
      expect(await rows()).toEqual(["orders (3)"]);
      expect((await findInvocation(store, "r")).length).toBe(1);
    });
  });

  test("has the id by which Lambda names the segment, and is not taken for what Lambda says", async () => {
    const lambdas = seen("orders", "r", report(100, 100, {}, traced("X", "segment")));
    await inBothOrders([segment, call, ...lambdas], async ({ store, ask }) => {
      expect(await told(store, "r")).toEqual([["segment", 100, false]]);
      expect(await ask("r")).toMatchObject({ spans: ["SQS", "segment"] });
    });
  });

  test("says no more than the span that sent it", async () => {
    const send = span("send", {
      trace: "orders",
      parent: "orders",
      in: "orders",
      kind: 4,
      produces: ["sqs-message m"],
      at: at(50),
    });
    await inBothOrders([invocation("orders", "r"), send, segment, call, consumer], async ({ ask }) => {
      expect(await ask("r")).toMatchObject({ joins: ["send continues ship by sqs-message+sqs-message"] });
    });
  });

  test("are a function's spans where it sends none itself, with what Lambda says of it", async () => {
    await inBothOrders([segment, call, consumer, ...seen("orders", "r", report(100, 100))], async ({ ask, store }) => {
      expect(await ask("r")).toMatchObject({ spans: ["SQS", "segment", "ship"], gaps: [] });
      expect((await told(store, "r"))?.[0]).toEqual(["segment", 100, false]);
    });
  });
});

test("one id for everything tells nothing: evidence of it stays where it is", async () => {
  const spans = Array.from({ length: 60 }, (_, n) => invocation(`f${n}`, "test"));
  const { store } = await arrived([[...spans, ...seen("f0", "test", report(100, 100))]]);
  const all = await told(store, `${traceId("f0")}.${spanId("f0")}`);
  expect(all).toHaveLength(61);
  expect(all?.filter(([, , sight]) => sight !== "not seen")).toEqual([]);
});

test("what arrived is given back as it arrived", async () => {
  const pieces = [...seen("orders", "r", start(0)), ...seen("orders", "r", report(103, 100))];
  const { store } = await stored(...pieces);
  const found = await findTrace(store, "r");
  const sent = found?.trace.parts.flatMap(({ unit }) => unit.platform?.spans ?? []);
  expect(sent?.map(({ wire }) => wire)).toEqual(pieces.map(({ wire }) => wire));
});
