import { expect, test } from "vitest";
import { BEGIN, MS, detail, join, logLine, nanoAt, ref, span } from "../../test/fixtures/story.ts";
import { initInterval } from "../model/trace-view.ts";
import { reviveLogs, reviveTrace, unixMs } from "./revive.ts";

test("times become nanoseconds since the trace began, exactly", () => {
  const { spans, startTimeUnixNano } = reviveTrace(
    detail([{ ...span("a"), startTimeUnixNano: String(BEGIN + 318_000_001n), durationNs: 7 }]),
  );

  expect(startTimeUnixNano).toBe(BEGIN);
  expect(spans[0]).toMatchObject({ startNs: 318_000_001, endNs: 318_000_008 });
});

test("a span that a skewed clock puts before the beginning keeps its place", () => {
  expect(reviveTrace(detail([span("a", { at: [-5, 1] })])).spans[0]?.startNs).toBe(-5 * MS);
});

test("spans stand in the order of their start, and are found by trace and span id", () => {
  const trace = reviveTrace(detail([span("b", { at: [2, 3] }), span("a", { at: [1, 9] })]));

  expect(trace.spans.map((view) => view.span.name)).toEqual(["a", "b"]);
  expect(trace.spanAt.get(`${ref("b").traceId}.b`)?.span.name).toBe("b");
});

test("of spans with one id the earliest is found", () => {
  const trace = reviveTrace(detail([span("a", { name: "late", at: [2, 3] }), span("a", { name: "early" })]));

  expect(trace.spans).toHaveLength(2);
  expect(trace.spanAt.get(`${ref("a").traceId}.a`)?.span.name).toBe("early");
});

test("the head is the answer without its lists", () => {
  const answer = detail([span("a")], [join("a", "a")], { memberOf: ["x"] });

  const { head, joins, gaps } = reviveTrace(answer);

  expect(head).not.toHaveProperty("spans");
  expect(head).toMatchObject({ id: answer.id, memberOf: ["x"] });
  expect([joins, gaps]).toEqual([answer.joins, answer.gaps]);
});

const exception = (attributes: Record<string, string>) => ({
  timeUnixNano: nanoAt(1),
  name: "exception",
  attributes,
});
const declined = exception({ "exception.type": "CardDeclined", "exception.message": "insufficient funds" });
const errorTextOf = (more: Parameters<typeof span>[1]): string | undefined =>
  reviveTrace(detail([span("a", more)])).spans[0]?.errorText;

test("what went wrong is the status message, else the first exception", () => {
  expect(errorTextOf({ failed: "declined", events: [declined] })).toBe("declined");
  expect(errorTextOf({ failed: "", events: [declined] })).toBe("CardDeclined: insufficient funds");
  expect(errorTextOf({ failed: "", events: [exception({ "exception.type": "TypeError" })] })).toBe("TypeError");
  expect(errorTextOf({ failed: "" })).toBeUndefined();
});

test("an exception that was handled is no error", () => {
  const [view] = reviveTrace(detail([span("a", { events: [declined] })])).spans;

  expect(view).toMatchObject({ isError: false });
  expect(view).not.toHaveProperty("errorText");
});

test("a cold start is one only where the span says so; its init phase is known only where it is a number", () => {
  const cold = (attributes: Parameters<typeof span>[1]) => reviveTrace(detail([span("a", attributes)])).spans[0];

  expect(cold({ attributes: { "faas.coldstart": true, "mayfly.init_duration_ms": 94.2 } })).toMatchObject({
    isColdStart: true,
    initNs: 94.2 * MS,
  });
  expect(cold({ attributes: { "faas.coldstart": "true" } })?.isColdStart).toBe(false);
  expect(cold({ attributes: { "faas.coldstart": true } })).not.toHaveProperty("initNs");
});

test("the span of an init is no second cold start", () => {
  const attributes = { "faas.coldstart": true };
  const [init, named] = reviveTrace(
    detail([
      span("a", { name: "init", kind: "internal", attributes }),
      span("b", { name: "init", kind: "server", attributes }),
    ]),
  ).spans;

  expect(init?.isColdStart).toBe(false);
  expect(named?.isColdStart).toBe(true);
});

test("lines of all functions stand in one clock, those of one moment as they came", () => {
  const lines = [
    logLine("payment", 30, { functionName: "payment" }),
    logLine("api", 3, { functionName: "api" }),
    logLine("tie, first", 30),
    logLine("init", -20),
    logLine("tie, second", 30),
  ];

  expect(reviveLogs(lines, BEGIN).map(({ record, atNs }) => [atNs / MS, record.body])).toEqual([
    [-20, "init"],
    [3, "api"],
    [30, "payment"],
    [30, "tie, first"],
    [30, "tie, second"],
  ]);
});

test("lines a nanosecond apart keep their order", () => {
  const at = (ns: bigint, body: string) => ({ ...logLine(body, 0), timeUnixNano: String(BEGIN + ns) });

  expect(reviveLogs([at(2n, "b"), at(1n, "a")], BEGIN).map(({ record }) => record.body)).toEqual(["a", "b"]);
});

test("a wall time loses what is below a millisecond", () => {
  expect(unixMs("1790000000123999999")).toBe(1_790_000_000_123);
});

test("a span that came only unfinished failed, and says that the timeout was near", () => {
  const unfinished = span("a", { attributes: { "mayfly.unfinished": true } });

  expect(reviveTrace(detail([unfinished])).spans[0]).toMatchObject({
    isError: true,
    errorText: "not finished: the function's timeout was near",
  });
});

test("of a failure without message that was cut off, the exception is not taken for the end", () => {
  const unfinished = span("a", {
    attributes: { "mayfly.unfinished": true },
    events: [{ timeUnixNano: nanoAt(1), name: "exception", attributes: { "exception.type": "Retried" } }],
  });

  expect(reviveTrace(detail([unfinished])).spans[0]?.errorText).toContain("not finished");
});

test("a line of the millisecond in which the trace began stands at its beginning, one before that does not", () => {
  const origin = BEGIN + 115_000n;
  const precise = { ...logLine("precise", 0), timeUnixNano: String(BEGIN + 1n) };

  const views = reviveLogs([logLine("first", 0), precise, logLine("before", -1)], origin);

  expect(views.map(({ record, atNs, isWholeMs }) => [record.body, atNs, isWholeMs])).toEqual([
    ["before", -MS - 115_000, true],
    ["precise", -114_999, false],
    ["first", 0, true],
  ]);
});

test("where an init has a span, a cold start's init phase is drawn where that span says", () => {
  const attributes = { "faas.coldstart": true, "mayfly.init_duration_ms": 90 };
  const [invocation] = reviveTrace(
    detail([
      span("a", { at: [130, 200], attributes }),
      span("b", { name: "init", kind: "internal", under: "a", at: [10, 100], attributes }),
    ]),
  ).spans.filter(({ isInit }) => !isInit);

  const { startNs = 0, endNs = 0 } = (invocation && initInterval(invocation)) ?? {};
  expect([endNs - startNs, (invocation?.startNs ?? 0) - endNs]).toEqual([90 * MS, 30 * MS]);
});
