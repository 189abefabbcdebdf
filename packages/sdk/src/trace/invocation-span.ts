/** The invocation span: what ran, why, and with which ids. Names and kinds per trigger as the FaaS conventions say. */
import { type Attributes, type Span, SpanKind } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { type Invocation, resourceFacts } from "../invocation.ts";
import type { Sdk } from "../sdk.ts";
import { parseXrayHeader, rootOf } from "../propagate/xray.ts";
import { isExtensionRefused } from "../send/shared-extension.ts";
import { ATTR } from "../semconv.ts";
import { type StitchKey, formatStitchKeys } from "../stitch/keys.ts";
import { type HttpRequest, httpRequestOf } from "../trigger/http.ts";
import { stateOf } from "../trigger/step-functions.ts";
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

export interface InvocationSpan {
  readonly span: Span;
  /**
   * Gives the span its attributes. To be called once it is certain that they are needed, and best where nobody waits: they are a third of
   * what beginning an invocation costs. What the span has got meanwhile, from `annotate` or the application, stays.
   */
  readonly describe: () => void;
}

export const startInvocationSpan = (
  sdk: Sdk,
  invocation: Invocation,
  trigger: Trigger,
  event: unknown,
): InvocationSpan => {
  const { parent, traceId, links } = placeInvocation(trigger, invocation, sdk.config);
  const { name, kind, describe } = invocationFacts(sdk, invocation, trigger, event);
  const span = sdk.spans.inTrace(traceId, () => sdk.spans.tracer.startSpan(name, { kind, links: [...links] }, parent));
  return { span, describe: () => describe(span) };
};

export interface InvocationFacts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly describe: (span: Span) => void;
}

export const invocationFacts = (
  sdk: Sdk,
  invocation: Invocation,
  trigger: Trigger,
  event: unknown,
): InvocationFacts => {
  // Read now: the event is the handler's, to do with as it likes.
  const request = trigger.type === "http" ? httpRequestOf(event) : undefined;
  const state = trigger.type === "step-functions" ? stateOf(event) : undefined;
  return {
    name: nameOf(sdk, trigger, request),
    kind: isMessage(trigger) ? SpanKind.CONSUMER : SpanKind.SERVER,
    describe(span) {
      span.setAttributes({
        ...invocationAttributes(sdk, invocation, trigger),
        ...(isMessage(trigger) ? messageAttributes(trigger) : batchCount(trigger)),
        ...(request && httpAttributes(trigger, request)),
        ...(state && stateAttributes(state)),
        ...(span as Partial<ReadableSpan>).attributes,
      });
    },
  };
};

const isMessage = ({ type }: Trigger): boolean => FAAS_TRIGGER[type] === "pubsub";

const nameOf = (sdk: Sdk, trigger: Trigger, request: HttpRequest | undefined): string => {
  if (request) {
    const { method } = request;
    const known = method === undefined || KNOWN_METHODS.has(method) ? method : "HTTP";
    // Never the path: it may hold anything, a customer's data too, and there is no end of them.
    return [known, trigger.destination].filter(Boolean).join(" ") || sdk.config.functionName;
  }
  return isMessage(trigger) && trigger.destination ? `process ${trigger.destination}` : sdk.config.functionName;
};

const invocationAttributes = (sdk: Sdk, invocation: Invocation, trigger: Trigger): Attributes => {
  const keys = trigger.records.flatMap((record) => record.keys);
  const { requestId, isFirst, isColdStart, initialization, tenantId, invokedArn } = invocation;
  // A restored clock tells how long ago the snapshot was made.
  const hasInit = isColdStart && initialization !== "snap-start" && sdk.loaded;
  return {
    [ATTR.faasName]: sdk.config.functionName,
    [ATTR.faasInvocationId]: requestId,
    [ATTR.faasColdstart]: isColdStart,
    [ATTR.faasTrigger]: FAAS_TRIGGER[trigger.type] ?? "other",
    [ATTR.triggerType]: trigger.type,
    [ATTR.keysConsumed]: formatStitchKeys([
      ...keys,
      ...(requestId ? [{ kind: "lambda-request", id: requestId } as const] : []),
      ...sharedRoot(trigger, invocation),
    ]),
    ...(trigger.records.length === 1 && handedOn(keys)),
    ...(hasInit && { [ATTR.initDurationMs]: Math.round(hasInit.durationMs) }),
    ...(isFirst && { [ATTR.sdkInitUs]: Math.round(sdk.setUpMs * 1_000) }),
    ...(initialization !== undefined && { [ATTR.initialization]: initialization }),
    ...(tenantId !== undefined && { [ATTR.tenantId]: tenantId }),
    ...(invokedArn !== undefined && resourceAttributes(invokedArn, sdk.config.functionVersion)),
  };
};

const resourceAttributes = (invokedArn: string, version: string): Attributes => {
  const { arn, accountId } = resourceFacts(invokedArn, version);
  return {
    [ATTR.lambdaInvokedArn]: invokedArn,
    [ATTR.cloudResourceId]: arn,
    ...(accountId !== undefined && { [ATTR.cloudAccountId]: accountId }),
  };
};

/** Who is given a task's token works for the state that waits, and whoever calls back works for this one. */
export const handedOn = (keys: readonly StitchKey[]): Attributes => {
  const tokens = keys.filter(({ kind }) => kind === "sfn-task-token");
  return tokens.length === 0 ? {} : { [ATTR.keysProduced]: formatStitchKeys(tokens) };
};

/**
 * A batch has one header for all of its records, and what its function calls is handed that: who knows of this invocation does not take its
 * Root for that of one record's transaction. The Root of a single record is the trace's own id, or nobody's.
 */
const sharedRoot = ({ records }: Trigger, { xrayHeader }: Invocation): StitchKey[] => {
  const header = records.length > 1 ? parseXrayHeader(xrayHeader) : undefined;
  return header ? [{ kind: "xray-root", id: rootOf(header) }] : [];
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
    [ATTR.sdkAfterResponseRefused]: Number(isExtensionRefused()),
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
  const { id, replay, awsSource } = trigger.records[0] ?? {};
  return {
    [ATTR.messagingOperationName]: "process",
    [ATTR.messagingOperationType]: "process",
    ...(system !== undefined && { [ATTR.messagingSystem]: system }),
    ...(trigger.destination !== undefined && { [ATTR.messagingDestination]: trigger.destination }),
    ...batchCount(trigger),
    ...(count === 1 && id !== undefined && { [ATTR.messagingMessageId]: id }),
    ...(count === 1 && replay !== undefined && { [ATTR.eventBridgeReplayName]: replay }),
    ...(count === 1 && awsSource !== undefined && { [ATTR.eventBridgeSource]: awsSource }),
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

const httpAttributes = (trigger: Trigger, { method, path, host }: HttpRequest): Attributes => ({
  ...(method !== undefined && methodAttributes(method)),
  ...(path !== undefined && { [ATTR.urlPath]: path }),
  ...(host !== undefined && { [ATTR.serverAddress]: host }),
  ...(trigger.destination !== undefined && { [ATTR.httpRoute]: trigger.destination }),
});

const stateAttributes = ({
  execution,
  name,
  retryCount,
  redriveCount = 0,
}: ReturnType<typeof stateOf>): Attributes => ({
  ...(execution !== undefined && { [ATTR.sfnExecutionArn]: execution }),
  ...(name !== undefined && { [ATTR.sfnStateName]: name }),
  ...(retryCount !== undefined && { [ATTR.sfnRetryCount]: retryCount }),
  ...(redriveCount > 0 && { [ATTR.sfnRedriveCount]: redriveCount }),
});
