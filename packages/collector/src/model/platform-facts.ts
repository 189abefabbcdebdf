/**
 * What Lambda itself says of one invocation, under Lambda's own names (`metrics` of platform.report, fields of a REPORT
 * line). Whatever it did not say is absent.
 */
export const PLATFORM_STATUSES = ["success", "failure", "error", "timeout"] as const;
export type PlatformStatus = (typeof PLATFORM_STATUSES)[number];

export interface PlatformFacts {
  readonly status?: PlatformStatus;
  readonly errorType?: string;
  /** In its own words, where a line has some: "Task timed out after 3.00 seconds". */
  readonly message?: string;
  readonly durationMs?: number;
  /** With init, where Lambda bills it: nothing is to be added. */
  readonly billedDurationMs?: number;
  readonly memorySizeMb?: number;
  readonly maxMemoryUsedMb?: number;
  readonly initDurationMs?: number;
  readonly restoreDurationMs?: number;
  /** Beside the billed duration, not in it. */
  readonly billedRestoreDurationMs?: number;
  readonly producedBytes?: number;
  readonly version?: string;
}

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
