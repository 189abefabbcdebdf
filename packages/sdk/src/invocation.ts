/** One run of the function, as Lambda's context and environment tell it. */
import { MAX_COLD_START_MS } from "./limits.ts";

/** The part of Lambda's context object that is read; every field may be missing in a test harness. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  readonly invokedFunctionArn?: string;
  readonly xRayTraceId?: string;
  readonly clientContext?: unknown;
  /** Where the function isolates its tenants. */
  readonly tenantId?: string;
  getRemainingTimeInMillis?(): number;
}

export interface Invocation {
  readonly requestId: string;
  /** Of this environment; it was no cold start for anybody where the environment had been made ready beforehand. */
  readonly isFirst: boolean;
  readonly isColdStart: boolean;
  /** How the environment came to be, as far as its first invocation knows. */
  readonly initialization?: Initialization;
  readonly tenantId?: string;
  /** As invoked, with an alias where one was named. */
  readonly invokedArn?: string;
  /** Lambda's own X-Ray header: of the context where it has one, because one environment may run several invocations. */
  readonly xrayHeader?: string;
  /** By performance.now(). */
  readonly startedMs: number;
  remainingMs(): number;
}

/** Lambda's words, which it may add to, and ours for an environment that it made ready without being asked. */
export type Initialization =
  | "on-demand"
  | "provisioned-concurrency"
  | "snap-start"
  | "lambda-managed-instances"
  | typeof PROACTIVE;

const PROACTIVE = "proactive";

/** What an environment's first invocation has to know of its start. */
export interface Start {
  readonly isFirst: boolean;
  /** By the wall clock; when the function was loaded. */
  readonly loadedAtMs: number;
}

export const readInvocation = (context: LambdaContext | undefined, { isFirst, loadedAtMs }: Start): Invocation => {
  const invokedArn = context?.invokedFunctionArn;
  const xrayHeader = context?.xRayTraceId || process.env["_X_AMZN_TRACE_ID"];
  const initialization = isFirst ? initializationOf(loadedAtMs) : undefined;
  const tenantId = context?.tenantId;
  return {
    requestId: context?.awsRequestId ?? "",
    isFirst,
    isColdStart: isFirst && !READY_BEFORE.includes(initialization),
    ...(initialization !== undefined && { initialization }),
    ...(typeof tenantId === "string" && tenantId !== "" && { tenantId }),
    ...(invokedArn !== undefined && { invokedArn }),
    ...(xrayHeader && { xrayHeader }),
    startedMs: performance.now(),
    remainingMs: () => context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY,
  };
};

/** Nobody waited for these. For a snapshot to be restored somebody did. */
const READY_BEFORE: readonly unknown[] = ["provisioned-concurrency", "lambda-managed-instances", PROACTIVE];

/**
 * Loaded long before it is first invoked: nobody asked for it then. By the wall clock: in an environment that sleeps until it is
 * needed, the other may stand still. Not by the age of the process: an init that took too long is done again while the caller waits.
 */
const initializationOf = (loadedAtMs: number): Initialization | undefined => {
  const type = process.env["AWS_LAMBDA_INITIALIZATION_TYPE"] as Initialization | undefined;
  const isOnDemand = !type || type === "on-demand";
  return isOnDemand && Date.now() - loadedAtMs > MAX_COLD_START_MS ? PROACTIVE : type || undefined;
};

export interface ResourceFacts {
  /** With the resolved version in place of the alias; an unqualified ARN stays one. */
  readonly arn: string;
  readonly accountId: string | undefined;
}

/** `…:account:function:name[:alias]` → `…:account:function:name[:version]` */
export const resourceFacts = (invokedArn: string, version: string): ResourceFacts => {
  const parts = invokedArn.split(":");
  const arn = parts.length > 7 ? [...parts.slice(0, 7), version].join(":") : invokedArn;
  return { arn, accountId: parts[4] };
};
