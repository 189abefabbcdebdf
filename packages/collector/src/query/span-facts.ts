/** What summaries tell of a single span. */
import { type KeyValue, attributeValue } from "@mayfly/otlp";
import type { SpanRecord } from "../model/span.ts";
import {
  ERROR_TYPE,
  ERROR_TYPE_OTHER,
  EXCEPTION_EVENT,
  EXCEPTION_TYPE,
  FAAS_TRIGGER,
  MAYFLY_TRIGGER,
} from "../normalize/semconv.ts";

export const triggerOf = ({ wire: { attributes } }: SpanRecord): string | undefined =>
  textOf(attributes, MAYFLY_TRIGGER) ?? textOf(attributes, FAAS_TRIGGER);

export const errorTypeOf = ({ wire: { attributes, events } }: SpanRecord): string => {
  const exception = events.find((event) => event.name === EXCEPTION_EVENT);
  return textOf(exception?.attributes ?? [], EXCEPTION_TYPE) ?? textOf(attributes, ERROR_TYPE) ?? ERROR_TYPE_OTHER;
};

const textOf = (attributes: readonly KeyValue[], key: string): string | undefined => {
  const value = attributeValue(attributes, key);
  return value !== undefined && "stringValue" in value && value.stringValue !== "" ? value.stringValue : undefined;
};
