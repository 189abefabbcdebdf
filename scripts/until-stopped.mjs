/**
 * Runs a command that goes on until it is stopped, and stops it whenever this process is: by a signal, or by the end of the npm
 * that ran it. A SIGTERM ends npm and its shell and reaches nobody below them.
 *
 * Out     the command's exit code.
 */
import { spawn } from "node:child_process";

const LOOK_EVERY_MS = 500;

/** `parent`: pid of whoever ran this process, as it was at first. */
export const untilStopped = (command, args, options, parent = process.ppid) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    const stop = (signal) => child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(signal));
    const isOfNpm = process.env.npm_lifecycle_event !== undefined;
    const look = setInterval(() => isOfNpm && process.ppid !== parent && stop("SIGTERM"), LOOK_EVERY_MS);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearInterval(look);
      resolve(code ?? 1);
    });
  });
