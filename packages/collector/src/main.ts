/**
 * The `mayfly` program: arguments and environment in, exit code out.
 *
 * A command loads the collector itself only where it runs one (`await import` in cli/): the others start in a fifth of the time.
 *
 * Exit codes  0 fine; 1 failed; 2 wrong usage: an unknown flag, a bad value.
 */
import { Command, CommanderError } from "commander";
import { backupCommand } from "./cli/backup.ts";
import { conformanceCommand } from "./cli/conformance.ts";
import { devCommand } from "./cli/dev.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { exportCommand } from "./cli/export.ts";
import { importCommand } from "./cli/import.ts";
import { invokeCommand } from "./cli/invoke.ts";
import { keysCommand } from "./cli/keys.ts";
import { reindexCommand } from "./cli/reindex.ts";
import { restoreCommand } from "./cli/restore.ts";
import { openCommand } from "./cli/open.ts";
import { sendCommand } from "./cli/send.ts";
import { serveCommand } from "./cli/serve.ts";
import { ConfigError, MayflyError } from "./errors.ts";
import { VERSION } from "./version.ts";

const COMMANDS = [
  serveCommand,
  devCommand,
  invokeCommand,
  sendCommand,
  keysCommand,
  doctorCommand,
  exportCommand,
  importCommand,
  openCommand,
  backupCommand,
  restoreCommand,
  reindexCommand,
  conformanceCommand,
];

export const main = async (argv: readonly string[]): Promise<number> => {
  const program = new Command("mayfly")
    .description("Observability for functions that live for milliseconds")
    .version(VERSION);
  let code = 0;
  const deps = {
    env: process.env,
    print: console.log,
    warn: console.error,
    onBug: console.error,
    stdout: process.stdout,
    stderr: process.stderr,
    stopped: stopSignal,
    fail: () => (code = 1),
  };
  // Flags belong to the command that they follow: `import` and `import xray` have some of the same name.
  program.exitOverride().enablePositionalOptions().showHelpAfterError("Add --help to see what there is.");
  for (const command of COMMANDS) program.addCommand(withSettingsOf(program, command(deps)));
  try {
    await program.parseAsync(asked(argv, program), { from: "user" });
    return code;
  } catch (error) {
    return exitCode(error);
  }
};

/** Also those below it, which are made with it. */
const withSettingsOf = (above: Command, command: Command): Command => {
  command.copyInheritedSettings(above);
  for (const below of command.commands) withSettingsOf(command, below);
  return command;
};

/** Without its flags where there is no such command: else `--help` would be answered for another. */
const asked = (argv: readonly string[], { commands }: Command): readonly string[] => {
  const [name = ""] = argv;
  const isKnown = name === "" || name.startsWith("-") || name === "help" || commands.some((one) => one.name() === name);
  return isKnown ? argv : [name];
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
