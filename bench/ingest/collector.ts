/** The built collector as a process of its own, and what it takes of the machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Stats } from "../../packages/api/src/index.ts";

const PROGRAM = fileURLToPath(new URL("../../packages/collector/bin/mayfly.mjs", import.meta.url));

export interface RunningCollector {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stats(): Promise<Stats>;
  /** Bytes, now and the most so far (VmRSS and VmHWM of /proc). */
  memory(): { readonly rss: number; readonly peak: number };
  /** Processor time of all threads, in ms. */
  cpuMs(): number;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export const startCollector = async (dataDir: string, flags: readonly string[] = []): Promise<RunningCollector> => {
  const child = spawn(process.execPath, [PROGRAM, "serve", "--port", "0", "--data", dataDir, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await addressOf(child);
  const pid = child.pid ?? 0;
  return {
    url,
    port: Number(new URL(url).port),
    pid,
    stats: async () => (await (await fetch(`${url}/api/stats`)).json()) as Stats,
    memory: () => memoryOf(pid),
    cpuMs: () => cpuMsOf(pid),
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, "exit");
    },
  };
};

const addressOf = async (child: ChildProcess): Promise<string> => {
  if (child.stdout === null) throw new Error("the collector has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /http:\/\/\S+/.exec(line)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error("the collector ended before it said its address");
};

const memoryOf = (pid: number) => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
  return { rss: bytes("VmRSS"), peak: bytes("VmHWM") };
};

const TICK_MS = 10;

const cpuMsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};
