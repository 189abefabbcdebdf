import type { Gap } from "@mayfly/api";
import { describe, expect, test } from "vitest";
import type { SpanRecord } from "../model/span.ts";
import { rootOfTraceId } from "../model/xray-header.ts";
import { findTrace } from "../query/find.ts";
import { rewired, span, spanId, traceId } from "../../test/builders.ts";
import { LATER, at, id, stored } from "../../test/stitched.ts";
import { gapsOf } from "./gaps.ts";

const gapsAt = async (asked: string, ...spans: readonly SpanRecord[]): Promise<readonly Gap[]> => {
  const { store } = await stored(...spans);
  const found = await findTrace(store, asked);
  return found ? gapsOf(found.trace, found.graph, LATER) : [];
};

const where = ({ reason, at: place }: Gap) => [reason, `${place.traceId}.${place.spanId}`];

const api = span("api", { in: "api", request: "r-api", at: at(0) });
const send = (message = "m", kind = "sqs-message") =>
  span(`send ${message}`, { parent: "api", in: "api", kind: 4, produces: [`${kind} ${message}`], at: at(3) });

describe("dropped-context", () => {
  const worker = (more: Parameters<typeof span>[1] = {}) =>
    span("worker", { trace: "w", in: "worker", request: "r-work", consumes: ["sqs-message m"], at: at(40), ...more });

  test("a message whose id alone joins has lost its context, and what to do is said", async () => {
    const gaps = await gapsAt("r-api", api, send(), worker());
    expect(gaps.map(where)).toEqual([["dropped-context", id("w", "worker")]]);
    expect(gaps[0]).toMatchObject({
      key: { kind: "sqs-message", id: "m" },
      message: "worker received SQS message id m without its sender's trace context: the id alone joins them.",
      advice: expect.stringContaining("traceparent"),
    });
  });

  test.each([
    ["carried as the parent", worker({ trace: "t", parent: "send m", isRemote: true })],
    ["carried as a link", worker({ links: ["t/send m"] })],
    ["of somebody else's carried instead", worker({ parent: "elsewhere", isRemote: true })],
  ])("a context %s was not dropped", async (_, consumer) => {
    const gaps = await gapsAt("r-api", api, send(), consumer);
    expect(gaps.map((gap) => gap.reason)).not.toContain("dropped-context");
  });

  test("a state of Step Functions, which can put none on its messages, has dropped none", async () => {
    const sent = span("Ask", {
      parent: "api",
      in: "api",
      produces: ["sqs-message m"],
      attributes: { "mayfly.sfn.state.type": "Task", "mayfly.sfn.resource": "sqs:sendMessage" },
      at: at(3),
    });
    expect(await gapsAt("r-api", api, sent, worker())).toEqual([]);
  });

  test("a record of a batch loses its own, whatever the others have", async () => {
    const records = ["m", "n"].map((one) =>
      span(`record ${one}`, {
        trace: "b",
        parent: "batch",
        in: "worker",
        request: "r",
        consumes: [`sqs-message ${one}`],
        at: at(41),
      }),
    );
    const batch = span("batch", {
      trace: "b",
      in: "worker",
      request: "r",
      consumes: ["sqs-message m", "sqs-message n"],
      links: ["u/send n"],
      batch: 2,
      at: at(40, 60),
    });
    const gaps = await gapsAt("r-api", api, send(), batch, ...records);
    expect(gaps.map(where)).toEqual([["dropped-context", id("b", "record m")]]);
  });

  test("what puts a context on nothing unless it is asked to has dropped none", async () => {
    const fulfil = span("fulfil", {
      trace: "f",
      in: "fulfil",
      request: "r-f",
      consumes: ["eventbridge-event e"],
      at: at(40),
    });
    expect(await gapsAt("r-api", api, send("e", "eventbridge-event"), fulfil)).toEqual([]);
  });

  test("a message that several functions received without it has one, at the first of them", async () => {
    const receivers = ["mail", "stock", "audit"].map((name, n) =>
      span(name, { trace: name, in: name, request: `r-${name}`, consumes: ["sns-message m"], at: at(40 + n) }),
    );
    const gaps = await gapsAt("r-api", api, send("m", "sns-message"), ...receivers);
    expect(gaps.map(where)).toEqual([["dropped-context", id("mail", "mail")]]);
    expect(gaps[0]?.message).toBe(
      "mail and 2 other functions received SNS message id m without its sender's trace context: the id alone joins them.",
    );
  });

  test("a function has one, however often it ran", async () => {
    const runs = [1, 2, 3].map((n) =>
      span(`worker ${n}`, {
        trace: `w${n}`,
        in: "worker",
        request: `r${n}`,
        consumes: ["sqs-message m"],
        at: at(n * 40),
      }),
    );
    expect((await gapsAt("r-api", api, send(), ...runs)).map(where)).toEqual([
      ["dropped-context", id("w1", "worker 1")],
    ]);
  });
});

describe("xray-only-context", () => {
  /** As OpenTelemetry's instrumentation of Lambda tells of it: no message id, no context but the header's Root. */
  const ship = (startMs: number) =>
    span("ship", { in: "ship", kind: 2, attributes: { "faas.invocation_id": "r-ship" }, at: at(startMs) });

  test("a join by the Root alone does not know which span called", async () => {
    const gaps = await gapsAt("r-api", api, ship(30));
    expect(gaps.map(where)).toEqual([["xray-only-context", id("t", "ship")]]);
    expect(gaps[0]?.message).toBe(
      "ship shares nothing but the X-Ray Root with this transaction: which span called it is not known.",
    );
  });

  const orders = [1, 2].map((n) =>
    span(`send ${n}`, {
      trace: `t${n}`,
      in: "api",
      request: `r${n}`,
      kind: 4,
      produces: [`sqs-message m${n}`],
      at: at(n),
    }),
  );
  const batch = span("batch", {
    trace: "b",
    in: "payment",
    request: "r-batch",
    consumes: ["sqs-message m1", "sqs-message m2", `xray-root ${rootOfTraceId(traceId("t"))}`],
    links: ["t1/send 1", "t2/send 2"],
    batch: 2,
    at: at(5_000),
  });

  test("who has the Root of a batch alone is told of it, and what joins it to a record", async () => {
    const gaps = await gapsAt("r-ship", ...orders, batch, ship(5_020));
    expect(gaps.map(where)).toEqual([["xray-only-context", id("t", "ship")]]);
    expect(gaps[0]).toMatchObject({
      key: { kind: "xray-root", id: rootOfTraceId(traceId("t")) },
      message: expect.stringContaining("which payment had for 2 messages at once"),
      advice: expect.stringContaining("eachRecord"),
    });
  });

  test("who sent to that batch has the Root by itself", async () => {
    const first = span("send 1", { in: "api", request: "r1", kind: 4, produces: ["sqs-message m1"], at: at(4_990) });
    const gaps = await gapsAt("r1", first, ...orders.slice(1), batch);
    expect(gaps.map((gap) => gap.reason)).toEqual(["batch-without-records"]);
  });
});

describe("stale-context", () => {
  const old = span("old", { trace: "o", in: "api", request: "r-old", at: at(0) });
  const now = [
    span("new", { trace: "n", in: "api", request: "r-new", at: at(100, 130) }),
    span("send", { trace: "n", parent: "new", in: "api", kind: 4, produces: ["sqs-message m"], at: at(110) }),
  ];
  const worker = (more: Parameters<typeof span>[1]) =>
    span("worker", { trace: "o", in: "worker", request: "r-w", consumes: ["sqs-message m"], at: at(200), ...more });

  test.each([
    ["as its parent", worker({ parent: "old", isRemote: true })],
    ["as a link", worker({ trace: "w", links: ["o/old"] })],
  ])(
    "a message that carries the context of an earlier invocation %s is told where its id leads",
    async (_, consumer) => {
      const gaps = await gapsAt("r-new", old, ...now, consumer);
      expect(gaps.map((gap) => gap.reason)).toEqual(["stale-context"]);
      expect(gaps[0]).toMatchObject({
        key: { kind: "sqs-message", id: "m" },
        message: expect.stringContaining("worker carries the context of another invocation of api, which had ended"),
        advice: expect.stringContaining("within the handler"),
      });
      expect(await gapsAt("r-old", old, ...now, consumer)).toEqual([]);
    },
  );

  test("a context of the sender itself is not", async () => {
    expect(await gapsAt("r-new", old, ...now, worker({ trace: "n", parent: "send", isRemote: true }))).toEqual([]);
  });
});

describe("sampled-out", () => {
  const withAttribute = (one: SpanRecord, key: string, intValue: bigint): SpanRecord =>
    rewired(one, { attributes: [...one.wire.attributes, { key, value: { intValue } }] });

  test("calls that our SDK left out are counted", async () => {
    const gaps = await gapsAt("r-api", withAttribute(api, "mayfly.sdk.sampled_out_spans", 3n));
    expect(gaps.map(where)).toEqual([["sampled-out", id("t", "api")]]);
    expect(gaps[0]?.message).toBe("3 calls within api were left out by sampling; what they sent still joins.");
  });

  const called = span("called", { parent: "gone", isRemote: true, in: "called", request: "r", at: at(10) });
  test.each([
    ["an unsampled flag says why a parent never arrived", 0x300, "sampled-out"],
    ["a sampled one does not", 0x301, "missing-parent"],
    ["flags of a sender that sets none say nothing", 0, "missing-parent"],
  ])("%s", async (_, flags, reason) => {
    const gaps = await gapsAt("r", rewired(called, { flags }));
    expect(gaps.map(where)).toEqual([[reason, id("t", "called")]]);
  });
});

describe("what names an execution or no message at all", () => {
  const ARN = "arn:aws:states:eu-west-1:1:execution:m:1";

  test("an execution that nobody is said to have started has a gap that says what to import", async () => {
    const gaps = await gapsAt("r", span("task", { in: "task", request: "r", consumes: [`sfn-execution ${ARN}`] }));
    expect(gaps).toMatchObject([
      {
        reason: "unknown-producer",
        key: { kind: "sfn-execution", id: ARN },
        advice: expect.stringContaining(`--execution-arn ${ARN}`),
      },
    ]);
  });

  /** @opentelemetry/instrumentation-aws-lambda 0.76, of a message without a context. */
  const official = (links: readonly string[]) => [
    span("worker", { in: "worker", kind: 2, attributes: { "faas.invocation_id": "r-w" }, at: at(0) }),
    span("process orders", {
      parent: "worker",
      in: "worker",
      kind: 5,
      links,
      attributes: {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "process",
        "messaging.destination.name": "orders",
      },
      at: at(0),
    }),
  ];

  test("a message of which neither id nor context is told has a gap at the invocation that handled it", async () => {
    expect((await gapsAt("r-w", ...official([]))).map(where)).toEqual([["no-message-id", id("t", "worker")]]);
  });

  test("a context whose span never arrived is a missing parent, as a link too; one that arrived is none", async () => {
    const sender = span("send", { trace: "s", in: "api", kind: 4, at: at(0) });
    const gaps = await gapsAt("r-w", ...official(["s/send"]));
    expect(gaps.map(where)).toEqual([["missing-parent", id("t", "worker")]]);
    expect(gaps[0]?.message).toContain(spanId("send"));
    expect(await gapsAt("r-w", ...official(["s/send"]), sender)).toEqual([]);
  });

  test("a request that links to a trace outside has no gap", async () => {
    const attributes = { "faas.trigger": "http", "faas.invocation_id": "r-w" };
    expect(await gapsAt("r-w", span("api", { kind: 2, attributes, links: ["outside/page"] }))).toEqual([]);
  });
});
