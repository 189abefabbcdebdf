/** The built program, run to its end or left running: `mayfly …` as people start it. */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

const PACKAGE = join(import.meta.dirname, "..");
const PROGRAM = join(PACKAGE, "bin", "mayfly.mjs");

/** What is in dist is what stands in src. */
export const buildProgram = async (): Promise<void> => {
  await promisify(execFile)(join(PACKAGE, "../../node_modules/.bin/tsc"), ["-b", PACKAGE]);
};

export interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export const mayfly = (
  args: readonly string[],
  { input, env }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { maxBuffer: 2 ** 28, env: { ...process.env, ...env } };
    const child = execFile(process.execPath, [PROGRAM, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
    child.stdin?.end(input ?? "");
  });

export const startMayfly = (...args: string[]): ChildProcessByStdio<null, Readable, Readable> =>
  spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe"] });

/** Root may write everywhere; this one only where the mode lets its user. */
export const startMayflyByMode = (...args: string[]): ChildProcessByStdio<null, Readable, Readable> =>
  process.getuid?.() === 0
    ? spawn("setpriv", ["--bounding-set", "-dac_override", process.execPath, PROGRAM, ...args], {
        stdio: ["ignore", "pipe", "pipe"],
      })
    : startMayfly(...args);
