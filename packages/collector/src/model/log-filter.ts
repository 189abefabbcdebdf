/** Which log records are meant: all that is given must hold. */
import { type KeyValue, anyValueToPlain } from "@mayfly/otlp";
import { wordOf } from "./attribute-words.ts";
import { type Level, type LogRecord, levelOf } from "./log-record.ts";
import type { UnixNano } from "./time.ts";

export interface LogFilter {
  readonly functionName?: string;
  /** Any of these. */
  readonly levels?: readonly Level[];
  /** Somewhere in its body, its event's name or the values of its attributes, whatever the case. */
  readonly text?: string;
  /** Inclusive bounds on its time. */
  readonly from?: UnixNano;
  readonly to?: UnixNano;
}

export const matchesLog = (log: LogRecord, { functionName, levels, text, from, to }: LogFilter): boolean =>
  (from === undefined || log.time >= from) &&
  (to === undefined || log.time <= to) &&
  (functionName === undefined || log.origin.functionName === functionName) &&
  (levels === undefined || isOneOf(levels, levelOf(log.wire.severityNumber))) &&
  (text === undefined || textsOf(log).some((one) => one.toLowerCase().includes(text.toLowerCase())));

const isOneOf = (levels: readonly Level[], level: Level | undefined): boolean =>
  level !== undefined && levels.includes(level);

const textsOf = ({ wire: { body, eventName, attributes } }: LogRecord): readonly string[] => [
  wordOf(anyValueToPlain(body)),
  eventName,
  ...attributes.map(valueText),
];

const valueText = ({ value }: KeyValue): string => wordOf(anyValueToPlain(value));
