/**
 * An event has no place for a context but its own detail, which is the application's: the hop is joined by event id, and carries a
 * context only where that was asked for.
 */
import { MAX_EVENTS_BYTES } from "../../limits.ts";
import { ATTR } from "../../semconv.ts";
import { type JsonObject, isObject, present, textAt } from "../../trigger/trigger.ts";
import { type Carrier, type Injected, type Service, refusedEntries } from "./operation.ts";
import { FULL, mayInject, withContext } from "./payload.ts";
import { listLength } from "./sqs.ts";

export const eventbridge: Service = (command, input) => {
  if (command !== "PutEvents") return undefined;
  const entries = Array.isArray(input["Entries"]) ? input["Entries"].filter(isObject) : [];
  const bus = busOf(entries[0]);
  return {
    spanName: "EventBridge.PutEvents",
    isMessage: true,
    attributes: {
      [ATTR.messagingSystem]: "aws_eventbridge",
      [ATTR.messagingOperationName]: "send",
      [ATTR.messagingOperationType]: "send",
      [ATTR.messagingDestination]: bus,
      ...(entries.length > 1 && { [ATTR.messagingBatchCount]: listLength(input["Entries"]) }),
    },
    ...(mayInject("eventbridge") && { inject: withContextInDetail }),
    // The answer's entries stand in the order of the request's; a rejected one has no id.
    produced: (output) =>
      answered(output).flatMap((entry, index) => {
        const id = textAt(entry, "EventId");
        return id === undefined ? [] : [{ kind: "eventbridge-event", id, scope: busOf(entries[index]) }];
      }),
    failed: (output) =>
      refusedEntries(present(answered(output).map((entry) => textAt(entry, "ErrorCode"))), entries.length),
  };
};

const answered = (output: JsonObject): readonly unknown[] =>
  Array.isArray(output["Entries"]) ? output["Entries"] : [];

/** One limit for all entries of a call, the smallest that has been in force. */
const withContextInDetail = (input: JsonObject, carrier: Carrier): Injected => {
  const { Entries: entries } = input;
  if (!Array.isArray(entries)) return { input, skipped: 0 };
  let room = MAX_EVENTS_BYTES - Buffer.byteLength(JSON.stringify(entries));
  let skipped = 0;
  const filled = (entry: JsonObject): JsonObject => {
    const detail = textAt(entry, "Detail") ?? "";
    const bytes = Buffer.byteLength(detail);
    const whole = withContext(detail, carrier, bytes + room);
    if (whole === FULL) skipped += 1;
    if (whole === undefined || whole === FULL) return entry;
    room -= Buffer.byteLength(whole) - bytes;
    return { ...entry, Detail: whole };
  };
  return { input: { ...input, Entries: entries.map((one: unknown) => (isObject(one) ? filled(one) : one)) }, skipped };
};

const busOf = (entry: JsonObject | undefined): string => textAt(entry, "EventBusName") ?? "default";
