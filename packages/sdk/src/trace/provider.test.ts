import type { ReadableSpan, Span } from "@opentelemetry/sdk-trace";
import { expect, onTestFinished, test, vi } from "vitest";
import { readConfig } from "../config.ts";
import { createSpans } from "./provider.ts";
import { createSampling } from "./sampling.ts";

const OTEL_KEY = Symbol.for("opentelemetry.js.api.1");

const collected = () => {
  const ended: ReadableSpan[] = [];
  const open = new Map<Span, undefined>();
  const config = readConfig();
  const spans = createSpans({
    config,
    sampling: createSampling(config),
    place: () => ({ open, held: undefined }),
    onEnd: (span) => void ended.push(span),
  });
  return { ended, open, spans };
};

const isWholeMillisecond = ([, nanos]: readonly [number, number]): boolean => nanos % 1_000_000 === 0;

test("a span starts and ends between two milliseconds, not on one", () => {
  const { ended, spans } = collected();
  for (let n = 0; n < 20; n += 1) spans.tracer.startSpan("work").end();
  expect(ended.some(({ startTime }) => !isWholeMillisecond(startTime))).toBe(true);
  expect(ended.some(({ endTime }) => !isWholeMillisecond(endTime))).toBe(true);
});

test("a start time that somebody gave is kept", () => {
  const { ended, spans } = collected();
  spans.tracer.startSpan("work", { startTime: [1_800_000_000, 5] }).end([1_800_000_000, 9]);
  expect(ended[0]).toMatchObject({ startTime: [1_800_000_000, 5], endTime: [1_800_000_000, 9] });
});

test("a thread that is put aside while it makes a span makes it no longer", () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { ended, spans } = collected();
  const beforehand = performance.now();
  vi.advanceTimersByTime(50);
  vi.spyOn(performance, "now").mockReturnValueOnce(beforehand); // by the span, which is then put aside
  spans.tracer.startSpan("work").end();
  expect(ended[0]?.duration).toEqual([0, 0]);
});

test("only the span that was told a trace id has it", () => {
  const { spans } = collected();
  const traceId = "1".repeat(32);
  const told = spans.inTrace(traceId, () => spans.tracer.startSpan("root"));
  const untold = spans.tracer.startSpan("another root");
  expect(told.spanContext().traceId).toBe(traceId);
  expect(untold.spanContext().traceId).not.toBe(traceId);
});

test("what was started and not ended is known", () => {
  const { spans, open } = collected();
  const [first, second] = [spans.tracer.startSpan("first"), spans.tracer.startSpan("second")];
  first.end();
  expect([...open.keys()]).toEqual([second]);
});

test("globals that cannot be joined stop nothing", () => {
  const globals = globalThis as { [OTEL_KEY]?: unknown };
  const before = Object.getOwnPropertyDescriptor(globals, OTEL_KEY) ?? { value: undefined, configurable: true };
  onTestFinished(() => void Object.defineProperty(globals, OTEL_KEY, before));
  Object.defineProperty(globals, OTEL_KEY, { value: Object.freeze({ version: "1.0.0" }), configurable: true });
  const { ended, spans } = collected();
  spans.tracer.startSpan("work").end();
  expect(ended).toHaveLength(1);
});
