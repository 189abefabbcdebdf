/** What the disk does to a collector that runs as a process: no room, no right to write, data of a newer version. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Stats, TraceList } from "@mayfly/api";
import Database from "better-sqlite3";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { checkRoom } from "../src/store/sqlite/reserve.ts";
import { JSON_TYPE, jsonSpan, tracesJson } from "./http.ts";
import { buildProgram, mayfly, startMayfly, startMayflyByMode } from "./program.ts";
import { fillDisk, mayMount, mountDisk, unmountDisk } from "./small-disk.ts";

let folder: string;
let isMounted = false;
let dataDir: string;
let children: ReturnType<typeof startMayfly>[];
beforeAll(buildProgram);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-disk-"));
  dataDir = folder;
  children = [];
});
afterEach(async () => {
  for (const child of children) if (child.kill("SIGKILL")) await once(child, "exit");
  if (isMounted) unmountDisk(folder);
  isMounted = false;
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const serve = async () => {
  const child = startMayfly("serve", "--port", "0", "--data", dataDir, "--log-level", "error");
  children.push(child);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, url: /http:\S+/.exec(line.toString())?.[0] ?? "" };
};

const send = (url: string, traceNumber: number): Promise<Response> => {
  const traceId = traceNumber.toString(16).padStart(32, "0");
  return fetch(`${url}/v1/traces`, { method: "POST", headers: JSON_TYPE, body: tracesJson(jsonSpan({ traceId })) });
};

/** Node.js ignores the signal, so a write beyond is refused as one to a full disk is. */
const limitFiles = (pid: number | undefined, bytes: number | "unlimited"): void =>
  void execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);

test.runIf(process.platform === "linux")(
  "where no file may grow, senders are told to come again; once it may, they are served, and what was acknowledged is there",
  async () => {
    const { child, url } = await serve();
    expect((await send(url, 1)).status).toBe(200);

    limitFiles(child.pid, 0);
    const refused = [await send(url, 2), await send(url, 3)];
    expect(refused.map(({ status }) => status)).toEqual([503, 503]);
    for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);

    limitFiles(child.pid, "unlimited");
    expect((await send(url, 2)).status).toBe(200);
    const { spans } = (await (await fetch(`${url}/api/stats`)).json()) as Stats;
    expect(spans).toBe(2);
    for (const [number, status] of [
      [1, 200],
      [2, 200],
      [3, 404],
    ] as const) {
      const id = number.toString(16).padStart(32, "0");
      expect([number, (await fetch(`${url}/api/traces/${id}`)).status]).toEqual([number, status]);
    }
  },
);

test.skipIf(!mayMount())(
  "on a full disk it starts, says so, answers what is stored and takes nothing; when there is room it goes on by itself",
  async () => {
    mountDisk(folder, 32);
    isMounted = true;
    dataDir = join(folder, "data");
    const filler = join(folder, "filler");
    const listed = async (url: string): Promise<unknown> => {
      const { traces } = (await (await fetch(`${url}/api/traces`)).json()) as TraceList;
      return traces.map(({ traceIds }) => Number(traceIds[0]));
    };
    const first = await serve();
    for (const number of [1, 2]) expect((await send(first.url, number)).status).toBe(200);
    expect(await listed(first.url)).toEqual([2, 1]);
    expect((await send(first.url, 3)).status).toBe(200);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    checkRoom(dataDir);
    fillDisk(filler);
    expect(() => checkRoom(dataDir)).toThrow("the disk is full");

    const { child, url } = await serve();
    const readiness = await fetch(`${url}/readyz`);
    expect([readiness.status, await readiness.json()]).toEqual([
      503,
      { error: { code: "store-failed", message: expect.stringContaining("the disk is full") } },
    ]);
    const refused = await send(url, 4);
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([503, true]);
    expect(await listed(url)).toEqual([3, 2, 1]);
    expect(await (await fetch(`${url}/api/stats`)).json()).toMatchObject({ spans: 3, damagedPartitions: [] });
    expect((await fetch(`${url}/api/traces/${"1".padStart(32, "0")}`)).status).toBe(200);

    rmSync(filler);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await send(url, 4)).status).toBe(200);
    expect(await listed(url)).toEqual([4, 3, 2, 1]);
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
  },
);

test("a folder that it may not write is named, and it ends with 1 and leaves nothing there", async () => {
  chmodSync(dataDir, 0o555);
  const child = startMayflyByMode("serve", "--port", "0", "--data", dataDir);
  children.push(child);
  const told = await text(child.stderr);
  if (child.exitCode === null) await once(child, "exit");
  expect(told).toMatch(/^mayfly: .+\n$/);
  expect(told).toContain(dataDir);
  expect(child.exitCode).toBe(1);
  expect(readdirSync(dataDir)).toEqual([]);
});

test("data of a newer version is named, and it ends with 1 and leaves it as it is", async () => {
  const { child, url } = await serve();
  expect((await send(url, 1)).status).toBe(200);
  child.kill("SIGTERM");
  await once(child, "exit");
  const partitions = join(dataDir, "partitions");
  const [active = ""] = readdirSync(partitions);
  const path = join(partitions, active);
  const db = new Database(path);
  db.pragma("user_version = 99");
  db.close();
  const before = readFileSync(path);

  const { code, stdout, stderr } = await mayfly(["serve", "--port", "0", "--data", dataDir]);

  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: "",
    stderr: `mayfly: cannot open ${path}: its version is 99, this Mayfly knows 1\n`,
  });
  expect(readdirSync(partitions)).toEqual([active]);
  expect(readFileSync(path).equals(before)).toBe(true);
});
