/**
 * The SDK's own trouble, on stderr, where Lambda logs it: each message once per execution environment, because a function
 * that runs a thousand times a second must not say a thousand times that its collector is away.
 */
import { errorFacts } from "./errors.ts";

/** Messages carry other people's texts, so their number needs a bound. */
const MAX_WARNINGS = 100;
const said = new Set<string>();

export const warn = (message: string): void => {
  if (said.has(message) || said.size >= MAX_WARNINGS) return;
  said.add(message);
  process.stderr.write(`mayfly: ${message}\n`);
};

/** Runs what must never throw into the handler; a fault of ours is said and `undefined` given. */
export const harmless = <T>(what: string, work: () => T): T | undefined => {
  try {
    return work();
  } catch (error) {
    warn(`${what} failed: ${errorFacts(error).errorMessage}`);
    return undefined;
  }
};
