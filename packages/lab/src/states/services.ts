/** What Task states call: the lab's own functions, queues, topics and buses, for the invocation that started the execution. */
import { randomUUID } from "node:crypto";
import type { EventBridge } from "../event-sources/eventbridge.ts";
import type { LabFunction } from "../function.ts";
import type { Messaging } from "../messaging.ts";
import type { Truth } from "../truth.ts";
import { functionName } from "./check.ts";
import type { Service, Services } from "./integrations.ts";
import type { StateContext } from "./interpreter.ts";
import { StatesError } from "./states-error.ts";

export interface ServicesDeps {
  readonly functions: ReadonlyMap<string, LabFunction>;
  readonly messaging: Messaging;
  readonly eventBridge: EventBridge;
  readonly truth: Truth;
  readonly traceHeaderOf: (executionArn: string) => string | undefined;
  readonly startExecution: Service;
}

export const createServices = (deps: ServicesDeps): Services => ({
  "lambda:function": async (parameters, { context }) => ({
    output: (await invoked(deps, parameters, context)).payload,
  }),
  "lambda:invoke": async (parameters, { context }) => {
    const { payload, requestId, traceHeader } = await invoked(deps, parameters, context);
    return { output: invokeOutput(payload, requestId, traceHeader) };
  },
  "sqs:sendMessage": (parameters, { context }) => sendMessage(deps, parameters, context),
  "sns:publish": (parameters, { context }) => publish(deps, parameters, context),
  "events:putEvents": (parameters, { context }) => putEvents(deps, parameters, context),
  "states:startExecution": deps.startExecution,
});

type Parameters = Readonly<Record<string, unknown>>;

export const executionOf = (context: StateContext): string => String(context.Execution["Id"]);

interface Invoked {
  readonly payload: unknown;
  readonly requestId: string;
  readonly traceHeader: string | undefined;
}

const invoked = async (deps: ServicesDeps, parameters: Parameters, context: StateContext): Promise<Invoked> => {
  const { FunctionName, Payload = {} } = parameters;
  const executionArn = executionOf(context);
  const target = deps.functions.get(functionName(String(FunctionName)));
  if (target === undefined)
    throw new StatesError("Lambda.ResourceNotFoundException", `Function not found: ${String(FunctionName)}`);
  const requestId = randomUUID();
  const traceHeader = deps.traceHeaderOf(executionArn);
  const result = await target.invoke({
    requestId,
    payload: JSON.stringify(Payload),
    source: "step-functions",
    causes: [deps.truth.causeOf({ kind: "sfn-execution", id: executionArn })],
    ...(traceHeader !== undefined && { traceHeader }),
  });
  const payload: unknown = JSON.parse(result.payload);
  if (result.outcome === "success") return { payload, requestId, traceHeader };
  // As on AWS, the cause is the function's error as JSON.
  throw new StatesError((payload as { errorType?: string }).errorType ?? "Lambda.Unknown", result.payload);
};

/** What a service's own answer becomes in a task's output; header names as AWS shows them. */
const withMetadata = (answer: object, requestId: string, headers: Readonly<Record<string, string>> = {}): object => {
  const all = { "x-amzn-RequestId": requestId, Date: new Date().toUTCString(), ...headers };
  return {
    ...answer,
    SdkHttpMetadata: {
      AllHttpHeaders: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]])),
      HttpHeaders: all,
      HttpStatusCode: 200,
    },
    SdkResponseMetadata: { RequestId: requestId },
  };
};

const invokeOutput = (Payload: unknown, requestId: string, traceHeader: string | undefined): object =>
  withMetadata({ ExecutedVersion: "$LATEST", Payload, StatusCode: 200 }, requestId, {
    "X-Amz-Executed-Version": "$LATEST",
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(JSON.stringify(Payload))),
    // Its keys are lower-case there.
    ...(traceHeader !== undefined && { "X-Amzn-Trace-Id": lowerKeys(traceHeader) }),
  });

const lowerKeys = (header: string): string =>
  header.replaceAll(/(^|;)\s*([A-Za-z]+)=/g, (_, mark: string, key: string) => `${mark}${key.toLowerCase()}=`);

/** Where the services want a text, Step Functions takes any JSON. */
const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value ?? ""));

const senderOf = ({ truth }: ServicesDeps, context: StateContext): { sender?: string } => {
  const sender = truth.starterOf(executionOf(context));
  return sender === undefined ? {} : { sender };
};

type Serve = (deps: ServicesDeps, parameters: Parameters, context: StateContext) => Promise<{ output: unknown }>;

const sendMessage: Serve = async (deps, parameters, context) => {
  const traceHeader = deps.traceHeaderOf(executionOf(context));
  const input = {
    ...parameters,
    MessageBody: asText(parameters["MessageBody"]),
    ...(traceHeader !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: traceHeader } },
    }),
  };
  const answer = await refusedAs("SQS", deps.messaging.sqs<object>("SendMessage", input, senderOf(deps, context)));
  return { output: withMetadata(answer, randomUUID()) };
};

interface Attribute {
  readonly DataType?: string;
  readonly StringValue?: string;
}

const publish: Serve = async (deps, parameters, context) => {
  const { Message, MessageAttributes = {}, TopicArn, Subject } = parameters;
  const attributes = Object.entries(MessageAttributes as Record<string, Attribute>).flatMap(([name, one], n) => {
    const entry = `MessageAttributes.entry.${n + 1}`;
    return [
      [`${entry}.Name`, name],
      [`${entry}.Value.DataType`, one.DataType ?? "String"],
      [`${entry}.Value.StringValue`, one.StringValue ?? ""],
    ];
  });
  const input: Record<string, string> = {
    TopicArn: String(TopicArn),
    Message: asText(Message),
    ...(typeof Subject === "string" && { Subject }),
    ...(Object.fromEntries(attributes) as object),
  };
  const traceHeader = deps.traceHeaderOf(executionOf(context));
  const options = { ...senderOf(deps, context), ...(traceHeader !== undefined && { traceHeader }) };
  const answer = await refusedAs("SNS", deps.messaging.sns("Publish", input, options));
  const [, MessageId] = /<MessageId>([^<]+)</.exec(answer) ?? [];
  return { output: withMetadata({ MessageId }, randomUUID()) };
};

const putEvents: Serve = async (deps, parameters, context) => {
  const entries = (parameters["Entries"] ?? []) as readonly Record<string, unknown>[];
  const Entries = entries.map((entry) => ({ ...entry, Detail: asText(entry["Detail"]) }));
  const traceHeader = deps.traceHeaderOf(executionOf(context));
  const answer = await deps.eventBridge.putEvents({ Entries }, { traceHeader, ...senderOf(deps, context) });
  const { FailedEntryCount } = answer as { readonly FailedEntryCount: number };
  if (FailedEntryCount > 0) throw new StatesError("EventBridge.FailedEntry", JSON.stringify(answer));
  return { output: withMetadata(answer, randomUUID()) };
};

const refusedAs = async <T>(service: string, request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (error) {
    throw new StatesError(
      `${service}.${service === "SQS" ? "SqsException" : "SnsException"}`,
      (error as Error).message,
    );
  }
};
