/** What one line says of a transaction: how long, what failed, what waited, what was cold, how much was joined. */
import type { AttributeValue } from "@mayfly/api";
import { errorOf, type Row, type SpanRow } from "./rows.ts";
import type { TraceView } from "./trace-view.ts";
import { unionNs } from "./waits.ts";

export interface Headline {
  readonly invocations: number;
  /** The deepest first failure: where the trouble began. */
  readonly failure?: { readonly row: SpanRow; readonly text: string; readonly mendedBy?: number };
  readonly coldStarts: { readonly count: number; readonly initNs: number };
  /** Time in which some message was under way and nobody worked on it. */
  readonly waitedNs: number;
  readonly gapCount: number;
  /** What the handler annotated the first invocation with. */
  readonly annotations: readonly (readonly [string, string])[];
}

export const headlineOf = (trace: TraceView, rows: readonly Row[]): Headline => {
  const spans = rows.filter((row) => row.kind === "span");
  const cold = spans.filter((row) => row.view.isColdStart);
  const failure = failureOf(spans);
  return {
    invocations: spans.filter((row) => row.isInvocation).length,
    ...(failure && { failure }),
    coldStarts: { count: cold.length, initNs: cold.reduce((sum, row) => sum + (row.view.initNs ?? 0), 0) },
    waitedNs: unionNs(rows.flatMap((row) => (row.kind === "join" ? row.waits : []))),
    gapCount: trace.head.gapCount ?? trace.gaps.length,
    annotations: annotationsOf(spans),
  };
};

const failureOf = (spans: readonly SpanRow[]): Headline["failure"] => {
  const failed = spans.filter((row) => row.view.isError);
  const blamesAnother = new Set(failed.map(({ view: { span } }) => `${span.traceId}.${span.parentSpanId}`));
  const row = failed.find(({ view }) => !blamesAnother.has(view.path)) ?? failed[0];
  if (row === undefined) return undefined;
  const mendedBy = spans.find((one) => one.attempt !== undefined && !one.view.isError && isRetryOf(one, row))?.attempt;
  return { row, text: errorOf(row) ?? "failed", ...(mendedBy !== undefined && { mendedBy }) };
};

const isRetryOf = (retry: SpanRow, { view, functionName }: SpanRow): boolean =>
  retry.functionName === functionName && retry.view.startNs >= view.endNs;

const MAX_ANNOTATIONS = 3;

/** Keys given to annotate() stand as given, without a namespace. */
const annotationsOf = (spans: readonly SpanRow[]): Headline["annotations"] => {
  const first = spans.find((row) => row.isInvocation);
  return Object.entries(first?.view.span.attributes ?? {})
    .flatMap(([key, value]) => (!key.includes(".") && isPlain(value) ? [[key, String(value)] as const] : []))
    .slice(0, MAX_ANNOTATIONS);
};

const isPlain = (value: AttributeValue): value is string | number | boolean =>
  value !== null && typeof value !== "object";
