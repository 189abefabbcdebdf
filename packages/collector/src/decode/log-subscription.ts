/**
 * The text of one Firehose record → lines: messages of a CloudWatch Logs subscription, one or several in a row, or, where
 * Firehose has taken the messages apart already, plain lines.
 *
 * A CONTROL_MESSAGE is CloudWatch asking whether anybody is there: no lines.
 *
 * Errors  none; what begins a message and is none is counted. A text without any message is plain lines.
 * Source  CloudWatch Logs user guide, "Subscription filters".
 */
import type { PlainValue } from "@mayfly/otlp";
import { type FunctionIdentity, identityOfLog } from "../model/function-identity.ts";
import type { FunctionLine } from "../model/function-line.ts";
import type { UnixNano } from "../model/time.ts";
import { type Fields, fieldsOf, text, textOf, timeOf } from "../model/json-fields.ts";
import { logLine } from "./log-line.ts";

export interface SubscriptionLines {
  readonly identity: FunctionIdentity;
  readonly lines: readonly FunctionLine[];
  /** Of its lines. */
  readonly malformed: number;
}

/** `arrivedAt`: a plain line has no time of its own. */
export const decodeSubscription = (record: string, arrivedAt: UnixNano): readonly SubscriptionLines[] => {
  const documents = [...jsonDocuments(record)];
  const messages = documents.map(messageIn);
  if (messages.some((message) => message !== undefined))
    return messages.map((message) => (message ? linesOf(message) : { identity: {}, lines: [], malformed: 1 }));
  const lines = record.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.length === 0
    ? []
    : [{ identity: {}, lines: lines.map((line) => logLine(line, arrivedAt)), malformed: 0 }];
};

const messageIn = (document: string): Fields | undefined => {
  try {
    const message = fieldsOf(JSON.parse(document) as PlainValue);
    return message && typeof message["messageType"] === "string" && Array.isArray(message["logEvents"])
      ? message
      : undefined;
  } catch {
    return undefined;
  }
};

const linesOf = (message: Fields): SubscriptionLines => {
  const accountId = text(message["owner"]);
  const identity = {
    ...identityOfLog(textOf(message["logGroup"]), textOf(message["logStream"])),
    ...(accountId && { accountId }),
  };
  if (message["messageType"] === "CONTROL_MESSAGE") return { identity, lines: [], malformed: 0 };
  const events = message["logEvents"] as readonly PlainValue[];
  const lines = events.flatMap((event) => lineOf(fieldsOf(event)) ?? []);
  return { identity, lines, malformed: events.length - lines.length };
};

const lineOf = (event: Fields | undefined): FunctionLine | undefined => {
  const time = timeOf(event?.["timestamp"]);
  const message = event?.["message"];
  return time === undefined || typeof message !== "string" ? undefined : logLine(message, time, text(event?.["id"]));
};

/** Texts between the outermost braces, whatever stands between them. One pass: the text is anybody's. */
function* jsonDocuments(record: string): Generator<string> {
  let depth = 0;
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < record.length; at += 1) {
    const mark = record.charCodeAt(at);
    if (isQuoted) {
      if (mark === BACKSLASH) at += 1;
      else if (mark === QUOTE) isQuoted = false;
    } else if (mark === QUOTE && depth > 0) isQuoted = true;
    else if (mark === OPEN && depth++ === 0) start = at;
    else if (mark === CLOSE && depth > 0 && --depth === 0) yield record.slice(start, at + 1);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
