/** What the ledger and the disk say: whatever was refused, rejected or dropped, and whether there is room. */
import { statfsSync } from "node:fs";
import type { Stats } from "@mayfly/api";
import { ERROR_CODES, type ErrorCode } from "../../errors.ts";
import { type Finding, note, ok, problem } from "./findings.ts";

export const refusals = ({ refusedRequests, startedAt }: Stats): readonly Finding[] => {
  const since = new Date(Number(BigInt(startedAt) / 1_000_000n)).toISOString().slice(0, 16);
  const found = Object.entries(refusedRequests).map(([code, count]) =>
    problem(
      "refused",
      `${count === 1 ? "1 request" : `${count} requests`} with telemetry since ${since}: ${code}`,
      adviceOn(code),
    ),
  );
  return found.length > 0 ? found : [ok("refused", `no request with telemetry since ${since}`)];
};

const adviceOn = (code: string): string => {
  if (!Object.hasOwn(ERROR_CODES, code)) return "docs/reference/errors.md has more.";
  const { meaning, remedy } = ERROR_CODES[code as ErrorCode];
  return `${meaning} ${remedy}`;
};

/** Since the data folder was made, so it is told and is not a fault of today. */
export const losses = (stats: Stats): readonly Finding[] => {
  const kinds = [
    ["rejected", stats.receivedSpans, "spans", stats.rejectedSpans],
    ["rejected", stats.receivedLogs, "log records", stats.rejectedLogs],
    ["rejected", stats.receivedMetricPoints, "data points", stats.rejectedMetricPoints],
    ["dropped", stats.receivedSpans, "spans", stats.droppedSpans],
    ["dropped", stats.receivedLogs, "log records", stats.droppedLogs],
    ["dropped", stats.receivedMetricPoints, "data points", stats.droppedMetricPoints],
  ] as const;
  const found = kinds.flatMap(([check, received, what, counts]) =>
    Object.entries(counts).map(([reason, count]) => note(check, `${count} of ${received} ${what}: ${reason}`)),
  );
  return found.length > 0 ? found : [ok("rejected", "nothing of what was taken, ever")];
};

/** Those that the collector has met since its start. */
export const partitions = ({ damagedPartitions }: Stats): readonly Finding[] =>
  damagedPartitions.length === 0
    ? [ok("partitions", "none that was read is damaged")]
    : damagedPartitions.map(({ partition, message }) =>
        problem("partitions", `partition ${partition} is set aside: ${message}`, RESTORE),
      );

const RESTORE =
  "What is in it is missing from every answer; nothing was deleted. Restore it from a backup (mayfly restore), or move its file away.";

/** Some minutes of work for one thread. */
const MANY_BEHIND = 500_000;

export const behind = ({ spansBehind }: Stats): Finding =>
  spansBehind < MANY_BEHIND
    ? ok("list", "it shows what has arrived, or will within minutes")
    : note("list", `it does not show ${spansBehind} spans yet: its rows are worked out beside what arrives`);

const GIB = 2 ** 30;
const LEAST_FREE_BYTES = GIB;
const LEAST_FREE_SHARE = 0.05;

/** undefined: the folder is not on this machine. */
export const disk = (dataDir: string, bytesOnDisk: number): Finding | undefined => {
  let free: number;
  let total: number;
  try {
    const { bavail, blocks, bsize } = statfsSync(dataDir);
    [free, total] = [bavail * bsize, blocks * bsize];
  } catch {
    return undefined;
  }
  const message = `${gib(free)} of ${gib(total)} are free, ${gib(bytesOnDisk)} are Mayfly's`;
  return free < LEAST_FREE_BYTES || free < total * LEAST_FREE_SHARE
    ? problem("disk", message, "Make room: a full disk answers senders with 503 until there is.")
    : ok("disk", message);
};

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(2)} GiB`;
