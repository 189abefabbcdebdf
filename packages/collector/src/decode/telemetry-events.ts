/**
 * A batch of Lambda's Telemetry API, as the platform posts it to an extension → lines. A record that is none is left out
 * and counted; a body that is no array is an InputError.
 *
 * Source  Lambda Telemetry API: an array of `{ time, type, record }`.
 */
import type { PlainValue } from "@mayfly/otlp";
import { InputError } from "../errors.ts";
import type { FunctionLine } from "../model/function-line.ts";
import { fieldsOf, text, timeOf, utf8 } from "../model/json-fields.ts";
import { printedLine, recordLine } from "./log-line.ts";

export interface DecodedLines {
  readonly lines: readonly FunctionLine[];
  readonly rejected: Readonly<Record<string, number>>;
}

export const decodeTelemetry = (body: Uint8Array): DecodedLines => {
  const events = arrayIn(body);
  const lines = events.flatMap((event) => lineOf(event) ?? []);
  const bad = events.length - lines.length;
  return { lines, rejected: bad > 0 ? { "malformed-telemetry-record": bad } : {} };
};

const arrayIn = (body: Uint8Array): readonly PlainValue[] => {
  try {
    const value = JSON.parse(utf8(body)) as PlainValue;
    if (Array.isArray(value)) return value as readonly PlainValue[];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError("malformed-body", `cannot read ${body.length} bytes of telemetry: ${reason}`, { cause });
  }
  throw new InputError("malformed-body", "a batch of the Telemetry API is a JSON array of { time, type, record }");
};

const lineOf = (event: PlainValue): FunctionLine | undefined => {
  const { time: iso, type: name, record } = fieldsOf(event) ?? {};
  const time = timeOf(iso);
  const type = text(name);
  if (time === undefined || type === undefined || record === undefined) return undefined;
  return type.startsWith("platform.") ? recordLine(type, record, time) : printedLine(type, record, time);
};
