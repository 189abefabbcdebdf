/** An event has no place for a context but its own detail, which is the application's: the hop is joined by event id. */
import { ATTR } from "../../semconv.ts";
import { type JsonObject, isObject, present, textAt } from "../../trigger/trigger.ts";
import { type Service, refusedEntries } from "./operation.ts";
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

const busOf = (entry: JsonObject | undefined): string => textAt(entry, "EventBusName") ?? "default";
