/** One run of the function, as Lambda's context and environment tell it. */
import type { SdkConfig } from "./config.ts";
import { MAX_COLD_START_MS } from "./limits.ts";

/** The part of Lambda's context object that is read; every field may be missing in a test harness. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  readonly invokedFunctionArn?: string;
  readonly xRayTraceId?: string;
  readonly clientContext?: unknown;
  getRemainingTimeInMillis?(): number;
}

export interface Invocation {
  readonly requestId: string;
  /** Of this environment; it was no cold start for anybody where the environment had been made ready beforehand. */
  readonly isFirst: boolean;
  readonly isColdStart: boolean;
  /** As invoked, with an alias where one was named. */
  readonly invokedArn?: string;
  /** The same with the resolved version instead of the alias: `cloud.resource_id`. */
  readonly resourceArn?: string;
  readonly accountId?: string;
  /** Lambda's own X-Ray header: of the context where it has one, because one environment may run several invocations. */
  readonly xrayHeader?: string;
  /** By performance.now(). */
  readonly startedMs: number;
  remainingMs(): number;
}

export const readInvocation = (context: LambdaContext | undefined, config: SdkConfig, isFirst: boolean): Invocation => {
  const invokedArn = context?.invokedFunctionArn;
  const xrayHeader = context?.xRayTraceId || process.env["_X_AMZN_TRACE_ID"];
  const parts = invokedArn?.split(":") ?? [];
  const accountId = parts[4];
  return {
    requestId: context?.awsRequestId ?? "",
    isFirst,
    isColdStart: isFirst && !wasReadyBefore(),
    ...(invokedArn !== undefined && { invokedArn, resourceArn: resolved(parts, config.functionVersion) }),
    ...(accountId !== undefined && { accountId }),
    ...(xrayHeader && { xrayHeader }),
    startedMs: performance.now(),
    remainingMs: () => context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY,
  };
};

/**
 * OpenTelemetry's rule: provisioned, or begun long before the first invocation. By the wall clock: in an environment that
 * sleeps until it is needed, the other may stand still.
 */
const wasReadyBefore = (): boolean =>
  process.env["AWS_LAMBDA_INITIALIZATION_TYPE"] === "provisioned-concurrency" ||
  Date.now() - performance.timeOrigin > MAX_COLD_START_MS;

/** `…:function:name[:alias]` → `…:function:name[:version]`; an unqualified ARN stays one. */
const resolved = (parts: readonly string[], version: string): string =>
  parts.length > 7 ? [...parts.slice(0, 7), version].join(":") : parts.join(":");
