/**
 * One line of a function's log → what it is: Lambda's word about an invocation, in JSON or text, or what the function
 * printed. A line of text that is a JSON object is read as one, as Lambda's own JSON format gives it.
 */
import type { PlainValue } from "@mayfly/otlp";
import type { FunctionLine } from "../model/function-line.ts";
import type { UnixNano } from "../model/time.ts";
import { fieldsOf, text, textOf, timeOf } from "../model/json-fields.ts";
import { platformLine } from "./platform-line.ts";
import { identityOfRecord, wordOfRecord } from "./platform-record.ts";

/** Of a log group. */
export const logLine = (message: string, time: UnixNano, id?: string): FunctionLine => {
  const withId = id === undefined ? {} : { id };
  const object = objectIn(message);
  const type = text(object?.["type"]);
  const { time: said, record } = object ?? {};
  if (type?.startsWith("platform.") && record !== undefined)
    return { ...recordLine(type, record, timeOf(said) ?? time), ...withId };
  const body = message.replace(/\r?\n$/, "");
  const platform = object ? undefined : platformLine(body, time);
  return platform ? { time, body, ...platform, ...withId } : { ...printedLine("function", body, time), ...withId };
};

/** A platform record. */
export const recordLine = (type: string, record: PlainValue, time: UnixNano): FunctionLine => {
  const word = wordOfRecord(type, record, time) ?? platformLine(textOf(record), time)?.word;
  const requestId = word?.requestId ?? text(fieldsOf(record)?.["requestId"]);
  const identity = identityOfRecord(type, record);
  return {
    time,
    type,
    body: record,
    ...(requestId !== undefined && { requestId }),
    ...(word && { word }),
    ...(identity && { identity }),
  };
};

/** By the function, or by an extension. */
export const printedLine = (type: string, record: PlainValue, time: UnixNano): FunctionLine => ({
  time,
  type,
  body: typeof record === "string" ? (objectIn(record) ?? record) : record,
});

const objectIn = (line: string): ReturnType<typeof fieldsOf> => {
  if (!/^\s*\{/.test(line)) return undefined;
  try {
    return fieldsOf(JSON.parse(line) as PlainValue);
  } catch {
    return undefined; // a line that only begins like one
  }
};
