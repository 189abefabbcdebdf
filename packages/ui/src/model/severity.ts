/** OpenTelemetry's severity numbers in words: six levels of four numbers each; 0 is unset. */
export const SEVERITIES = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export type Severity = (typeof SEVERITIES)[number] | "unset";

export const severityOf = (severityNumber: number): Severity =>
  SEVERITIES[Math.floor((severityNumber - 1) / 4)] ?? "unset";

/** The least number of a level. */
export const leastOf = (severity: (typeof SEVERITIES)[number]): number => SEVERITIES.indexOf(severity) * 4 + 1;
