/**
 * Tells of answers with 5xx: the first of a kind with its stack, others of the kind only once a minute, with how many
 * there were. A disk that is full makes thousands of equal faults a second, and a log full of them would fill it further.
 */
import type { Clock } from "../clock.ts";
import { MayflyError } from "../errors.ts";
import { errorFields, type Log } from "./log.ts";

export interface Failed {
  readonly requestId: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

export type FaultLog = (error: unknown, failed: Failed) => void;

const QUIET_NS = 60n * 1_000_000_000n;
/** Kinds come from places in our code; more than this many are none. */
const MAX_KINDS = 100;

interface Kind {
  toldAt: bigint;
  untold: number;
}

export const createFaultLog = (log: Log, clock: Clock): FaultLog => {
  const kinds = new Map<string, Kind>();
  return (error, failed) => {
    const now = clock();
    const name = kindOf(error);
    const kind = kinds.get(name);
    if (kind === undefined) {
      if (kinds.size >= MAX_KINDS) kinds.clear();
      kinds.set(name, { toldAt: now, untold: 0 });
      log.error({ ...failed, ...codeOf(error), ...errorFields(error) }, "request failed");
      return;
    }
    kind.untold += 1;
    if (now >= kind.toldAt && now - kind.toldAt < QUIET_NS) return; // a clock set back must not silence it
    const { stackTrace: _, ...fields } = errorFields(error) as { stackTrace?: string };
    log.error({ ...failed, ...codeOf(error), ...fields, times: kind.untold }, "request failed again");
    Object.assign(kind, { toldAt: now, untold: 0 });
  };
};

/** Messages hold sizes and names, so the place tells one kind from another. */
const kindOf = (error: unknown): string => {
  if (!(error instanceof Error)) return typeof error;
  const place = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at ")) ?? "";
  return `${error.name} ${place}`;
};

const codeOf = (error: unknown): object => (error instanceof MayflyError ? { code: error.code } : {});
