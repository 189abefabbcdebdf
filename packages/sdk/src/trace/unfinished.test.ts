import { expect, onTestFinished, test, vi } from "vitest";
import { startCollector } from "../../test/collector.ts";
import { freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";

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

test("near the timeout everything open is sent as unfinished, while the handler still runs", async () => {
  const { collector, letGo, result } = await hanging(MARGIN_MS + 10);
  await expect.poll(() => collector.spans.length).toBe(2);
  for (const span of collector.spans) {
    expect(span.attributes).toMatchObject({ "mayfly.unfinished": true, "error.type": "timeout" });
    expect(span.status?.code).toBe(2);
  }
  expect(collector.spans.map(({ name }) => name).toSorted()).toEqual(["checkout", "work"]);
  letGo();
  expect(await result).toBe("done");
  expect(collector.spans).toHaveLength(2);
});

test("one invocation's timeout leaves another's spans alone", async () => {
  const collector = await startCollector();
  const { observe } = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  let letGo: () => void = () => {};
  const until = new Promise<void>((resolve) => (letGo = resolve));
  const handler = observe(async (_event: object, _context: object) => until);
  const both = [
    handler({}, lambdaContext("near its end", MARGIN_MS + 10)),
    handler({}, lambdaContext("just begun", 60_000)),
  ];
  await expect.poll(() => collector.spans.length).toBe(1);
  letGo();
  await Promise.all(both);
  expect(
    collector.spans.map(({ attributes }) => [attributes["faas.invocation_id"], attributes["mayfly.unfinished"]]),
  ).toEqual([
    ["near its end", true],
    ["just begun", undefined],
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
