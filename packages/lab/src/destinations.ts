/**
 * Where an asynchronous invocation goes when it has ended: its function's destination gets a record of it, the function's
 * dead-letter queue the event alone.
 *
 * Source  Lambda developer guide, asynchronous invocation; the record's shape is its `version` 1.0.
 */
import type { Addresses } from "./addresses.ts";
import type { Destination, FunctionDefinition } from "./definition.ts";
import type { EventBridge } from "./event-sources/eventbridge.ts";
import type { LabFunction } from "./function.ts";
import type { Messaging } from "./messaging.ts";
import type { InvocationResult } from "./runtime-api.ts";
import type { Cause } from "./truth-log.ts";

export interface EndedAsync {
  readonly functionArn: string;
  readonly definition: FunctionDefinition;
  readonly requestId: string;
  readonly payload: string;
  readonly traceHeader?: string;
  readonly attempts: number;
  readonly result: InvocationResult;
}

export interface DestinationsDeps {
  readonly functions: ReadonlyMap<string, LabFunction>;
  readonly addresses: Addresses;
  readonly messaging: Messaging;
  readonly eventBridge: EventBridge;
}

export type Destinations = (ended: EndedAsync) => Promise<void>;

export const createDestinations =
  (deps: DestinationsDeps): Destinations =>
  async (ended) => {
    const { definition, result } = ended;
    const isSuccess = result.outcome === "success";
    const destination = isSuccess ? definition.onSuccess : definition.onFailure;
    if (!isSuccess && definition.deadLetterQueue !== undefined)
      await toDeadLetterQueue(definition.deadLetterQueue, ended, deps);
    if (destination !== undefined) await deliver(destination, ended, deps);
  };

const deliver = async (destination: Destination, ended: EndedAsync, deps: DestinationsDeps): Promise<void> => {
  const { requestId: sender, functionArn, traceHeader } = ended;
  const record = recordOf(ended);
  const body = JSON.stringify(record);
  const from = { sender, ...(traceHeader !== undefined && { traceHeader }) };
  if ("queue" in destination) await send(destination.queue, body, {}, ended, deps);
  else if ("topic" in destination)
    await deps.messaging.sns("Publish", { TopicArn: deps.addresses.topicArn(destination.topic), Message: body }, from);
  else if ("function" in destination) {
    const cause: Cause = { requestId: sender, via: { kind: "lambda-request", id: sender } };
    deps.functions.get(destination.function)?.invokeAsync({
      payload: body,
      source: "lambda",
      causes: [cause],
      ...(traceHeader !== undefined && { traceHeader }),
    });
  } else {
    const result = record.requestContext.condition === "Success" ? "Success" : "Failure";
    const entry = {
      Source: "lambda",
      DetailType: `Lambda Function Invocation Result - ${result}`,
      Detail: body,
      EventBusName: destination.bus,
      Resources: [functionArn],
    };
    await deps.eventBridge.putEvents({ Entries: [entry] }, from);
  }
};

const recordOf = ({ functionArn, requestId, payload, attempts, result }: EndedAsync) => ({
  version: "1.0",
  timestamp: new Date().toISOString(),
  requestContext: {
    requestId,
    functionArn: `${functionArn}:$LATEST`,
    condition: result.outcome === "success" ? "Success" : "RetriesExhausted",
    approximateInvokeCount: attempts,
  },
  requestPayload: JSON.parse(payload) as unknown,
  responseContext: {
    statusCode: 200,
    executedVersion: "$LATEST",
    ...(result.outcome !== "success" && { functionError: "Unhandled" }),
  },
  responsePayload: JSON.parse(result.payload) as unknown,
});

/** The event as it came; what went wrong is in its attributes. */
const toDeadLetterQueue = (queue: string, ended: EndedAsync, deps: DestinationsDeps): Promise<void> => {
  const { errorMessage = "" } = JSON.parse(ended.result.payload) as { readonly errorMessage?: string };
  const attributes = {
    RequestID: { DataType: "String", StringValue: ended.requestId },
    ErrorCode: { DataType: "Number", StringValue: "200" },
    ErrorMessage: { DataType: "String", StringValue: errorMessage.slice(0, MAX_ERROR_MESSAGE) || "none" },
  };
  return send(queue, ended.payload, attributes, ended, deps);
};

/** Of the DLQ's attribute, 1 KB on Lambda. */
const MAX_ERROR_MESSAGE = 1_024;

const send = async (
  queue: string,
  MessageBody: string,
  MessageAttributes: object,
  { requestId, traceHeader }: EndedAsync,
  { messaging, addresses }: DestinationsDeps,
): Promise<void> => {
  const system = traceHeader !== undefined && {
    MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: traceHeader } },
  };
  const QueueUrl = addresses.queueUrl(queue);
  await messaging.sqs("SendMessage", { QueueUrl, MessageBody, MessageAttributes, ...system }, { sender: requestId });
};
