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

export const isPlatformFailure = ({ status }: PlatformFacts): boolean => status !== undefined && status !== "success";
