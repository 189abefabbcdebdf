/**
 * The `mayfly` program: arguments and environment in, exit code out.
 *
 * Exit codes  0 fine; 1 failed; 2 wrong usage: an unknown flag, a bad value.
 */
import { Command, CommanderError } from "commander";
import { serveCommand } from "./cli/serve.ts";
import { ConfigError, MayflyError } from "./errors.ts";
import { VERSION } from "./version.ts";

export const main = async (argv: readonly string[]): Promise<number> => {
  const program = new Command("mayfly")
    .description("Observability for functions that live for milliseconds")
    .version(VERSION);
  const serve = serveCommand({ env: process.env, print: console.log, onBug: console.error, stopped: stopSignal });
  program.addCommand(serve.copyInheritedSettings(program.exitOverride()));
  try {
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    return exitCode(error);
  }
};

/** A second signal finds no listener any more and ends the process at once. */
const stopSignal = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = (): void => {
      process.off("SIGTERM", stop).off("SIGINT", stop);
      resolve();
    };
    process.on("SIGTERM", stop).on("SIGINT", stop);
  });

const exitCode = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has said why
  if (!(error instanceof MayflyError)) {
    console.error(error);
    return 1;
  }
  console.error(`mayfly: ${error.message}`);
  return error instanceof ConfigError ? 2 : 1;
};
