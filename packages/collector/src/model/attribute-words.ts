/**
 * Attributes as words that can be looked for: `order_id` = `o-17`, `http.response.status_code` = `503`.
 *
 * Values are written as a reader knows them: text as it is, everything else as JSON says it, each element of a list by
 * itself, in the order sent. A span has its own attributes and those of its resource.
 */
import { type AnyValue, type KeyValue, anyValueToPlain } from "@mayfly/otlp";
import type { SpanRecord } from "./span.ts";

export interface Word {
  readonly attribute: string;
  readonly value: string;
}

export const holdsWord = (span: SpanRecord, { attribute, value }: Word): boolean =>
  attributesOf(span).some((one) => one.key === attribute && wordsOf(one).some((word) => word.value === value));

const attributesOf = ({ wire, origin }: SpanRecord): readonly KeyValue[] => [
  ...wire.attributes,
  ...(origin.resource?.attributes ?? []),
];

const wordsOf = ({ key, value }: KeyValue): Word[] =>
  elementsOf(value).map((one) => ({ attribute: key, value: textOf(one) }));

const elementsOf = (value: AnyValue | undefined): readonly (AnyValue | undefined)[] =>
  value !== undefined && "arrayValue" in value ? value.arrayValue.values : [value];

const textOf = (value: AnyValue | undefined): string => {
  const plain = anyValueToPlain(value);
  return typeof plain === "string" ? plain : JSON.stringify(plain);
};
