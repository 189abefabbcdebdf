import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import { calling, md5, requestWith } from "../../test/aws.ts";
import { type PlainSpan, startCollector } from "../../test/collector.ts";
import { AMPLE_BUDGET, type FreshSdk, freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";
import { MAX_HELD_SPANS } from "../limits.ts";

const OFF = { OTEL_TRACES_SAMPLER: "parentbased_always_off" };

type Work = (sdk: FreshSdk) => unknown;

const twoSpans: Work = async (sdk) => sdk.span("outer", async () => sdk.span("inner", async () => {}));

/** One invocation, warm unless it is said to be cold. What arrived of it, and what it threw. */
const invoked = async (
  work: Work,
  env: Readonly<Record<string, string>> = {},
  { event = {}, isCold = false }: { event?: object; isCold?: boolean } = {},
) => {
  const collector = await startCollector();
  const sdk = await freshSdk({
    ...AMPLE_BUDGET,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    MAYFLY_END_LINE: "off",
    ...OFF,
    ...env,
  });
  if (!isCold) sdk.state().takeFirst();
  let thrown: unknown;
  const handler = sdk.observe(async (_event: object, _context: object) => work(sdk));
  await handler(event, lambdaContext()).catch((error: unknown) => (thrown = error));
  const invocation = named(collector.spans, "checkout") ?? collector.spans.find(isInvocation);
  return { sdk, collector, spans: collector.spans, names: namesOf(collector.spans), invocation, thrown };
};

const isInvocation = ({ attributes }: PlainSpan): boolean => "faas.coldstart" in attributes;
const named = (spans: readonly PlainSpan[], name: string) => spans.find((span) => span.name === name);
const namesOf = (spans: readonly PlainSpan[]): string[] => spans.map(({ name }) => name).toSorted();
const keptOf = (span: PlainSpan | undefined) => span?.attributes["mayfly.kept"];
const sampledOut = (span: PlainSpan | undefined) => span?.attributes["mayfly.sdk.sampled_out_spans"];

const failing: Work = async (sdk) => {
  await twoSpans(sdk);
  throw new RangeError("too far");
};

describe("of an invocation that is not sampled", () => {
  test("its own span is sent with all it says, its children are counted on it", async () => {
    const { names, invocation } = await invoked(twoSpans);
    expect(names).toEqual(["checkout"]);
    expect(invocation?.attributes).toMatchObject({
      "faas.invocation_id": "r-1",
      "mayfly.keys.consumed": ["lambda-request||r-1"],
      "mayfly.sdk.sampled_out_spans": 2,
    });
    expect(keptOf(invocation)).toBeUndefined();
  });

  test("all is sent where it fails, in the order in which it ended", async () => {
    const { spans, invocation, thrown } = await invoked(failing);
    expect(thrown).toBeInstanceOf(RangeError);
    expect(spans.map(({ name }) => name)).toEqual(["inner", "outer", "checkout"]);
    expect(keptOf(invocation)).toBe("error");
    expect(sampledOut(invocation)).toBeUndefined();
  });

  test("all is sent where it answers an HTTP request with a server error", async () => {
    const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-00`);
    const work: Work = async (sdk) => {
      await twoSpans(sdk);
      return { statusCode: 502 };
    };
    const { spans } = await invoked(work, {}, { event });
    expect(spans.map(keptOf)).toEqual([undefined, undefined, "error"]);
  });

  test("all is sent where it is a cold start", async () => {
    const { names, invocation } = await invoked(twoSpans, {}, { isCold: true });
    expect(names).toEqual(["checkout", "inner", "outer"]);
    expect(keptOf(invocation)).toBe("cold");
  });

  test("all is sent where it takes as long as what is called slow", async () => {
    const { names, invocation } = await invoked(twoSpans, { MAYFLY_KEEP_SLOW_MS: "60000" });
    expect([names, keptOf(invocation)]).toEqual([["checkout"], undefined]);
    const wait: Work = async (sdk) => {
      await twoSpans(sdk);
      const until = performance.now() + 1;
      while (performance.now() < until);
    };
    const slow = await invoked(wait, { MAYFLY_KEEP_SLOW_MS: "1" });
    expect([slow.names, keptOf(slow.invocation)]).toEqual([["checkout", "inner", "outer"], "slow"]);
  });

  test("nothing is kept that no rule asks for", async () => {
    for (const isCold of [true, false]) {
      const { names, invocation } = await invoked(failing, { MAYFLY_KEEP: "none" }, { isCold });
      expect([names, keptOf(invocation), sampledOut(invocation)]).toEqual([["checkout"], undefined, 2]);
    }
  });

  test("so many are held, the last ones", async () => {
    const { spans, invocation } = await invoked((sdk) => {
      for (let n = 0; n < MAX_HELD_SPANS + 3; n += 1) sdk.span(`span ${n}`, () => {});
      throw new Error("after all");
    });
    expect(spans).toHaveLength(MAX_HELD_SPANS + 1);
    expect(named(spans, "span 2")).toBeUndefined();
    expect(named(spans, "span 3")).toBeDefined();
    expect([keptOf(invocation), sampledOut(invocation)]).toEqual(["error", 3]);
  });

  test("a span that ends after it is counted by the next", async () => {
    let late: { end(): void } | undefined;
    const { sdk, collector } = await invoked((one) => {
      late = one.state().spans.tracer.startSpan("late");
    });
    late?.end();
    const next = sdk.observe(async (_event: object, _context: object) => {});
    await next({}, lambdaContext("r-2"));
    expect(collector.spans.map(sampledOut)).toEqual([undefined, 1]);
  });

  test("what the application makes by OpenTelemetry's API goes the same way", async () => {
    const byApi: Work = () => trace.getTracer("application").startSpan("theirs").end();
    expect((await invoked(byApi)).names).toEqual(["checkout"]);
    expect((await invoked(byApi, { OTEL_TRACES_SAMPLER: "always_on" })).names).toEqual(["checkout", "theirs"]);
  });

  test("log lines are written and sent as ever", async () => {
    const { collector, sdk } = await invoked((one) => one.logger.info("said"));
    expect(sdk.lines).toHaveLength(1);
    expect(collector.logs).toHaveLength(1);
  });
});

describe("a W3C flag", () => {
  test.each(["00", "02"])("that says not sampled limits detail, never existence: %s", async (flags) => {
    const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-${flags}`);
    const { spans } = await invoked(twoSpans, { OTEL_TRACES_SAMPLER: "" }, { event });
    expect(spans.map(({ parentSpanId, flags: own }) => [parentSpanId, own & 3])).toEqual([
      ["b".repeat(16), Number(flags)],
    ]);
  });

  test("that says not sampled does not limit a sampler of its own mind", async () => {
    const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-00`);
    const { spans } = await invoked(twoSpans, { OTEL_TRACES_SAMPLER: "always_on" }, { event });
    expect(spans.map(({ flags }) => flags & 1)).toEqual([0, 0, 0]);
  });

  test("of a root says that its trace id is random, sampled or not, and its children say the same", async () => {
    const { spans } = await invoked(failing);
    expect(spans.map(({ flags }) => flags & 3)).toEqual([2, 2, 2]);
    const sampled = await invoked(twoSpans, { OTEL_TRACES_SAMPLER: "" });
    expect(sampled.spans.map(({ flags }) => flags & 3)).toEqual([3, 3, 3]);
  });
});

describe("a ratio", () => {
  const RATIO = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" };
  const requestIn = (traceId: string) => ({
    ...requestWith(""),
    headers: { "x-amzn-trace-id": `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)}` },
  });

  test("decides by the trace id, and stands on every span that it kept", async () => {
    const event = requestIn("4bf92f3577b34da6a3ce929d0e0e4736");
    const { spans } = await invoked(twoSpans, RATIO, { event });
    expect(spans.map(({ traceState, flags }) => [traceState, flags & 3])).toEqual([
      ["ot=th:8", 3],
      ["ot=th:8", 3],
      ["ot=th:8", 3],
    ]);
  });

  test("has no say in what a rule keeps", async () => {
    const event = requestIn("0af7651916cd43dd8448eb211c80319c");
    const { spans } = await invoked(failing, RATIO, { event });
    expect(spans.map(({ traceState }) => traceState)).toEqual(["", "", ""]);
    expect(spans.map(keptOf)).toEqual([undefined, undefined, "error"]);
  });

  test("of the parent is not handed to the collector with what a rule kept", async () => {
    const event = requestWith(`00-0af7651916cd43dd8448eb211c80319c-${"b".repeat(16)}-00`, "ot=th:8;x:y,a=1");
    const { spans } = await invoked(failing, RATIO, { event });
    expect(spans.map(({ traceState }) => traceState)).toEqual(["ot=x:y,a=1", "ot=x:y,a=1", "ot=x:y,a=1"]);
  });
});

describe("a batch", () => {
  const record = (id: string, flags: string) => ({
    messageId: id,
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:111122223333:orders",
    messageAttributes: {
      traceparent: { dataType: "String", stringValue: `00-${id.repeat(32)}-${id.repeat(16)}-${flags}` },
    },
  });
  const event = { Records: [record("a", "01"), record("b", "00"), record("c", "00")] };
  const each =
    (work: (id: string, sdk: FreshSdk) => unknown): Work =>
    (sdk) =>
      sdk.eachRecord(event, ({ messageId }) => sdk.span(`work on ${messageId}`, () => work(messageId, sdk)));

  test("has a span for every record; each record's own trace decides on what is within", async () => {
    const { spans } = await invoked(
      each(() => {}),
      {},
      { event },
    );
    const works = spans.filter(({ name }) => name.startsWith("work"));
    expect(works.map(({ name }) => name)).toEqual(["work on a"]);
    const records = spans.filter((span) => !isInvocation(span) && span.name === "process orders");
    expect(records.map((span) => [span.traceId[0], sampledOut(span)])).toEqual([
      ["a", undefined],
      ["b", 1],
      ["c", 1],
    ]);
  });

  test("keeps what is within a record that failed", async () => {
    const fail = each((id) => {
      if (id === "c") throw new Error("no");
    });
    const { spans, invocation } = await invoked(fail, {}, { event });
    expect(namesOf(spans).filter((name) => name.startsWith("work"))).toEqual(["work on a", "work on c"]);
    expect(spans.filter(keptOf).map((span) => [span.traceId === invocation?.traceId, keptOf(span)])).toEqual([
      [false, "error"],
      [true, "error"],
    ]);
  });
});

describe("what an unsampled invocation sends on", () => {
  const answer = () => ({ body: JSON.stringify({ MessageId: "m-1", MD5OfMessageBody: md5("hello") }) });
  const sending = (env: Readonly<Record<string, string>>, isFailing = false) =>
    calling(
      answer,
      async (aws) => {
        const client = new SQSClient(aws.client);
        await client.send(new SendMessageCommand({ QueueUrl: `${aws.url}/1/orders`, MessageBody: "hello" }));
        if (isFailing) trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR });
      },
      { env: { ...OFF, MAYFLY_KEEP: "error", _X_AMZN_TRACE_ID: LAMBDAS, ...env } },
    );
  const LAMBDAS = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0";
  const carriedBy = (body: string | undefined) => /00-[0-9a-f]{32}-([0-9a-f]{16})-([0-9a-f]{2})/.exec(body ?? "");

  test("names the invocation's span, which takes over the key, because the call's own is not sent", async () => {
    const { spans, invocation, requests, url } = await sending({});
    expect(spans).toEqual([]);
    expect(invocation.attributes).toMatchObject({
      "mayfly.keys.produced": [`sqs-message|${url}/1/orders|m-1`],
      "mayfly.sdk.sampled_out_spans": 1,
    });
    expect(carriedBy(requests[0]?.body)?.slice(1)).toEqual([invocation.spanId, "02"]);
    expect(requests[0]?.headers["x-amzn-trace-id"]).toContain(`Parent=${invocation.spanId}`);
  });

  test("names the invocation's span also where a rule keeps the call's own, which then has the key alone", async () => {
    const { spans, invocation, requests } = await sending({}, true);
    expect(spans.map(({ attributes }) => attributes["mayfly.keys.produced"])).toHaveLength(1);
    expect(invocation.attributes).not.toHaveProperty("mayfly.keys.produced");
    expect(carriedBy(requests[0]?.body)?.[1]).toBe(invocation.spanId);
  });

  test("names the call's span where that is sent", async () => {
    const { spans, requests } = await sending({ MAYFLY_KEEP: "cold" });
    expect(carriedBy(requests[0]?.body)?.slice(1)).toEqual([spans[0]?.spanId, "02"]);
  });
});

describe("near the timeout", () => {
  const nearing = async (end: () => void, env: Readonly<Record<string, string>> = {}) => {
    const collector = await startCollector();
    const sdk = await freshSdk({ ...AMPLE_BUDGET, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...OFF, ...env });
    sdk.state().takeFirst();
    let letGo: () => void = () => {};
    const until = new Promise<void>((resolve) => (letGo = resolve));
    const handler = sdk.observe(async (_event: object, _context: object) => {
      sdk.span("done", () => {});
      await sdk.span("open", () => until);
      sdk.span("later", () => {});
      end();
    });
    const result = handler({ order: 7 }, lambdaContext("r-1", 210)).catch(() => undefined);
    await expect.poll(() => namesOf(collector.spans)).toEqual(["checkout", "done", "open"]);
    const told = named(collector.spans, "checkout");
    letGo();
    await result;
    return { told, ended: collector.spans.findLast(isInvocation), spans: collector.spans };
  };

  test("all that was held is sent, as if it had failed", async () => {
    const { told, ended } = await nearing(() => {
      throw new RangeError("too far");
    });
    expect([told, ended].map(keptOf)).toEqual(["error", "error"]);
  });

  test("a guess that was wrong is not what the invocation says at its end", async () => {
    const { told, ended } = await nearing(() => {}, { MAYFLY_CAPTURE_PAYLOAD: "event" });
    expect([told, ended].map(keptOf)).toEqual(["error", undefined]);
    expect([told, ended].map((span) => span?.attributes["mayfly.payload.event"])).toEqual(['{"order":7}', undefined]);
    expect(ended?.attributes).not.toHaveProperty("mayfly.unfinished");
  });

  test("a guess for the wrong reason becomes the right one", async () => {
    const { told, ended } = await nearing(() => {}, { MAYFLY_KEEP_SLOW_MS: "1" });
    expect([told, ended].map(keptOf)).toEqual(["error", "slow"]);
  });
});
