/**
 * What Lambda itself says of one invocation, under Lambda's own names (`metrics` of platform.report, fields of a REPORT
 * line). Whatever it did not say is absent.
 */
import type { PlatformReport } from "@mayfly/api";

export interface PlatformFacts extends Omit<PlatformReport, "outOfMemory" | "startTimeUnixNano"> {
  readonly version?: string;
}

export const PLATFORM_STATUSES = [
  "success",
  "failure",
  "error",
  "timeout",
] as const satisfies readonly PlatformStatus[];
export type PlatformStatus = NonNullable<PlatformReport["status"]>;

/**
 * Killed for its memory. Lambda says so (`Runtime.OutOfMemory`), or says that the process ended by itself when it had
 * used all it was given; one that chose its exit status was not killed.
 */
export const isOutOfMemory = (facts: PlatformFacts): boolean => {
  const { errorType, message = "", memorySizeMb = Infinity, maxMemoryUsedMb = 0 } = facts;
  if (errorType === "Runtime.OutOfMemory") return true;
  return errorType === "Runtime.ExitError" && maxMemoryUsedMb >= memorySizeMb && !message.includes("exit status");
};

export const isPlatformFailure = ({ status }: PlatformFacts): boolean => status !== undefined && status !== "success";

/** What a failure is called where the function itself did not say. */
export const platformErrorType = (facts: PlatformFacts): string | undefined => {
  if (isOutOfMemory(facts)) return "Runtime.OutOfMemory";
  return facts.errorType ?? (facts.status === "timeout" ? "timeout" : undefined);
};
