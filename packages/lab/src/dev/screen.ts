/**
 * What `mayfly dev` shows, line by line: each with the name of its function in front, in the function's own colour.
 *
 *   api     INFO  order placed  items=2
 *   api     ✓ 12 ms  http  cold start 184 ms  http://127.0.0.1:4318/traces/6b1e…
 *   worker  ✕ 8 ms  sqs  TypeError: no such order
 *   worker      at handler (/shop/src/worker.ts:7:11)
 *   flow    ✕ 1204 ms  execution  CardDeclined: declined  http://127.0.0.1:4318/traces/arn%3Aaws…
 */
import type { styleText } from "node:util";
import type { LogLine } from "../environment.ts";
import type { FinishedExecution } from "../event-sources/step-functions.ts";
import type { FinishedInvocation } from "../function.ts";
import { type Level, parsedObject, readableError, readableLine } from "./log-line.ts";

type Style = Parameters<typeof styleText>[0];
/** Leaves the text alone where there are no colours. */
export type Paint = (style: Style, text: string) => string;

export interface ScreenDeps {
  readonly print: (line: string) => void;
  readonly paint: Paint;
}

export interface Screen {
  /** Names in front are padded to the longest. */
  names(names: readonly string[]): void;
  log(line: LogLine): void;
  finished(invocation: FinishedInvocation, link: string | undefined): void;
  executed(execution: FinishedExecution, link: string | undefined): void;
  /** Something about a function that is not its own word: reloaded, broken, … */
  note(name: string, text: string, style?: Style): void;
}

const COLOURS: readonly Style[] = [
  "cyan",
  "magenta",
  "yellow",
  "green",
  "blue",
  "cyanBright",
  "magentaBright",
  "yellowBright",
];

const LEVEL_STYLES: Readonly<Record<Level, Style>> = {
  TRACE: "dim",
  DEBUG: "dim",
  INFO: "reset",
  WARN: "yellow",
  ERROR: "red",
  FATAL: "red",
};

export const createScreen = ({ print, paint }: ScreenDeps): Screen => {
  let order: readonly string[] = [];
  let width = 0;
  const show = (name: string, text: string): void => {
    const colour = COLOURS[Math.max(order.indexOf(name), 0) % COLOURS.length] ?? "cyan";
    const prefix = paint(colour, name.padEnd(width));
    for (const line of text.split("\n")) print(`${prefix}  ${line}`);
  };
  const stackText = (stack: readonly string[]): string =>
    stack.map((frame) => `\n${paint("dim", `    ${frame.trim()}`)}`).join("");

  return {
    names(names) {
      order = names;
      width = Math.max(...names.map((name) => name.length));
    },
    log({ functionName, text }) {
      const line = readableLine(text);
      if (line === undefined) return;
      const { level, message, fields, stack } = line;
      const word = level === undefined ? [] : [paint(LEVEL_STYLES[level], level.padEnd(5))];
      const sentence = [...word, message, ...fields.map((field) => paint("dim", field))].join("  ");
      show(functionName, sentence + stackText(stack));
    },
    finished(invocation, link) {
      const { functionName, source, attempt, outcome, durationMs, initDurationMs, payload } = invocation;
      const isGood = outcome === "success";
      const error = isGood ? undefined : readableError(parsedObject(payload) ?? { errorMessage: payload });
      const parts = [
        paint(isGood ? "green" : "red", `${isGood ? "✓" : "✕"} ${milliseconds(durationMs)}`),
        source,
        ...(attempt > 1 ? [`attempt ${attempt}`] : []),
        ...(initDurationMs === undefined ? [] : [paint("yellow", `cold start ${milliseconds(initDurationMs)}`)]),
        ...(error === undefined ? [] : [paint("red", error.message)]),
        ...(link === undefined ? [] : [paint("underline", link)]),
      ];
      show(functionName, parts.join("  ") + stackText(error?.stack ?? []));
    },
    executed({ stateMachineName, status, durationMs, error, cause }, link) {
      const isGood = status === "SUCCEEDED";
      const why = [error ?? (isGood ? undefined : status), cause].filter((part) => part !== undefined).join(": ");
      const parts = [
        paint(isGood ? "green" : "red", `${isGood ? "✓" : "✕"} ${milliseconds(durationMs)}`),
        "execution",
        ...(why === "" ? [] : [paint("red", why)]),
        ...(link === undefined ? [] : [paint("underline", link)]),
      ];
      show(stateMachineName, parts.join("  "));
    },
    note: (name, text, style = "dim") => show(name, paint(style, text)),
  };
};

const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
