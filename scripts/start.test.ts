/** `npm start` after the build: what a newcomer sees, and that nothing stays behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TraceList } from "@mayfly/api";
import { expect, onTestFinished, test, vi } from "vitest";

const START = join(import.meta.dirname, "start.mjs");

/** `until` resolves with the first match in everything that was printed so far. */
const start = (...flags: readonly string[]) => {
  const child = spawn(process.execPath, [START, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const exit = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await exit;
  });
  let output = "";
  const until = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(output);
        if (match) resolve(match[1] ?? match[0]);
      };
      child.stdout.on("data", look);
      void exit.then((code) => reject(new Error(`it ended with ${code} before printing ${pattern}:\n${output}`)));
      look();
    });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => void (output += String(chunk)));
  return { child, exit, until, printed: () => output };
};

const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-start-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};

/** All processes below it, from /proc. */
const descendantsOf = async ({ pid }: ChildProcess): Promise<readonly number[]> => {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (one: number | undefined): boolean =>
    one !== undefined && one !== 0 && (parents.get(one) === pid || isBelow(parents.get(one)));
  return [...parents.keys()].filter(isBelow);
};

/** Those that run. One that has ended and waits to be collected by the init process, whenever that may be, does not. */
const running = async (pids: readonly number[]): Promise<readonly string[]> => {
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.filter((stat) => stat !== "" && !/\) Z /.test(stat));
};

test.skipIf(process.platform !== "linux")(
  "it prints an address where stitched traces are, and leaves no process behind",
  async () => {
    const { child, exit, until } = start("--port", "0", "--rate", "120", "--data", await temporaryFolder());
    const url = await until(/Orders are coming through\. Open:\s+(http:\/\/\S+)/);

    // A function's spans may come after those of the functions that it caused.
    const shipped = async (): Promise<readonly (readonly string[])[]> => {
      const { traces } = (await (await fetch(`${url}/api/traces?function=ship`)).json()) as TraceList;
      return traces.map(({ functions }) => functions);
    };
    await expect
      .poll(shipped, { timeout: 15_000 })
      .toContainEqual(expect.arrayContaining(["api", "payment", "fulfil", "reserve", "charge"]));
    expect(await (await fetch(url)).text()).toContain("<title>Mayfly</title>");

    const processes = await descendantsOf(child);
    expect(processes.length).toBeGreaterThan(8);
    child.kill("SIGTERM");
    expect(await exit).toBe(0);
    await expect.poll(() => running(processes)).toEqual([]);
  },
);

test.skipIf(process.platform !== "linux").for(["npm", "a terminal"])(
  "what %s started ends with it, and leaves no process behind",
  async (who) => {
    const flags = ["--no-demo", "--port", "0", "--data", await temporaryFolder()];
    const script = `
      import { untilStopped } from ${JSON.stringify(join(import.meta.dirname, "until-stopped.mjs"))};
      process.exit(await untilStopped(process.execPath, ${JSON.stringify([START, ...flags])}));`;
    const file = join(await temporaryFolder(), "boot.mjs");
    await writeFile(file, script);
    const env = { ...process.env, npm_lifecycle_event: "start" };
    const npm = spawn("sh", ["-c", `"${process.execPath}" "${file}"; true`], { env, detached: true });
    let printed = "";
    npm.stdout.on("data", (chunk) => (printed += String(chunk)));
    await vi.waitFor(() => expect(printed).toContain("Mayfly listens"), { timeout: 15_000 });
    const processes = await descendantsOf(npm);
    expect(processes).toHaveLength(3);
    if (who === "npm") npm.kill("SIGTERM");
    else process.kill(-Number(npm.pid), "SIGHUP");
    await expect.poll(() => running(processes), { timeout: 15_000 }).toEqual([]);
  },
);

test("stopped before the first order has come through, it claims nothing", async () => {
  const { child, exit, until, printed } = start("--port", "0", "--rate", "1", "--data", await temporaryFolder());
  await until(/waiting for the first one/);
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
  expect(printed()).not.toContain("Orders are coming through");
});

test("--no-demo starts the collector alone", async () => {
  const { until } = start("--no-demo", "--port", "0", "--data", await temporaryFolder());
  const url = await until(/send OTLP to this address and open it:\s+(http:\/\/\S+)/);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test("over data with API keys it leaves the shop out, which has none, and says so", async () => {
  const folder = join(await temporaryFolder(), "two words");
  const mayfly = join(import.meta.dirname, "../packages/collector/bin/mayfly.mjs");
  const keys = ["keys", "create", "--name", "me", "--scope", "admin", "--data", folder];
  const made = spawn(process.execPath, [mayfly, ...keys], { stdio: "ignore" });
  expect(await new Promise((resolve) => made.once("exit", resolve))).toBe(0);
  const { child, exit, until } = start("--port", "0", "--data", folder);
  const url = await until(
    /has API keys, so the example shop is left out\. Sign in with a key \(npx mayfly keys create --name you --scope read --data '\/.+ words'\) at:\s+(http:\/\/\S+)/,
  );
  expect((await fetch(`${url}/api/stats`)).status).toBe(401);
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
});

test("a rate that makes no sense is named before anything starts", async () => {
  const { exit, printed } = start("--rate", "abc");
  expect(await exit).toBe(2);
  expect(printed()).toMatch(/--rate is "abc"[\s\S]*usage: npm start/);
});

test("an unknown flag is named, with the usage", async () => {
  const { exit, printed } = start("--colour");
  expect(await exit).toBe(2);
  expect(printed()).toMatch(/--colour[\s\S]*usage: npm start/);
});

test("a port that is taken is named", async () => {
  const first = start("--no-demo", "--port", "0", "--data", await temporaryFolder());
  const { port } = new URL(await first.until(/open it:\s+(http:\/\/\S+)/));
  const second = start("--no-demo", "--port", port, "--data", await temporaryFolder());
  expect(await second.exit).toBe(1);
  expect(second.printed()).toContain(port);
});
