/** The invocation span: what ran, why, and with which ids. Names and kinds per trigger as the FaaS conventions say. */
import { type Attributes, type Span, SpanKind } from "@opentelemetry/api";
import type { Invocation } from "../invocation.ts";
import type { Sdk } from "../sdk.ts";
import { ATTR } from "../semconv.ts";
import { formatStitchKeys } from "../stitch/keys.ts";
import { stateOf } from "../trigger/detect.ts";
import { httpRequestOf } from "../trigger/http.ts";
import type { Trigger, TriggerType } from "../trigger/trigger.ts";
import { placeInvocation } from "./parent.ts";

/** Others are `other`. */
const FAAS_TRIGGER: Readonly<Partial<Record<TriggerType, string>>> = {
  http: "http",
  sqs: "pubsub",
  sns: "pubsub",
  eventbridge: "pubsub",
  codebuild: "pubsub",
  kinesis: "pubsub",
  kafka: "pubsub",
  mq: "pubsub",
  pubsub: "pubsub",
  cloudevents: "pubsub",
  dynamodb: "datasource",
  s3: "datasource",
  documentdb: "datasource",
  gcs: "datasource",
  schedule: "timer",
};

export const startInvocationSpan = (sdk: Sdk, invocation: Invocation, trigger: Trigger, event: unknown): Span => {
  const { parent, traceId, links } = placeInvocation(trigger, invocation);
  const isMessage = FAAS_TRIGGER[trigger.type] === "pubsub";
  return sdk.spans.inTrace(traceId, () =>
    sdk.spans.tracer.startSpan(
      nameOf(sdk, trigger, event),
      {
        kind: isMessage ? SpanKind.CONSUMER : SpanKind.SERVER,
        links: [...links],
        attributes: {
          ...invocationAttributes(sdk, invocation, trigger),
          ...(isMessage ? messageAttributes(trigger) : batchCount(trigger)),
          ...(trigger.type === "http" && httpAttributes(trigger, event)),
          ...(trigger.type === "step-functions" && stateAttributes(event)),
        },
      },
      parent,
    ),
  );
};

const nameOf = (sdk: Sdk, trigger: Trigger, event: unknown): string => {
  if (trigger.type === "http") {
    const { method } = httpRequestOf(event);
    const known = method === undefined || KNOWN_METHODS.has(method) ? method : "HTTP";
    // Never the path: it may hold anything, a customer's data too, and there is no end of them.
    return [known, trigger.destination].filter(Boolean).join(" ") || sdk.config.functionName;
  }
  const isMessage = FAAS_TRIGGER[trigger.type] === "pubsub";
  return isMessage && trigger.destination ? `process ${trigger.destination}` : sdk.config.functionName;
};

const invocationAttributes = (sdk: Sdk, invocation: Invocation, trigger: Trigger): Attributes => {
  const keys = trigger.records.flatMap((record) => record.keys);
  const { requestId, isColdStart, invokedArn, resourceArn, accountId } = invocation;
  return {
    [ATTR.faasName]: sdk.config.functionName,
    [ATTR.faasInvocationId]: requestId,
    [ATTR.faasColdstart]: isColdStart,
    [ATTR.faasTrigger]: FAAS_TRIGGER[trigger.type] ?? "other",
    [ATTR.triggerType]: trigger.type,
    [ATTR.keysConsumed]: formatStitchKeys([
      ...keys,
      ...(requestId ? [{ kind: "lambda-request", id: requestId } as const] : []),
    ]),
    ...(isColdStart && { [ATTR.initDurationMs]: sdk.initDurationMs }),
    ...(invokedArn !== undefined && { [ATTR.lambdaInvokedArn]: invokedArn }),
    ...(resourceArn !== undefined && { [ATTR.cloudResourceId]: resourceArn }),
    ...(accountId !== undefined && { [ATTR.cloudAccountId]: accountId }),
  };
};

/**
 * What the SDK cost, lost or skipped so far in this environment; absent where that is nothing. For the span's end, so that the
 * invocation that lost says so.
 */
export const lossAttributes = (sdk: Sdk): Attributes => {
  const { droppedSpans, droppedLogs, cutTexts, flushTimeouts, flushFailures, breakerOpened, sentBytes, overheadMs } =
    sdk.sender.counters();
  const counts: Readonly<Record<string, number>> = {
    [ATTR.sdkDroppedSpans]: droppedSpans,
    [ATTR.sdkDroppedLogs]: droppedLogs,
    [ATTR.sdkCutTexts]: cutTexts,
    [ATTR.sdkFlushTimeouts]: flushTimeouts,
    [ATTR.sdkFlushFailures]: flushFailures,
    [ATTR.sdkBreakerOpened]: breakerOpened,
    [ATTR.sdkSentBytes]: sentBytes,
    [ATTR.sdkOverheadUs]: Math.round(overheadMs * 1_000),
    [ATTR.sdkRedacted]: sdk.redact.count,
    [ATTR.sdkDroppedDebugLines]: sdk.held.dropped,
    [ATTR.sdkInjectSkipped]: sdk.injectSkipped,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
};

const SYSTEM: Readonly<Partial<Record<TriggerType, string>>> = {
  sqs: "aws_sqs",
  sns: "aws.sns", // the conventions really spell the two differently
  eventbridge: "aws_eventbridge",
  kinesis: "aws_kinesis",
  kafka: "kafka",
  pubsub: "gcp_pubsub",
};

/** A batch of changes to data is a batch all the same: a story must not take it for one record. */
const batchCount = ({ records }: Trigger): Attributes =>
  records.length > 1 ? { [ATTR.messagingBatchCount]: records.length } : {};

export const messageAttributes = (trigger: Trigger): Attributes => {
  const system = SYSTEM[trigger.type];
  const count = trigger.records.length;
  const id = trigger.records[0]?.id;
  return {
    [ATTR.messagingOperationName]: "process",
    [ATTR.messagingOperationType]: "process",
    ...(system !== undefined && { [ATTR.messagingSystem]: system }),
    ...(trigger.destination !== undefined && { [ATTR.messagingDestination]: trigger.destination }),
    ...batchCount(trigger),
    ...(count === 1 && id !== undefined && { [ATTR.messagingMessageId]: id }),
  };
};

/** Others are the caller's own invention, without end. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY".split(" "),
);

const methodAttributes = (method: string): Attributes =>
  KNOWN_METHODS.has(method)
    ? { [ATTR.httpRequestMethod]: method }
    : { [ATTR.httpRequestMethod]: "_OTHER", [ATTR.httpRequestMethodOriginal]: method };

const httpAttributes = (trigger: Trigger, event: unknown): Attributes => {
  const { method, path, host } = httpRequestOf(event);
  return {
    ...(method !== undefined && methodAttributes(method)),
    ...(path !== undefined && { [ATTR.urlPath]: path }),
    ...(host !== undefined && { [ATTR.serverAddress]: host }),
    ...(trigger.destination !== undefined && { [ATTR.httpRoute]: trigger.destination }),
  };
};

const stateAttributes = (event: unknown): Attributes => {
  const { name, retryCount } = stateOf(event);
  return {
    ...(name !== undefined && { [ATTR.sfnStateName]: name }),
    ...(retryCount !== undefined && { [ATTR.sfnRetryCount]: retryCount }),
  };
};
