import { expect, onTestFinished, test, vi } from "vitest";
import { startCollector } from "../../test/collector.ts";
import { type FreshSdk, freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";

const MARGIN_MS = 200;

/** An invocation that has `remainingMs` left and goes on until it is let go. */
const hanging = async (remainingMs: number) => {
  const collector = await startCollector();
  const sdk = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  let letGo: () => void = () => {};
  const until = new Promise<void>((resolve) => (letGo = resolve));
  const handler = sdk.observe(async (_event: object, _context: object) => {
    await sdk.span("work", () => until);
    return "done";
  });
  const result = handler({}, lambdaContext("r-1", remainingMs));
  return { collector, letGo, result };
};

test("near the timeout everything open is sent as it stands, marked unfinished, while the handler still runs", async () => {
  const { collector, letGo, result } = await hanging(MARGIN_MS + 10);
  await expect.poll(() => collector.spans.length).toBe(2);
  for (const span of collector.spans) {
    expect(span.attributes["mayfly.unfinished"]).toBe(true);
    expect(span.attributes).not.toHaveProperty("error.type");
    expect(span.status?.code ?? 0).toBe(0);
    expect(span.endTimeUnixNano).toBeGreaterThan(span.startTimeUnixNano);
  }
  expect(collector.spans.map(({ name }) => name).toSorted()).toEqual(["checkout", "work"]);
  letGo();
  await result;
});

test("so are the debug lines it holds, for the process may be killed before it fails", async () => {
  const collector = await startCollector();
  const { logger, observe, lines } = await freshSdk({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    MAYFLY_DEBUG_BUFFER: "on",
    MAYFLY_CAPTURE_PAYLOAD: "event",
  });
  let letGo: () => void = () => {};
  const until = new Promise<void>((resolve) => (letGo = resolve));
  const handler = observe(async (_event: object, _context: object) => {
    logger.debug("before");
    await until;
    logger.debug("after");
  });
  const result = handler({ a: 1 }, lambdaContext("r-1", MARGIN_MS + 10));
  await expect.poll(() => collector.logs.length).toBe(1);
  await expect.poll(() => collector.spans.length).toBe(1);
  expect(lines.map(({ message, seq }) => [message, seq])).toEqual([["before", 0]]);
  expect(collector.spans[0]?.attributes).toMatchObject({
    "mayfly.unfinished": true,
    "mayfly.payload.event": '{"a":1}',
  });
  letGo();
  await result;
  expect(lines.map(({ message }) => message)).toEqual(["before", "invocation end"]);
});

test("a handler that makes it after all ends its spans as ever, and they are sent too", async () => {
  const { collector, letGo, result } = await hanging(MARGIN_MS + 10);
  await expect.poll(() => collector.spans.length).toBe(2);
  letGo();
  expect(await result).toBe("done");
  const [marked, ended] = [collector.spans.slice(0, 2), collector.spans.slice(2)];
  expect(idsOf(ended)).toEqual(idsOf(marked));
  for (const span of ended) {
    expect(span.attributes).not.toHaveProperty("mayfly.unfinished");
    expect(span.status?.code ?? 0).toBe(0);
  }
});

const idsOf = (spans: readonly { readonly spanId: string }[]): string[] => spans.map(({ spanId }) => spanId).toSorted();

/** Two invocations, of which one comes near its timeout; both end after that was told. */
const sideBySide = async (
  work: (sdk: FreshSdk, event: { readonly Records: readonly object[] }, until: Promise<void>) => unknown,
  [nearItsEnd, justBegun]: readonly [Records: readonly object[], Records: readonly object[]] = [[], []],
) => {
  const collector = await startCollector();
  const sdk = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  let letGo: () => void = () => {};
  const until = new Promise<void>((resolve) => (letGo = resolve));
  const handler = sdk.observe(async (event: { Records: readonly object[] }, _context: object) =>
    work(sdk, event, until),
  );
  const both = [
    handler({ Records: justBegun }, lambdaContext("just begun", 60_000)),
    handler({ Records: nearItsEnd }, lambdaContext("near its end", MARGIN_MS + 10)),
  ];
  await expect.poll(() => collector.spans.length).toBeGreaterThan(0);
  const told = [...collector.spans];
  letGo();
  await Promise.all(both);
  return told;
};

test("one invocation's timeout leaves another's spans alone", async () => {
  const told = await sideBySide((_sdk, _event, until) => until);
  expect(told.map(({ attributes }) => attributes["faas.invocation_id"])).toEqual(["near its end"]);
});

test("what a record's work has open is told with it, in the record's own trace", async () => {
  const record = (digit: string) => ({
    eventSource: "aws:sqs",
    messageId: `m-${digit}`,
    messageAttributes: {
      traceparent: { dataType: "String", stringValue: `00-${digit.repeat(32)}-${digit.repeat(16)}-01` },
    },
  });
  const told = await sideBySide(
    ({ eachRecord, span }, event, until) => eachRecord(event, () => span("work", () => until)),
    [
      [record("1"), record("2")],
      [record("3"), record("4")],
    ],
  );
  expect(told.map(({ name, kind, traceId }) => [name, kind, traceId === "1".repeat(32)])).toEqual([
    ["checkout", 5, false],
    ["process sqs", 5, true],
    ["work", 1, true],
  ]);
});

/** How many timers run while the handler does, and after it. */
const timersOf = async (remainingMs: number, env: Readonly<Record<string, string>> = {}) => {
  const { observe } = await freshSdk(env);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const handler = observe(async (_event: object, _context: object) => vi.getTimerCount());
  return [await handler({}, lambdaContext("r-1", remainingMs)), vi.getTimerCount()];
};

test("one timer watches an invocation, and ends with it", async () => {
  expect(await timersOf(60_000)).toEqual([1, 0]);
});

test.each([
  ["less than the margin left", MARGIN_MS, {}],
  ["the margin switched off", 60_000, { MAYFLY_TIMEOUT_MARGIN_MS: "0" }],
  ["a harness without a clock", Number.POSITIVE_INFINITY, {}],
  ["more than a timer can hold", 2 ** 40, {}],
])("with %s nothing is watched", async (_what, remainingMs, env) => {
  expect(await timersOf(remainingMs, env)).toEqual([0, 0]);
});
