/**
 * What one run saw: what the caller sent, what the probes received, the platform's own lines, and the answers of the functions that are
 * looked at by themselves.
 */

export type Json = Readonly<Record<string, unknown>>;

export interface Observations {
  readonly region: string;
  /** Day of the run, ISO. */
  readonly date: string;
  readonly sent: readonly Sent[];
  readonly received: readonly Received[];
  readonly reports: readonly Report[];
  /** By name of the output in template.json, one for each call. */
  readonly answers: Readonly<Record<string, readonly Answer[]>>;
  /** Events of the execution that the caller started, as GetExecutionHistory has them. */
  readonly history: readonly Json[];
  /** `X-Amzn-Trace-Id` as the caller's own invocation had it. */
  readonly callerTraceHeader: string | undefined;
}

/** One call of the caller, functions/caller.mjs. */
export interface Sent {
  readonly hop: string;
  readonly ids: readonly string[];
  readonly traceparent?: string;
  /** What was put in the header after signing, where something was. */
  readonly traceHeader?: string;
  readonly seen?: { readonly bySdk?: string | null; readonly sent?: string | null; readonly isSigned?: boolean };
  readonly sequenceNumber?: string;
  readonly etag?: string;
  readonly waitedMs?: number;
  readonly error?: string;
}

/** One invocation of functions/probe.mjs. */
export interface Received {
  readonly hop: string;
  readonly requestId: string;
  readonly event: Json;
  readonly clientContext: unknown;
  readonly xRayTraceId: string | null;
  readonly traceHeader: string | null;
  readonly initializationType: string | null;
}

/** One REPORT line. */
export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly billedMs: number;
  readonly initMs?: number;
  readonly line: string;
}

/** Of an invocation, or of an HTTP request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly functionError?: string;
  readonly body: string;
}

const FIELDS = {
  requestId: /RequestId: ([\da-f-]+)/,
  durationMs: /\tDuration: ([\d.]+) ms/,
  billedMs: /\tBilled Duration: (\d+) ms/,
  initMs: /\tInit Duration: ([\d.]+) ms/,
};

/** Of the lines of the log group, in any order; what is neither a probe's nor a report is left out. */
export const readLines = (
  lines: readonly string[],
): { readonly received: readonly Received[]; readonly reports: readonly Report[] } => ({
  received: lines.flatMap((line) => receivedIn(line) ?? []),
  reports: lines.flatMap((line) => reportIn(line) ?? []),
});

const receivedIn = (line: string): Received | undefined => {
  if (!line.startsWith('{"awsCheck":"received"')) return undefined;
  try {
    return JSON.parse(line) as Received;
  } catch {
    return undefined; // Lambda cuts a line at 256 KB
  }
};

const reportIn = (line: string): Report | undefined => {
  if (!line.startsWith("REPORT ")) return undefined;
  // The first field stands after a space, the others after tabs.
  const text = line.replace(/^(REPORT RequestId: [\da-f-]+) ?/, "$1\t").replaceAll(/\t+/g, "\t");
  const requestId = FIELDS.requestId.exec(text)?.[1];
  const durationMs = FIELDS.durationMs.exec(text)?.[1];
  const billedMs = FIELDS.billedMs.exec(text)?.[1];
  const initMs = FIELDS.initMs.exec(text)?.[1];
  if (requestId === undefined || durationMs === undefined || billedMs === undefined) return undefined;
  return {
    requestId,
    durationMs: Number(durationMs),
    billedMs: Number(billedMs),
    ...(initMs !== undefined && { initMs: Number(initMs) }),
    line,
  };
};
