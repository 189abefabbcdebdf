import { trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { readConfig } from "../config.ts";
import { type LambdaContext, readInvocation } from "../invocation.ts";
import type { CarriedContext } from "../propagate/w3c.ts";
import type { Trigger, TriggerRecord } from "../trigger/trigger.ts";
import { placeInvocation, recordParent } from "./parent.ts";
import { createSpans } from "./provider.ts";
import { createSampling } from "./sampling.ts";

const ids = (digit: string) => ({ traceId: digit.repeat(32), spanId: digit.repeat(16) });
const w3c = (digit: string, more: Partial<CarriedContext> = {}): CarriedContext => ({
  format: "w3c",
  ...ids(digit),
  sampled: true,
  ...more,
});
const xray = (digit: string, sampled?: boolean): CarriedContext => ({
  format: "xray",
  ...ids(digit),
  ...(sampled !== undefined && { sampled }),
});
const rootOnly = (digit: string): CarriedContext => ({ format: "xray", traceId: digit.repeat(32) });
const xrayHeader = (digit: string): string =>
  `Root=1-${digit.repeat(8)}-${digit.repeat(24)};Parent=${digit.repeat(16)};Sampled=0`;

const record = (...contexts: CarriedContext[]): TriggerRecord => ({ contexts, keys: [] });
const datadog = (digit: string): CarriedContext => ({ ...w3c(digit), format: "datadog" });
const batch = (...records: TriggerRecord[]): Trigger => ({ type: "sqs", records });
const request = (...contexts: CarriedContext[]): Trigger => ({
  type: "http",
  source: "alb",
  records: [record(...contexts)],
});
const schedule: Trigger = { type: "schedule", records: [] };

interface Platform extends LambdaContext {
  /** `_X_AMZN_TRACE_ID` */
  readonly env?: string;
}

/** The invocation span as it comes out of the placement, started by the real provider. */
const placed = (trigger: Trigger, { env, ...context }: Platform = {}) => {
  vi.stubEnv("_X_AMZN_TRACE_ID", env);
  onTestFinished(() => void vi.unstubAllEnvs());
  const config = readConfig({});
  const spans = createSpans({ config, sampling: createSampling(config), place: () => undefined, onEnd: () => {} });
  const started = readInvocation(context, { isFirst: false, loadedAtMs: 0 });
  const { parent, traceId, links } = placeInvocation(trigger, started, config);
  const span = spans.inTrace(traceId, () => spans.tracer.startSpan("invocation", { links: [...links] }, parent));
  const { parentSpanContext, links: kept } = span as unknown as ReadableSpan;
  return {
    traceId: span.spanContext().traceId,
    parentSpanId: parentSpanContext?.spanId,
    traceFlags: span.spanContext().traceFlags,
    traceState: span.spanContext().traceState?.serialize(),
    isRecording: span.isRecording(),
    links: kept.map((link) => link.context),
    linkedMessages: kept.map((link) => link.attributes?.["messaging.message.id"]),
  };
};

const parentOf = (one: TriggerRecord) => {
  const context = recordParent(one);
  return context && trace.getSpanContext(context);
};

const isTraceId = expect.stringMatching(/^[0-9a-f]{32}$/) as string;

describe("an invocation with one record", () => {
  test.each([
    ["a request", request(w3c("a"))],
    ["a batch of one", batch(record(w3c("a")))],
  ])("has its W3C context for parent, and no link: %s", (_what, trigger) => {
    expect(placed(trigger)).toMatchObject({
      traceId: "a".repeat(32),
      parentSpanId: "a".repeat(16),
      traceFlags: 1,
      links: [],
    });
  });

  test("hangs under W3C although X-Ray contexts are everywhere else", () => {
    const everywhere = { xRayTraceId: xrayHeader("c"), env: xrayHeader("d") };
    for (const trigger of [request(xray("b"), w3c("a")), batch(record(w3c("a"), xray("b", false)))])
      expect(placed(trigger, everywhere)).toMatchObject({ traceId: "a".repeat(32), parentSpanId: "a".repeat(16) });
  });

  test("with a Datadog context alone is a root that links to it, in the trace that the platform carries", () => {
    const { traceId, parentSpanId, links } = placed(request(datadog("a"), xray("b")));
    expect([traceId, parentSpanId]).toEqual(["b".repeat(32), undefined]);
    expect(links).toMatchObject([ids("a")]);
  });

  test("hangs under the first W3C context, which is the outermost wrapper's", () => {
    expect(placed(batch(record(w3c("a"), w3c("b")))).parentSpanId).toBe("a".repeat(16));
  });

  test("hands its tracestate on", () => {
    expect(placed(request(w3c("a", { traceState: "v=1,w=2" }))).traceState).toBe("v=1,w=2");
  });

  test("that was not sampled is recorded all the same, and hands the flag on unraised", () => {
    expect(placed(request(w3c("a", { sampled: false })))).toMatchObject({
      parentSpanId: "a".repeat(16),
      traceFlags: 0,
      isRecording: true,
    });
  });
});

describe("an invocation without a W3C context", () => {
  test.each([
    ["the request's header", request(xray("a", false))],
    ["the request's header, though X-Ray records", request(xray("a", true))],
    ["the request's header, a Root alone", request(rootOnly("a"))],
    ["the record's AWSTraceHeader", batch(record(xray("a", false)))],
    ["the record's AWSTraceHeader, though X-Ray records", batch(record(xray("a", true)))],
  ])("is a new root whose trace id is the X-Ray Root of %s, before the platform's", (_where, trigger) => {
    expect(placed(trigger, { xRayTraceId: xrayHeader("b"), env: xrayHeader("c") })).toMatchObject({
      traceId: "a".repeat(32),
      parentSpanId: undefined,
      links: [],
    });
  });

  test.each([
    ["a request", request()],
    ["a batch of one", batch(record())],
    ["a schedule", schedule],
    ["something unknown", { type: "unknown", records: [] } satisfies Trigger],
  ])(
    "nor a header of its own takes Root from Lambda's context, and last from the environment: %s",
    (_what, trigger) => {
      expect(placed(trigger, { xRayTraceId: xrayHeader("b"), env: xrayHeader("c") }).traceId).toBe("b".repeat(32));
      expect(placed(trigger, { env: xrayHeader("c") }).traceId).toBe("c".repeat(32));
    },
  );

  test.each([{ xRayTraceId: xrayHeader("b") }, { env: xrayHeader("c") }])(
    "never hangs under Lambda's own header: %j",
    (platform) => {
      for (const trigger of [request(), batch(record()), schedule])
        expect(placed(trigger, platform).parentSpanId).toBeUndefined();
    },
  );

  test.each([{}, { env: "" }, { env: "Root=what" }, { xRayTraceId: "Parent=0000000000000001" }])(
    "is a root of its own where no Root can be read: %j",
    (platform) => {
      const [first, second] = [placed(request(), platform), placed(request(), platform)];
      expect(first).toMatchObject({ traceId: isTraceId, parentSpanId: undefined, links: [] });
      expect(second.traceId).not.toBe(first.traceId);
    },
  );

  test("exists although X-Ray does not record it", () => {
    expect(placed(request(xray("a", false)))).toMatchObject({ isRecording: true, traceFlags: 3 });
  });
});

describe("a task of Step Functions", () => {
  const task = (...contexts: CarriedContext[]): Trigger => ({
    type: "step-functions",
    attempt: ids("e"),
    records: [record(...contexts)],
  });
  const platform = { xRayTraceId: xrayHeader("b"), env: xrayHeader("c") };

  test("is a root in X-Ray's trace, linked to the attempt of its state, which an import may bring", () => {
    expect(placed(task(), platform)).toMatchObject({
      traceId: "b".repeat(32),
      parentSpanId: undefined,
      links: [ids("e")],
    });
    expect(placed(task(datadog("a")), platform)).toMatchObject({ parentSpanId: undefined, links: [ids("a")] });
  });

  test("hangs under who started the execution, where that is carried, and is linked to the attempt", () => {
    expect(placed(task(w3c("a")), platform)).toMatchObject({ parentSpanId: "a".repeat(16), links: [ids("e")] });
  });

  test("that knows its state by name alone is a root", () => {
    expect(placed({ type: "step-functions", records: [record()] }, platform)).toMatchObject({
      traceId: "b".repeat(32),
      parentSpanId: undefined,
    });
  });
});

describe("an invocation with two records or more", () => {
  test("is the root of a new trace, with a link to each record's context", () => {
    const { traceId, parentSpanId, links } = placed(batch(record(w3c("a")), record(w3c("b")), record(w3c("c"))));
    expect(traceId).toEqual(isTraceId);
    expect(["a", "b", "c"].map((digit) => digit.repeat(32))).not.toContain(traceId);
    expect(parentSpanId).toBeUndefined();
    expect(links).toMatchObject([ids("a"), ids("b"), ids("c")]);
  });

  test("is so even when all contexts are equal", () => {
    const { traceId, parentSpanId, links } = placed(batch(record(w3c("a")), record(w3c("a"))));
    expect(traceId).not.toBe("a".repeat(32));
    expect(parentSpanId).toBeUndefined();
    expect(links).toMatchObject([ids("a"), ids("a")]);
  });

  test("is so even when only one of them carries a context", () => {
    const { traceId, parentSpanId, links } = placed(batch(record(), record(w3c("a"))));
    expect(traceId).not.toBe("a".repeat(32));
    expect(parentSpanId).toBeUndefined();
    expect(links).toMatchObject([ids("a")]);
  });

  test("takes no X-Ray Root: not its records', not the context's, not the environment's", () => {
    const trigger = batch(record(xray("a", false)), record(xray("a", false)));
    const { traceId } = placed(trigger, { xRayTraceId: xrayHeader("b"), env: xrayHeader("c") });
    expect(["a", "b", "c"].map((digit) => digit.repeat(32))).not.toContain(traceId);
  });

  test("says of each link which message brought it, by the key that joins it or else by its id", () => {
    const keyed: TriggerRecord = { ...record(w3c("a")), id: "e-1", keys: [{ kind: "kinesis-record", id: "49" }] };
    const trigger = batch(keyed, record(), { ...record(w3c("b")), id: "m-2" }, record(w3c("c")));
    expect(placed(trigger).linkedMessages).toEqual(["49", "m-2", undefined]);
  });

  test("links to one context of a record, W3C before X-Ray", () => {
    expect(placed(batch(record(w3c("a"), xray("b", false)), record(xray("c", false)))).links).toMatchObject([
      ids("a"),
      ids("c"),
    ]);
  });

  test("links to Datadog's context where a record has no W3C one", () => {
    const trigger = batch(record(datadog("a"), xray("b", false)), record(w3c("c"), datadog("d")));
    expect(placed(trigger).links).toMatchObject([ids("a"), ids("c")]);
  });

  test("links to no span that only X-Ray knows, nor to a trace without a span", () => {
    expect(placed(batch(record(xray("a", true)), record(rootOnly("b")))).links).toEqual([]);
  });

  test("keeps a link's flag and tracestate", () => {
    const { links } = placed(batch(record(w3c("a", { sampled: false, traceState: "v=1" })), record(w3c("b"))));
    expect(links.map(({ traceFlags }) => traceFlags)).toEqual([0, 1]);
    expect(links[0]?.traceState?.serialize()).toBe("v=1");
  });

  test("links to every record of the largest batch", () => {
    const records = Array.from({ length: 10_000 }, () => record(w3c("a")));
    expect(placed(batch(...records)).links).toHaveLength(10_000);
  });
});

describe("a record span", () => {
  test("hangs under the record's own W3C context, with its flag and tracestate", () => {
    const parent = parentOf(record(xray("b", false), w3c("a", { sampled: false, traceState: "v=1" })));
    expect(parent).toMatchObject({ ...ids("a"), traceFlags: 0, isRemote: true });
    expect(parent?.traceState?.serialize()).toBe("v=1");
  });

  test.each([
    ["X-Ray does not record", xray("a", false)],
    ["X-Ray has not decided", xray("a")],
  ])("hangs under the record's AWSTraceHeader where %s, and is not less sampled for it", (_when, context) => {
    expect(parentOf(record(context))).toMatchObject({ ...ids("a"), traceFlags: 1, isRemote: true });
  });

  test("hangs under the record's Datadog context before the platform's", () => {
    expect(parentOf(record(datadog("a"), xray("b", false)))).toMatchObject({ ...ids("a"), traceFlags: 1 });
  });

  test.each([
    ["without a context", record()],
    ["whose AWSTraceHeader X-Ray records", record(xray("a", true))],
    ["whose AWSTraceHeader names a trace alone", record(rootOnly("a"))],
  ])("of a record %s has no parent of its own, so it hangs under the invocation", (_what, one) => {
    expect(recordParent(one)).toBeUndefined();
  });
});
