/**
 * An error that nobody catches ends the process, and what waits to be sent with it. One line, written before that happens, says
 * which invocation it was. By a monitor, which unlike a listener changes neither the exit nor what others do about the error.
 */
import { harmless } from "./diag.ts";
import { errorFacts } from "./errors.ts";
import { ownLogger } from "./log/own.ts";

export const tellUncaughtErrors = (): void => {
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    // process.stdout is a pipe or a file here, and written to at once.
    harmless("telling an uncaught error", () => ownLogger().fatal(errorFacts(error), "uncaught error"));
  });
};
