/**
 * Attributes as words that can be looked for: `order_id` = `o-17`, `http.response.status_code` = `503`.
 *
 * A span has its own attributes and those of its resource. A list stands for each of its elements. Values are written as a
 * reader knows them: text as it is, everything else as JSON says it.
 */
import { type AnyValue, type KeyValue, type PlainValue, anyValueToPlain } from "@mayfly/otlp";
import type { SpanRecord } from "./span.ts";

export interface Word {
  readonly attribute: string;
  readonly value: string;
}

export const holdsWord = (span: SpanRecord, { attribute, value }: Word): boolean =>
  attributeValues(span, attribute).some((one) => wordOf(one) === value);

/** All values that it has under this key; empty where it has no such attribute, or an empty list. */
export const attributeValues = (span: SpanRecord, key: string): readonly PlainValue[] =>
  attributesOf(span).flatMap((one) => (one.key === key ? elementsOf(one.value).map(anyValueToPlain) : []));

export const wordOf = (value: PlainValue): string => (typeof value === "string" ? value : JSON.stringify(value));

export const attributesOf = ({ wire, origin }: SpanRecord): readonly KeyValue[] =>
  origin.resource === undefined ? wire.attributes : [...wire.attributes, ...origin.resource.attributes];

/** A list gives a word for each of its elements. */
export const wordsOf = ({ key, value }: KeyValue): Word[] =>
  elementsOf(value).map((one) => ({ attribute: key, value: wordOf(anyValueToPlain(one)) }));

const elementsOf = (value: AnyValue | undefined): readonly (AnyValue | undefined)[] =>
  value !== undefined && "arrayValue" in value ? value.arrayValue.values : [value];
