/**
 * The logger: pino, writing Lambda's JSON log format to stdout, each line with the fields of its invocation. Where a
 * collector is set, the same lines go there with the next flush.
 *
 * pino's worker and transport parts are left out of the bundle; a destination of our own takes their place.
 */
import { type Logger as PinoLogger, pino } from "pino";
import { harmless } from "../diag.ts";
import { errorFacts } from "../errors.ts";
import { sdk } from "../sdk.ts";
import { lineFields, mergeFields } from "./fields.ts";

export interface LogMethod {
  (message: string): void;
  /** Fields, or an Error, and a message. */
  (fields: object, message?: string): void;
}

type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** The part of pino's logger that is promised. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  level: string;
  child(bindings: Readonly<Record<string, unknown>>): Logger;
}

/** Made at its first use, because a function may never log and a cold start is short. */
export const lazyLogger = (): Logger => {
  let made: Logger | undefined;
  const own = (): Logger => (made ??= createLogger());
  const method =
    (level: Level): LogMethod =>
    (...args: unknown[]) =>
      own()[level](...(args as Parameters<LogMethod>));
  return {
    trace: method("trace"),
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
    fatal: method("fatal"),
    child: (bindings) => own().child(bindings),
    get level() {
      return own().level;
    },
    set level(level) {
      own().level = level;
    },
  };
};

export const createLogger = (): Logger => {
  const { config, sender, redact } = sdk();
  const { serviceName: service, functionName, functionVersion: version, region } = config;
  return pino(
    {
      level: config.logLevel,
      base: { service, function: functionName, version, region },
      messageKey: "message",
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }), log: withErrorFields },
      mixin: lineFields,
      mixinMergeStrategy: mergeFields,
      // A getter that throws, in what is to be logged, must not become the handler's error.
      hooks: {
        logMethod(args, method) {
          harmless("writing a log line", () => method.apply(this, args));
        },
      },
    },
    {
      write(text: string) {
        const line = redact.line(text);
        process.stdout.write(line);
        sender.addLogLine(line);
      },
    },
  ) satisfies PinoLogger;
};

/** pino puts a bare Error under `err`; Lambda's format has fields for what it says. */
const withErrorFields = (fields: Record<string, unknown>): Record<string, unknown> => {
  const key = ["err", "error"].find((one) => fields[one] instanceof Error);
  if (key === undefined) return fields;
  const { [key]: thrown, ...others } = fields;
  return { ...others, ...errorFacts(thrown) };
};
