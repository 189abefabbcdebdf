/** Collectors as processes of their own over folders of a test, which ends them all. */
import { once } from "node:events";
import type { Stats } from "@mayfly/api";
import { JSON_TYPE, jsonSpan, tracesJson } from "./http.ts";
import { startMayfly } from "./program.ts";

export interface Serving {
  readonly url: string;
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
}

export interface Servings {
  readonly serve: (dataDir: string, ...flags: string[]) => Promise<Serving>;
  end(): Promise<void>;
}

export const createServings = (): Servings => {
  const running: Serving[] = [];
  return {
    async serve(dataDir, ...flags) {
      const child = startMayfly("serve", "--port", "0", "--data", dataDir, "--log-level", "silent", ...flags);
      const ended = once(child, "exit");
      const [line] = (await Promise.race([once(child.stdout, "data"), once(child.stderr, "data")])) as [Buffer];
      const url = /http:\S+/.exec(line.toString())?.[0];
      if (url === undefined) throw new Error(`no address in: ${line}`);
      const kill = async (signal: NodeJS.Signals): Promise<void> => {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal);
        await ended;
      };
      const one = { url, pid: child.pid ?? 0, kill };
      running.push(one);
      return one;
    },
    async end() {
      for (const one of running.splice(0)) await one.kill("SIGKILL");
    },
  };
};

const traceIdOf = (number: number): string => number.toString(16).padStart(32, "0");

/** One span, in a trace of this number. */
export const sendSpan = (url: string, number: number): Promise<Response> =>
  fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: JSON_TYPE,
    body: tracesJson(jsonSpan({ traceId: traceIdOf(number) })),
  });

export const statsOf = async (url: string): Promise<Stats> => (await (await fetch(`${url}/api/stats`)).json()) as Stats;

/** How many spans of each of these traces it has. */
export const spanCounts = (url: string, numbers: readonly number[]): Promise<readonly number[]> =>
  Promise.all(
    numbers.map(async (number) => {
      const response = await fetch(`${url}/api/traces/${traceIdOf(number)}?stitch=false`);
      if (response.status === 404) return 0;
      return ((await response.json()) as { spanCount: number }).spanCount;
    }),
  );
