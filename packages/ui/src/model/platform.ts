/** What Lambda says of an invocation, in words: a REPORT line as people read it. */
import type { PlatformReport, Span } from "@mayfly/api";
import { formatBytes, formatDuration } from "./format.ts";

export interface PlatformFact {
  readonly name: string;
  readonly text: string;
  /** The exact value. */
  readonly title?: string;
}

const MS_NS = 1e6;

/** A failure that Lambda tells, whether the function's own span says one or not. */
export const platformErrorText = (report: PlatformReport): string | undefined => {
  const { status, outOfMemory, errorType, message, maxMemoryUsedMb, memorySizeMb, durationMs } = report;
  if (status === undefined || status === "success") return undefined;
  if (outOfMemory) {
    const memory = maxMemoryUsedMb === undefined || memorySizeMb === undefined ? "" : `: ${memoryText(report)}`;
    return `killed, out of memory${memory}`;
  }
  if (status === "timeout")
    return durationMs === undefined ? "timed out" : `timed out after ${formatDuration(durationMs * MS_NS)}`;
  return [errorType, message].filter((part) => part !== undefined).join(": ") || `ended with ${status}`;
};

export const platformFacts = (report: PlatformReport): readonly PlatformFact[] => [
  ...(report.status === undefined ? [] : [{ name: "status", text: report.errorType ?? report.status }]),
  ...(report.maxMemoryUsedMb === undefined ? [] : [{ name: "memory", text: memoryText(report) }]),
  ...DURATIONS.flatMap(([name, field]) => {
    const ms = report[field];
    return ms === undefined ? [] : [{ name, text: formatDuration(ms * MS_NS), title: `${ms} ms` }];
  }),
  ...(report.producedBytes === undefined
    ? []
    : [{ name: "response", text: formatBytes(report.producedBytes), title: `${report.producedBytes} B` }]),
];

const DURATIONS = [
  ["duration", "durationMs"],
  ["billed", "billedDurationMs"],
  ["init", "initDurationMs"],
  ["restore", "restoreDurationMs"],
  ["billed restore", "billedRestoreDurationMs"],
] as const;

const memoryText = ({ maxMemoryUsedMb = 0, memorySizeMb }: PlatformReport): string =>
  memorySizeMb === undefined || memorySizeMb === 0
    ? `${maxMemoryUsedMb} MB used`
    : `${maxMemoryUsedMb} of ${memorySizeMb} MB, ${Math.round((100 * maxMemoryUsedMb) / memorySizeMb)} %`;

/** What a row calls the span: one that nobody sent has no name of its own. */
export const shownName = ({ name, evidence }: Pick<Span, "name" | "evidence">): string =>
  evidence === "platform" ? "no spans sent" : name;

/** Why a row stands there that nobody sent. */
export const evidenceReason = ({
  evidence,
  functionName,
}: Pick<Span, "evidence" | "functionName">): string | undefined => {
  if (evidence === undefined) return undefined;
  const name = functionName ?? "The function";
  return evidence === "platform"
    ? `${name} sent no span of this invocation. That it ran, when, and how it ended is what Lambda's own records say.`
    : "This comes from X-Ray; the function sent no span of its own to Mayfly.";
};
