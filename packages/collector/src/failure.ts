/** An error on its way out of a thread: a message loses its class, its code and its stack. */
import { type ErrorCode, MayflyError, OverloadError, StoreError } from "./errors.ts";

export interface Failure {
  /** undefined: a bug. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

export const failureOf = (error: unknown): Failure => ({
  code: error instanceof MayflyError ? error.code : undefined,
  message: error instanceof Error ? error.message : String(error),
  stack: error instanceof Error ? error.stack : undefined,
});

/** Threads fail as the store does, or for a bug. */
export const errorOf = ({ code, message, stack }: Failure): Error => {
  const error = classed(code, message);
  if (stack !== undefined) error.stack = stack;
  return error;
};

const classed = (code: ErrorCode | undefined, message: string): Error => {
  if (code === undefined) return new Error(message);
  return code === "overloaded" ? new OverloadError(code, message) : new StoreError(code as StoreError["code"], message);
};
