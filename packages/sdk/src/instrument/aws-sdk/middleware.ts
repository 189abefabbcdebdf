/**
 * A span per AWS call: around all its retries, with the context put into what it sends and the ids of its answer as
 * produced keys. The call itself, its result and its error are left as they are.
 */
import {
  type Attributes,
  type Context,
  type HrTime,
  type Span,
  SpanKind,
  SpanStatusCode,
  context,
  trace,
} from "@opentelemetry/api";
import { harmless } from "../../diag.ts";
import { recordError } from "../../errors.ts";
import { isCarried } from "../../propagate/propagators.ts";
import { formatTraceparent } from "../../propagate/w3c.ts";
import { sdk } from "../../sdk.ts";
import { ATTR } from "../../semconv.ts";
import { formatStitchKeys } from "../../stitch/keys.ts";
import { senderContext } from "../../trace/sender-context.ts";
import { type JsonObject, isObject, objectAt, textAt } from "../../trigger/trigger.ts";
import { covered } from "../covered.ts";
import { dynamodb } from "./dynamodb.ts";
import { eventbridge } from "./eventbridge.ts";
import { type Tell, isInitCall, tellLater } from "./init-calls.ts";
import { kinesis } from "./kinesis.ts";
import { lambda } from "./lambda.ts";
import type { Carrier, Failure, Operation, Service } from "./operation.ts";
import { s3 } from "./s3.ts";
import { sns } from "./sns.ts";
import { sqs } from "./sqs.ts";
import { stepFunctions } from "./step-functions.ts";

interface CallArgs {
  readonly input: JsonObject;
}

type Next = (args: CallArgs) => Promise<unknown>;

/** By client name without its ending. */
const SERVICES: Readonly<Record<string, Service>> = {
  SQS: sqs,
  SNS: sns,
  EventBridge: eventbridge,
  SFN: stepFunctions,
  Lambda: lambda,
  Kinesis: kinesis,
  DynamoDB: dynamodb,
  DynamoDBDocument: dynamodb,
  S3: s3,
};

/** `region` is the client's: a function may well call another one. */
export const awsMiddleware =
  (region: () => unknown) =>
  (next: Next, call: { readonly clientName?: string; readonly commandName?: string }): Next =>
  async (args) => {
    // A presigner gives the bare input, where `send` gives its command: nothing is called, and what it makes is for somebody else.
    if (!("middlewareStack" in args)) return next(args);
    const service = (call.clientName ?? "AWS").replace(/Client$/, "");
    const command = (call.commandName ?? "Call").replace(/Command$/, "");
    const began = harmless("starting an AWS span", () => begin(service, command, args));
    if (began === undefined) return next(args);
    const { operation, inside, tell } = began;
    harmless("asking for the region", () => describeRegion(tell, operation, region));
    try {
      const result = await context.with(covered(inside), () => next(began.args));
      harmless("reading an AWS answer", () =>
        tell((span) => describeAnswer(span, operation, objectAt(result, "output"))),
      );
      return result;
    } catch (error) {
      harmless("describing an AWS error", () => tell((span, at) => describeError(span, error, at)));
      throw error;
    } finally {
      tell((span, at) => span.end(at));
    }
  };

interface Begun {
  readonly operation: Operation;
  readonly inside: Context;
  readonly tell: Tell;
  readonly args: CallArgs;
}

export const operationOf = (service: string, command: string, input: JsonObject): Operation =>
  SERVICES[service]?.(command, input) ?? plainCall(service, command);

const begin = (service: string, command: string, args: CallArgs): Begun => {
  const operation = operationOf(service, command, args.input);
  const { spans, config } = sdk();
  const start = (parent: Context, startTime?: HrTime): Span =>
    spans.tracer.startSpan(
      operation.spanName,
      {
        kind: operation.isMessage ? SpanKind.PRODUCER : SpanKind.CLIENT,
        attributes: {
          [ATTR.rpcSystem]: "aws-api",
          [ATTR.rpcMethod]: `${service}/${command}`,
          ...operation.attributes,
        },
        ...(startTime && { startTime }),
      },
      parent,
    );
  const outside = context.active();
  if (isInitCall(sdk())) {
    const startTime = spans.now();
    return { operation, args, inside: outside, tell: tellLater((parent) => start(parent, startTime)) };
  }
  const span = start(outside);
  const begun = {
    operation,
    args,
    inside: trace.setSpan(outside, span),
    tell: (what: (span: Span) => void) => what(span),
  };
  if (operation.inject === undefined || !isCarried("w3c", config)) return begun;
  const { input, skipped } = operation.inject(args.input, carrierOf(span));
  sdk().injectSkipped += skipped;
  return { ...begun, args: { ...args, input } };
};

/** A client gives it as a promise, which nobody waits for: it is there long before an answer is. */
const describeRegion = (tell: Tell, operation: Operation, region: () => unknown): void => {
  const isInvoke = ATTR.faasInvokedName in operation.attributes;
  const describe = (name: unknown): void => {
    if (typeof name !== "string") return;
    tell((span) =>
      span.setAttributes({ [ATTR.cloudRegion]: name, ...(isInvoke && { [ATTR.faasInvokedRegion]: name }) }),
    );
  };
  // A client without a region fails by itself.
  void Promise.resolve(region()).then(describe, () => {});
};

const plainCall = (service: string, command: string): Operation => ({
  spanName: `${service}.${command}`,
  isMessage: false,
  attributes: {},
});

const carrierOf = (span: Span): Carrier => {
  const spanContext = senderContext(span);
  const traceState = spanContext.traceState?.serialize();
  return { traceparent: formatTraceparent(spanContext), ...(traceState && { tracestate: traceState }) };
};

export const describeAnswer = (span: Span, operation: Operation, output: JsonObject | undefined): void => {
  if (output === undefined) return;
  const metadata = objectAt(output, "$metadata");
  const requestId = textAt(metadata, "requestId");
  span.setAttributes(metadataAttributes(metadata));
  describeFailure(span, operation.failed?.(output));
  const keys = operation.produced?.(output, requestId) ?? [];
  if (keys.length === 0) return;
  span.setAttribute(ATTR.keysProduced, formatStitchKeys(keys));
  const [key, ...others] = keys;
  if (ATTR.messagingSystem in operation.attributes && key && others.length === 0)
    span.setAttribute(ATTR.messagingMessageId, key.id);
};

const describeFailure = (span: Span, failure: Failure | undefined): void => {
  if (failure === undefined) return;
  const { code, message, entries } = failure;
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.setAttributes({ [ATTR.errorType]: code, ...(entries !== undefined && { [ATTR.entriesFailed]: entries }) });
};

const describeError = (span: Span, error: unknown, at: HrTime | undefined): void => {
  if (isObject(error)) span.setAttributes(metadataAttributes(objectAt(error, "$metadata")));
  recordError(span, error, at);
};

const metadataAttributes = (metadata: JsonObject | undefined): Attributes => {
  const requestId = textAt(metadata, "requestId");
  const status = metadata?.["httpStatusCode"];
  const attempts = metadata?.["attempts"];
  return {
    ...(requestId !== undefined && { [ATTR.awsRequestId]: requestId }),
    ...(typeof status === "number" && { [ATTR.httpStatusCode]: status }),
    ...(typeof attempts === "number" && attempts > 1 && { [ATTR.resendCount]: attempts - 1 }),
  };
};
