/**
 * What the collector says of itself: lines on standard error, JSON for programs, one plain line for people at a terminal.
 * The names are those of the SDK's log lines (timestamp, level, message, errorType …), so that both are read alike.
 *
 * Never in a line: bodies, headers, keys. Lines are written synchronously, so that none is lost when the process ends.
 */
import { pino } from "pino";
import { plainLine } from "./plain-line.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  isLevelEnabled(level: "debug"): boolean;
}

export interface LogOptions {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly stream: { write(line: string): unknown; readonly isTTY?: boolean };
}

export const createLog = ({ level, stream }: LogOptions): Log =>
  pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    stream.isTTY ? { write: (line) => void stream.write(plainLine(line)) } : stream,
  );

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  isLevelEnabled: () => false,
};

export const errorFields = (error: unknown): object =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, stackTrace: stackOf(error) }
    : { errorType: typeof error, errorMessage: String(error) };

/** With the stacks of its causes: what the disk said is in them. */
const stackOf = (error: Error): string => {
  const stack = error.stack ?? String(error);
  return error.cause instanceof Error ? `${stack}\ncaused by ${stackOf(error.cause)}` : stack;
};
