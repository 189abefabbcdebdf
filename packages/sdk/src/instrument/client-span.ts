/**
 * The span of one HTTP request and its answer, for whatever client tells of it: one per attempt, because that is what a client
 * sends. It reads no body and keeps nothing alive.
 *
 *   created ─▶ span, headers ─▶ answered ─▶ ended         its end is the answer's end
 *                           └▶ failed ───▶ ended
 *                           └▶ the invocation is over: ended as it stands; without an answer, marked unfinished
 */
import { type Attributes, type HrTime, type Span, SpanKind, SpanStatusCode, context } from "@opentelemetry/api";
import { isTracingSuppressed } from "@opentelemetry/core";
import { errorFacts } from "../errors.ts";
import type { Scope } from "../scope.ts";
import type { Sdk } from "../sdk.ts";
import { ATTR } from "../semconv.ts";
import { type StitchKey, formatStitchKeys } from "../stitch/keys.ts";
import { senderContext } from "../trace/sender-context.ts";
import { type AwsRequest, awsRequestOf } from "./aws-request.ts";
import { isCovered } from "./covered.ts";
import { type Header, type HeaderOf, type Outgoing, headersFor, isPlatforms, printableUrl } from "./outgoing.ts";

export interface ClientCall {
  answered(status: number, header: HeaderOf): void;
  failed(error: unknown): void;
  ended(): void;
}

/**
 * undefined for what is not the function's own doing: outside an invocation, platform addresses, telemetry (ours, and that
 * of every OpenTelemetry exporter); and for what has a span already. `set` says whether the header can still be set.
 */
export const startCall = (
  state: Sdk,
  describe: () => Outgoing | undefined,
  set: (header: Header) => boolean,
): ClientCall | undefined => {
  const scope = state.scope();
  // What an ended invocation left running belongs to none.
  if (!scope?.invocationSpan.isRecording()) return undefined;
  const active = context.active();
  if (isCovered(active) || isTracingSuppressed(active)) return undefined;
  const request = describe();
  if (request === undefined || isPlatforms(request.url, state.config.platformHosts)) return undefined;
  const aws = awsRequestOf(request);
  const span = startSpan(state, request, aws);
  const propagation = {
    span: senderContext(span),
    xrayHeader: scope.invocation.xrayHeader,
    excludedHosts: state.config.propagationExclude,
    propagators: state.config.propagators,
  };
  if (!headersFor(request, propagation).every(set)) state.injectSkipped += 1;
  return callOf(span, aws, scope.calls);
};

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);

const startSpan = (state: Sdk, { method, url, header }: Outgoing, aws: AwsRequest | undefined): Span => {
  const isKnown = METHODS.has(method);
  const attempt = Number(/attempt=(\d+)/.exec(header("amz-sdk-request") ?? "")?.[1] ?? 1);
  return state.spans.tracer.startSpan(aws?.spanName ?? (isKnown ? method : "HTTP"), {
    kind: SpanKind.CLIENT,
    attributes: {
      [ATTR.httpRequestMethod]: isKnown ? method : "_OTHER",
      ...(!isKnown && { [ATTR.httpRequestMethodOriginal]: method }),
      [ATTR.urlFull]: printableUrl(url),
      [ATTR.serverAddress]: url.hostname,
      [ATTR.serverPort]: Number(url.port) || (url.protocol === "https:" ? 443 : 80),
      ...(attempt > 1 && { [ATTR.resendCount]: attempt - 1 }),
      ...aws?.attributes,
    },
  });
};

const callOf = (span: Span, aws: AwsRequest | undefined, running: Scope["calls"]): ClientCall => {
  let isTold = false;
  const fail = (type: string, message?: string): void => {
    span.setAttribute(ATTR.errorType, type);
    span.setStatus({ code: SpanStatusCode.ERROR, ...(message && { message }) });
  };
  const overtaken = (endTime: HrTime): void => {
    if (!isTold) span.setAttribute(ATTR.unfinished, true);
    span.end(endTime);
  };
  running.add(overtaken);
  return {
    answered(status, header) {
      if (!span.isRecording()) return;
      isTold = true;
      span.setAttributes(answerAttributes(status, header, aws));
      const functionError = header("x-amz-function-error");
      if (status >= 400) fail(header("x-amzn-errortype")?.split(":")[0] || String(status));
      else if (functionError) fail(functionError);
    },
    failed(error) {
      if (!span.isRecording()) return;
      isTold = true;
      const { errorType, errorMessage } = errorFacts(error);
      fail(codeOf(error) ?? errorType, errorMessage);
    },
    ended() {
      if (!running.delete(overtaken)) return;
      if (!isTold) fail("_OTHER");
      span.end();
    },
  };
};

/** The system's, or undici's, tells more than the class. */
const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

const answerAttributes = (status: number, header: HeaderOf, aws: AwsRequest | undefined): Attributes => {
  const requestId = header("x-amzn-requestid") ?? header("x-amzn-request-id") ?? header("x-amz-request-id");
  const keys = aws === undefined ? apiKeys(header) : status < 300 ? aws.produced(header) : [];
  return {
    [ATTR.httpStatusCode]: status,
    ...(requestId !== undefined && { [ATTR.awsRequestId]: requestId }),
    ...(keys.length > 0 && { [ATTR.keysProduced]: formatStitchKeys(keys) }),
  };
};

/** API Gateway and function URLs answer with the id that the function finds in its event, and so do they when it failed. */
const apiKeys = (header: HeaderOf): readonly StitchKey[] => {
  const id = header("apigw-requestid") ?? header("x-amzn-requestid");
  return id === undefined ? [] : [{ kind: "http-request", id }];
};
