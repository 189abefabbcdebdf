/** What recent traces say, told span by span; what a collector answers is in test/doctor.test.ts. */
import type { Join, Span, TraceDetail } from "@mayfly/api";
import { expect, test } from "vitest";
import { recentFindings } from "./recent.ts";

const NOW_MS = 1_790_000_000_000;
const TRACE_ID = "ab".repeat(16);
const at = (spanId: string) => ({ traceId: TRACE_ID, spanId });

const span = (spanId: string, startMs: number): Span => ({
  ...at(spanId),
  name: spanId,
  functionName: spanId,
  kind: "consumer",
  startTimeUnixNano: String(BigInt(NOW_MS - 60_000 + startMs) * 1_000_000n),
  durationNs: 1_000_000,
  status: { code: "unset" },
  attributes: {},
  events: [],
  links: [],
});

const started = (from: string, to: string, more: Partial<Join> = {}): Join => ({
  from: at(from),
  to: at(to),
  kind: "sfn-execution",
  key: { kind: "sfn-execution", id: "e" },
  strength: "exact",
  relation: "continues",
  reason: "both sides saw it",
  ...more,
});

const clocks = (spans: readonly Span[], joins: readonly Join[]): readonly string[] => {
  const trace: TraceDetail = {
    id: TRACE_ID,
    traceIds: [TRACE_ID],
    requestIds: [],
    name: "start",
    startTimeUnixNano: "0",
    durationNs: 1,
    spanCount: spans.length,
    errorCount: 0,
    functions: [],
    costUsd: null,
    settled: true,
    spans,
    joins,
    gaps: [],
  };
  return recentFindings([trace], NOW_MS).flatMap(({ check, message }) => (check === "clocks" ? [message] : []));
};

test("who starts an execution again that runs already is not said to have another clock", () => {
  const spans = [span("start", 0), span("reserve", 20), span("again", 900)];
  const joins = [started("again", "reserve"), started("start", "reserve")];
  expect(clocks(spans, joins)).toEqual(["spans are in order"]);
});

test("where the first start comes after what it started, or a context names who came later, clocks differ", () => {
  const late = [span("start", 500), span("reserve", 20), span("again", 900)];
  const joins = [started("start", "reserve"), started("again", "reserve")];
  expect(clocks(late, joins)).toEqual(["reserve begins before start sends, by 0.5 s"]);
  const carried = started("again", "reserve", { kind: "parent" });
  expect(clocks([span("start", 0), ...late.slice(1)], [started("start", "reserve"), carried])).toEqual([
    "reserve begins before again sends, by 0.9 s",
  ]);
});
