/**
 * Whether a query holds for one stitched trace.
 *
 * `undefined` means that its row alone cannot tell: then its spans must be looked at, and with them the answer is always
 * yes or no. And, or, not are Kleene's: what one part decides needs no look at another.
 */
import { type KeyValue, type SpanEvent, anyValueToPlain } from "@mayfly/otlp";
import { attributeValues, attributesOf, wordOf } from "../model/attribute-words.ts";
import type { SpanRecord } from "../model/span.ts";
import type { UnixNano } from "../model/time.ts";
import type { SummaryRow } from "../store/summaries.ts";
import type { Field, Query, Test } from "./grammar.ts";
import { gapCountAt } from "./row.ts";

type Truth = boolean | undefined;

/** What a trace is judged by, as of `now`. */
interface Facts {
  readonly row: SummaryRow;
  readonly now: UnixNano;
  readonly spans?: readonly SpanRecord[];
}

export const holdsBySummary = (query: Query, row: SummaryRow, now: UnixNano): Truth => truthOf(query, { row, now });

export const holds = (query: Query, row: SummaryRow, spans: readonly SpanRecord[], now: UnixNano): boolean =>
  truthOf(query, { row, now, spans }) ?? false;

const truthOf = (query: Query, facts: Facts): Truth => {
  switch (query.kind) {
    case "and":
      return all(query.parts, (part) => truthOf(part, facts));
    case "or":
      return not(all(query.parts, (part) => not(truthOf(part, facts))));
    case "not":
      return not(truthOf(query.part, facts));
    case "text":
      return holdsText(query.text.toLowerCase(), facts);
    case "attribute":
      return facts.spans?.some((span) => query.tests.some((test) => attributePasses(span, query.key, test)));
    case "field":
      return fieldPasses(query.field, query.tests, facts);
  }
};

const not = (truth: Truth): Truth => (truth === undefined ? undefined : !truth);

const all = (parts: readonly Query[], of: (part: Query) => Truth): Truth => {
  let truth: Truth = true;
  for (const part of parts) {
    const one = of(part);
    if (one === false) return false;
    if (one === undefined) truth = undefined;
  }
  return truth;
};

const fieldPasses = (field: Field, tests: readonly Test[], facts: Facts): Truth => {
  const values = valuesOf(field, facts) ?? facts.spans?.map((span) => span.wire.name);
  return values && tests.some((test) => values.some((value) => passes(value, test)));
};

/** undefined: the row does not know them all. */
const valuesOf = (field: Field, { row, now }: Facts): readonly (string | number)[] | undefined => {
  switch (field) {
    case "function":
      return row.functions;
    case "service":
      return row.services;
    case "name":
      return row.spanNames;
    case "status":
      return [row.errorCount > 0 ? "error" : "ok"];
    case "error":
      return row.errorTypes;
    case "duration":
      return [row.durationNs];
    case "cold":
      return [row.coldStarts > 0 ? "true" : "false"];
    case "trigger":
      return row.triggers;
    case "spans":
      return [row.spanCount];
    case "gaps":
      return [gapCountAt(row, now)];
    case "request":
      return row.requestIds;
    case "trace":
      return row.traceIds;
  }
};

const attributePasses = (span: SpanRecord, key: string, test: Test): boolean =>
  test.is === "there"
    ? attributesOf(span).some((one) => one.key === key)
    : attributeValues(span, key).some((value) => passes(typeof value === "number" ? value : wordOf(value), test));

/** Text is equal or begins so, and a number as JSON writes it; only numbers compare. */
const passes = (value: string | number, test: Test): boolean => {
  switch (test.is) {
    case "there":
      return true;
    case "equal":
      return String(value) === test.text;
    case "prefix":
      return String(value).startsWith(test.text);
    case "between":
      return typeof value === "number" && value >= test.least && value <= test.most;
    case ">":
      return typeof value === "number" && value > test.number;
    case ">=":
      return typeof value === "number" && value >= test.number;
    case "<":
      return typeof value === "number" && value < test.number;
    case "<=":
      return typeof value === "number" && value <= test.number;
  }
};

const holdsText = (text: string, { row, spans }: Facts): Truth => {
  const words = [row.id, row.name, ...row.traceIds, ...row.requestIds, ...row.functions, ...(row.spanNames ?? [])];
  if (words.some((word) => word.toLowerCase().includes(text))) return true;
  return spans?.some((span) => spanText(span).includes(text));
};

const spanText = ({ wire: { traceId, spanId, name, status, attributes, events } }: SpanRecord): string =>
  [traceId, spanId, name, status?.message ?? "", ...attributes.map(valueText), ...events.flatMap(eventTexts)]
    .join("\n")
    .toLowerCase();

const eventTexts = ({ name, attributes }: SpanEvent): readonly string[] => [name, ...attributes.map(valueText)];

const valueText = ({ value }: KeyValue): string => wordOf(anyValueToPlain(value));
