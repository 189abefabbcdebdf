/**
 * The logger: pino, writing Lambda's JSON log format to stdout, each line with the fields of its invocation. Where a
 * collector is set, the same lines go there with the next flush.
 *
 * pino's worker and transport parts are left out of the bundle; a destination of our own takes their place.
 */
import { type Logger as PinoLogger, pino } from "pino";
import { harmless } from "../diag.ts";
import { errorFacts } from "../errors.ts";
import { type Scope, currentScope } from "../scope.ts";
import { sdk } from "../sdk.ts";
import { createDebugSample } from "./debug-sample.ts";
import { lineFields, mergeFields } from "./fields.ts";
import { isoNow } from "./timestamp.ts";
import { write } from "./write.ts";

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
    ...byLevel(method),
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
  const { config, held } = sdk();
  const isLoud = config.isHoldingDebug || config.debugSampleRate > 0;
  let isHeld = false;
  const { serviceName: service, functionName, functionVersion: version, region } = config;
  const logger = pino(
    {
      level: isLoud ? "trace" : config.logLevel,
      base: { service, function: functionName, version, region },
      messageKey: "message",
      timestamp: () => `,"timestamp":"${isoNow()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }), log: withErrorFields },
      mixin: () => lineFields(isHeld),
      mixinMergeStrategy: mergeFields,
      // A getter that throws, in what is to be logged, must not become the handler's error.
      hooks: {
        logMethod(args, method) {
          harmless("writing a log line", () => method.apply(this, args));
        },
      },
    },
    {
      write(line: string) {
        const scope = currentScope();
        if (!isHeld) write(line);
        else if (scope) held.hold(scope.invocation, line);
      },
    },
  ) satisfies PinoLogger;
  const child = Reflect.get(logger, "child") as (this: unknown, bindings: object) => Logger;
  Object.assign(logger, {
    // What stands twice in a line is what stands last, and pino puts bindings after level and time.
    child(bindings?: object) {
      return child.call(this, mergeFields(bindings ?? {}, {}));
    },
  });
  if (!isLoud) return logger;
  const asHeld = (work: () => void): void => {
    isHeld = config.isHoldingDebug;
    if (isHeld) work();
    isHeld = false;
  };
  return choosing(logger, config.logLevel, { asHeld, isSampled: createDebugSample(config.debugSampleRate) });
};

interface Choices {
  readonly asHeld: (work: () => void) => void;
  readonly isSampled: (scope: Scope) => boolean;
}

const LEVELS: readonly string[] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
const DEBUG = 1;

/** The same logger over one that lets everything through. */
const choosing = (loud: Logger, level: string, choices: Choices): Logger => {
  let least = level;
  const method =
    (name: Level): LogMethod =>
    (...args: unknown[]) => {
      const say = (): void => loud[name](...(args as Parameters<LogMethod>));
      const rank = LEVELS.indexOf(name);
      if (rank >= LEVELS.indexOf(least)) return say();
      const scope = currentScope();
      if (scope === undefined) return;
      if (rank >= DEBUG && least !== "silent" && choices.isSampled(scope)) say();
      else if (rank <= DEBUG) choices.asHeld(say);
    };
  return {
    ...byLevel(method),
    child: (bindings) => choosing(loud.child(bindings), least, choices),
    get level() {
      return least;
    },
    set level(to) {
      least = to;
    },
  };
};

/** pino puts a bare Error under `err`; Lambda's format has fields for what it says. */
const withErrorFields = (fields: Record<string, unknown>): Record<string, unknown> => {
  const key = ["err", "error"].find((one) => fields[one] instanceof Error);
  if (key === undefined) return fields;
  const { [key]: thrown, ...others } = fields;
  return { ...others, ...errorFacts(thrown) };
};

const byLevel = (method: (level: Level) => LogMethod): Record<Level, LogMethod> => ({
  trace: method("trace"),
  debug: method("debug"),
  info: method("info"),
  warn: method("warn"),
  error: method("error"),
  fatal: method("fatal"),
});
