/** A project of somebody who uses Mayfly, in a temporary folder, and `mayfly` started in it as a process. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

const PACKAGE = join(import.meta.dirname, "..");
const ROOT = join(PACKAGE, "../..");
const MAYFLY = join(PACKAGE, "bin", "mayfly.mjs");

/** What a project may have installed. */
const INSTALLED = {
  "@mayfly/sdk": "packages/sdk",
  "@aws-sdk/client-sqs": "packages/lab/node_modules/@aws-sdk/client-sqs",
  esbuild: "examples/shop/node_modules/esbuild",
};

/** The shims of pnpm name its own store in NODE_PATH: a project would find there what it has not installed. */
const ENVIRONMENT = { ...process.env, NODE_PATH: "" };

export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string | object>>): Promise<void>;
  dev(...args: string[]): Promise<Dev>;
  /** Runs to its end. */
  mayfly(args: readonly string[], input?: string): Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Dev {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** All so far, of both streams. */
  readonly output: () => string;
  /** The next place after all that was waited for where the output matches. */
  readonly said: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly url: string;
  readonly api: string;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

export const createProject = async (
  files: Readonly<Record<string, string | object>>,
  installed: readonly (keyof typeof INSTALLED)[] = ["@mayfly/sdk", "@aws-sdk/client-sqs", "esbuild"],
): Promise<Project> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "mayfly-dev-")));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of installed) {
    await mkdir(dirname(join(folder, "node_modules", name)), { recursive: true });
    await symlink(join(ROOT, INSTALLED[name]), join(folder, "node_modules", name));
  }
  const project: Project = {
    folder,
    async write(more) {
      for (const [path, content] of Object.entries(more)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
      }
    },
    async mayfly(args, input = "") {
      const child = spawn(process.execPath, [MAYFLY, ...args], {
        cwd: folder,
        env: ENVIRONMENT,
        stdio: ["pipe", "pipe", "pipe"],
      });
      end(child.stdin, input);
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      if (child.exitCode === null) await once(child, "exit");
      return { code: child.exitCode, stdout, stderr };
    },
    dev: (...args) => startDev(folder, args),
  };
  await project.write({ "package.json": { name: "project" }, ...files });
  return project;
};

const end = (stdin: Writable, input: string): void => {
  stdin.on("error", () => undefined); // it did not want it
  stdin.end(input);
};

const startDev = async (folder: string, args: readonly string[]): Promise<Dev> => {
  const child = spawn(process.execPath, [MAYFLY, "dev", "--port", "0", "--http-port", "0", ...args], {
    cwd: folder,
    env: ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let at = 0;
  let look: (() => void) | undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      look?.();
    });
  child.once("exit", () => look?.());
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  });
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      look = () => {
        const match = pattern.exec(output.slice(at));
        if (match !== null) {
          at += match.index + match[0].length;
          resolve(match);
        } else if (child.exitCode !== null) reject(new Error(`ended before it said ${pattern}:\n${output}`));
      };
      look();
    });
  const [, url = ""] = await said(/Traces +(http:\S+)/);
  await said(/Ctrl-C ends it/);
  const [, api = ""] = /HTTP API +(http:\S+)/.exec(output) ?? [];
  return {
    child,
    output: () => output,
    said,
    url,
    api,
    async stop(signal) {
      const exit = once(child, "exit") as Promise<[number | null]>;
      child.kill(signal);
      return (await exit)[0];
    },
  };
};
