/** AWS calls of a function that is still loading: before its first invocation, in nobody's scope. */
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { type AwsAnswer, md5, startAws } from "../../../test/aws.ts";
import { startCollector } from "../../../test/collector.ts";
import { AMPLE_BUDGET, freshSdk, lambdaContext } from "../../../test/fresh-sdk.ts";
import { MAX_INIT_CALLS } from "../../limits.ts";

const SENT = { body: JSON.stringify({ MessageId: "m-1", MD5OfMessageBody: md5("hello") }) };
const REFUSED = { status: 400, body: JSON.stringify({ __type: "com.amazonaws.sqs#QueueDoesNotExist", message: "no" }) };

/** A function that has been loaded but for what it calls meanwhile. */
const loading = async (
  env: Readonly<Record<string, string>> = {},
  answer: () => AwsAnswer | Promise<AwsAnswer> = () => SENT,
) => {
  const aws = await startAws(answer);
  const collector = await startCollector();
  const sdk = await freshSdk({
    ...AMPLE_BUDGET,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    MAYFLY_END_LINE: "off",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    ...env,
  });
  const call = async () => {
    await new SQSClient(aws.client)
      .send(new SendMessageCommand({ QueueUrl: `${aws.url}/1/orders`, MessageBody: "hello" }))
      .catch(() => undefined);
  };
  let work: () => unknown = () => undefined;
  const handler = sdk.observe(async (_event: object, _context: object) => work());
  let n = 0;
  const invoke = async (doing: () => unknown = () => undefined) => {
    work = doing;
    await handler({}, lambdaContext(`r-${(n += 1)}`));
  };
  const calls = () => collector.spans.filter(({ name }) => name === "send orders");
  const invocations = () => collector.spans.filter(({ attributes }) => "faas.coldstart" in attributes);
  return { aws, collector, sdk, call, invoke, calls, invocations };
};

test("a call at init is a child of the init, which lasts until it has ended, and is joined by its key", async () => {
  const { aws, collector, sdk, call, invoke, calls, invocations } = await loading();
  const loadedInMs = sdk.state().loaded?.durationMs ?? 0;
  await call();
  expect(sdk.state().loaded?.durationMs).toBeGreaterThan(loadedInMs);
  await invoke(call);
  const [init] = collector.inits;
  // Told when the invocation is over.
  const [inHandler, atInit] = calls();
  const [invocation] = invocations();
  expect(init).toMatchObject({ traceId: invocation?.traceId, parentSpanId: invocation?.spanId });
  expect(atInit).toMatchObject({ traceId: init?.traceId, parentSpanId: init?.spanId });
  expect(inHandler).toMatchObject({ traceId: init?.traceId, parentSpanId: invocation?.spanId });
  expect(atInit?.attributes).toMatchObject({
    "mayfly.keys.produced": [`sqs-message|${aws.url}/1/orders|m-1`],
    "cloud.region": "eu-west-1",
  });
  expect(atInit?.endTimeUnixNano).toBeLessThanOrEqual(invocation?.startTimeUnixNano ?? 0n);
});

test("no context goes out with it, for nobody knows yet in whose trace it will be", async () => {
  const { aws, call, invoke } = await loading();
  await call();
  await invoke(call);
  const [atInit, inHandler] = aws.requests;
  expect(atInit?.body).not.toContain("traceparent");
  expect(atInit?.headers).not.toHaveProperty("x-amzn-trace-id");
  expect(inHandler?.body).toContain("traceparent");
});

test("one that is still under way when the first invocation ends stays the init's, whenever it ends", async () => {
  let answerNow: (answer: AwsAnswer) => void = () => {};
  const answered = new Promise<AwsAnswer>((resolve) => (answerNow = resolve));
  const { collector, call, invoke, calls } = await loading({}, () => answered);
  const called = call();
  await invoke();
  expect([collector.inits.length, calls().length]).toEqual([1, 0]);
  await invoke(async () => {
    answerNow(REFUSED);
    await called;
  });
  const [init] = collector.inits;
  expect(calls()).toMatchObject([
    { traceId: init?.traceId, parentSpanId: init?.spanId, attributes: { "error.type": "QueueDoesNotExist" } },
  ]);
  expect(calls()[0]?.attributes).not.toHaveProperty("mayfly.unfinished");
});

test("what failed at init says so, at the time when it failed", async () => {
  const { call, invoke, calls, invocations } = await loading({}, () => REFUSED);
  await call();
  await invoke();
  const [failed] = calls();
  expect(failed).toMatchObject({ status: { code: 2 }, events: [{ name: "exception" }] });
  expect(failed?.events[0]?.timeUnixNano).toBeLessThanOrEqual(invocations()[0]?.startTimeUnixNano ?? 0n);
  expect(invocations()[0]?.status?.code ?? 0).toBe(0);
});

test.each(["provisioned-concurrency", "lambda-managed-instances", "snap-start"])(
  "where no caller waited for the init (%s), it is a root of its own",
  async (type) => {
    const { collector, call, invoke, calls, invocations } = await loading({ AWS_LAMBDA_INITIALIZATION_TYPE: type });
    await call();
    await invoke();
    expect(collector.inits).toEqual([]);
    expect(calls()).toHaveLength(1);
    expect(calls()[0]?.parentSpanId ?? "").toBe("");
    expect(calls()[0]?.traceId).not.toBe(invocations()[0]?.traceId);
  },
);

test("a cold start that is kept whole keeps it, too", async () => {
  const { collector, call, invoke, calls } = await loading({ OTEL_TRACES_SAMPLER: "always_off" });
  await call();
  await invoke();
  expect(calls()).toMatchObject([{ parentSpanId: collector.inits[0]?.spanId }]);
});

test("within a span of the application's own it is that one's child", async () => {
  const { aws, sdk, call, invoke, calls, collector } = await loading();
  await sdk.span("warm up", call);
  await invoke();
  const [warmUp] = collector.spans.filter(({ name }) => name === "warm up");
  expect(calls()).toMatchObject([{ traceId: warmUp?.traceId, parentSpanId: warmUp?.spanId }]);
  expect(aws.requests[0]?.body).toContain(warmUp?.traceId);
});

test("more than are held are told all the same", async () => {
  const { collector, call, invoke, calls } = await loading();
  for (let n = 0; n < MAX_INIT_CALLS + 1; n += 1) await call();
  await invoke();
  expect(calls()).toHaveLength(MAX_INIT_CALLS + 1);
  expect(calls().filter(({ parentSpanId }) => parentSpanId === collector.inits[0]?.spanId)).toHaveLength(
    MAX_INIT_CALLS,
  );
});
