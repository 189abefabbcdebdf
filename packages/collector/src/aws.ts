/**
 * Calls to AWS that importers and exporters make, through its SDK: bounded patience, and failures as sentences.
 *
 * The SDK slows down and tries again by itself when it is throttled (its adaptive mode). When it gives up, so do we after
 * a few longer waits: an import that runs from cron must not hang, and goes on where it was when it is run again.
 *
 * Errors  AwsError, naming the call and what AWS said.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AwsError } from "./errors.ts";

export interface AwsFlags {
  /** Default: as the SDK finds it (AWS_REGION, a profile). */
  readonly region?: string;
  readonly endpoint?: string;
}

/** Credentials come from where the SDK looks for them. */
export const awsClientConfig = ({ region, endpoint }: AwsFlags) => ({
  ...(region !== undefined && { region }),
  ...(endpoint !== undefined && { endpoint }),
  retryMode: "adaptive",
  maxAttempts: 8,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000 },
});

const WAITS_MS = [5_000, 20_000, 60_000];

const THROTTLED = new Set(["ThrottledException", "ThrottlingException", "TooManyRequestsException"]);

export const patiently = async <T>(what: string, call: () => Promise<T>, wait: Wait = delay): Promise<T> => {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (cause) {
      const waitMs = WAITS_MS[tries];
      if (waitMs === undefined || !THROTTLED.has(nameOf(cause))) throw awsError(what, cause);
      await wait(waitMs);
    }
  }
};

export type Wait = (ms: number) => Promise<unknown>;

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");

const awsError = (what: string, cause: unknown): AwsError => {
  const { name, message } = cause instanceof Error ? cause : { name: "error", message: String(cause) };
  const [, mend] = MENDS.find(([of]) => of.test(message)) ?? [];
  const reason = `${name}: ${message || "no reason given"}${mend === undefined ? "" : `; ${mend}`}`;
  return new AwsError("aws-failed", `${what} failed: ${reason}`, { cause });
};

/** What the AWS SDK says without saying what to do. */
const MENDS: readonly (readonly [of: RegExp, mend: string])[] = [
  [/^Region is missing/, "name one with --region or AWS_REGION"],
  [/^Could not load credentials/, "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"],
];
