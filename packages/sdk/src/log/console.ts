/**
 * What the handler writes by `console`, as lines of the logger: with the invocation's fields, an error's too. Opt-in.
 *
 * Outside of an invocation the original speaks, which on Lambda is the runtime's own: it knows the request that it tells of. So it does
 * where a line of ours cannot be made, or is made of one: no line is lost, and none goes in circles.
 */
import { errorFacts } from "../errors.ts";
import { currentScope } from "../scope.ts";
import { ownLogger } from "./own.ts";

const LEVEL_OF = { debug: "debug", log: "info", info: "info", warn: "warn", error: "error" } as const;

type Method = keyof typeof LEVEL_OF;

/** The result gives the console back, as far as nobody has replaced it since. */
export const captureConsole = (): (() => void) => {
  let isWriting = false;
  const tell = (method: Method, args: readonly unknown[]): boolean => {
    if (isWriting || currentScope() === undefined) return false;
    isWriting = true;
    try {
      const error = args.find((one) => one instanceof Error);
      ownLogger()[LEVEL_OF[method]](error ? errorFacts(error) : {}, messageOf(args));
      return true;
    } catch {
      return false;
    } finally {
      isWriting = false;
    }
  };
  const restores = (Object.keys(LEVEL_OF) as Method[]).map((method) => {
    const original = console[method];
    const captured = (...args: unknown[]): void => {
      if (!tell(method, args)) Reflect.apply(original, console, args);
    };
    console[method] = captured;
    return () => {
      if (console[method] === captured) console[method] = original;
    };
  });
  return () => restores.forEach((restore) => restore());
};

/** As `console` writes it, but for the stacks of errors, which have fields of their own. */
const messageOf = (args: readonly unknown[]): string => {
  const [only] = args;
  if (args.length === 1 && only instanceof Error) return errorFacts(only).errorMessage;
  return process.getBuiltinModule("node:util").format(...args.map((one) => (one instanceof Error ? headOf(one) : one)));
};

const headOf = (error: Error): string => {
  const { errorType, errorMessage } = errorFacts(error);
  return `${errorType}: ${errorMessage}`;
};
