/** One run of the function, as Lambda's context and environment tell it. */
import type { SdkConfig } from "./config.ts";

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

export const readInvocation = (
  context: LambdaContext | undefined,
  config: SdkConfig,
  isColdStart: boolean,
): Invocation => {
  const invokedArn = context?.invokedFunctionArn;
  const xrayHeader = context?.xRayTraceId || process.env["_X_AMZN_TRACE_ID"];
  const parts = invokedArn?.split(":") ?? [];
  const accountId = parts[4];
  return {
    requestId: context?.awsRequestId ?? "",
    isColdStart,
    ...(invokedArn !== undefined && { invokedArn, resourceArn: resolved(parts, config.functionVersion) }),
    ...(accountId !== undefined && { accountId }),
    ...(xrayHeader && { xrayHeader }),
    startedMs: performance.now(),
    remainingMs: () => context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY,
  };
};

/** `…:function:name[:alias]` → `…:function:name[:version]`; an unqualified ARN stays one. */
const resolved = (parts: readonly string[], version: string): string =>
  parts.length > 7 ? [...parts.slice(0, 7), version].join(":") : parts.join(":");
