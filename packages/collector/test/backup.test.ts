/** `mayfly backup` beside a collector that takes spans, and `mayfly restore`: as processes, as people run them. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Stats } from "@mayfly/api";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { JSON_TYPE, jsonSpan, tracesJson } from "./http.ts";

const run = promisify(execFile);
const PACKAGE = join(import.meta.dirname, "..");
const MAYFLY = join(PACKAGE, "bin", "mayfly.mjs");

let folder: string;
let children: ChildProcess[] = [];
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  await run(join(PACKAGE, "../../node_modules/.bin/tsc"), ["-b", PACKAGE]);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-backup-"));
});
afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  children = [];
  await rm(folder, { recursive: true });
});

const serve = async (data: string): Promise<string> => {
  const args = [MAYFLY, "serve", "--port", "0", "--data", at(data), "--log-level", "warn"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return /http:\S+/.exec(chunk.toString())?.[0] ?? "";
};

/** Exit code and what was said. */
const mayfly = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  run(process.execPath, [MAYFLY, ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );

const statsOf = async (url: string): Promise<Stats> => (await (await fetch(`${url}/api/stats`)).json()) as Stats;

test("a backup beside a collector under load is whole, and a restored one serves what was acknowledged before it", async () => {
  const url = await serve("data");
  let acknowledged = 0;
  let isSending = true;
  const sending = (async () => {
    while (isSending) {
      const body = tracesJson(jsonSpan({ name: `span ${acknowledged}` }));
      const { ok } = await fetch(`${url}/v1/traces`, { method: "POST", headers: JSON_TYPE, body });
      if (ok) acknowledged += 1;
    }
  })();
  while (acknowledged < 50) await new Promise((resolve) => void setImmediate(resolve));
  const before = acknowledged;
  const backup = await mayfly("backup", at("copy"), "--data", at("data"));
  isSending = false;
  await sending;
  expect(backup).toMatchObject({ code: 0, stderr: "" });

  const restore = await mayfly("restore", at("copy"), "--data", at("new"), "--verify");
  expect(restore).toMatchObject({ code: 0, stderr: "" });
  expect(restore.stdout).toMatch(/^partition 1 \(active\): \d+ spans, 0 log records, 0 data points$/m);
  const stats = await statsOf(await serve("new"));
  expect(stats.spans).toBeGreaterThanOrEqual(before);
  expect(stats.spans).toBeLessThanOrEqual(acknowledged);
  expect(stats.receivedSpans).toBe(stats.spans);

  expect(await mayfly("restore", at("copy"), "--data", at("data"))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("is not empty") as string,
  });
});

test("a folder without data is named, and nothing is made of it", async () => {
  for (const args of [
    ["backup", at("copy"), "--data", at("none")],
    ["restore", at("none"), "--data", at("new")],
    ["restore", at("none"), "--verify", "--data", at("new")],
    ["reindex", "--data", at("none")],
  ])
    expect(await mayfly(...args)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `mayfly: there is no data of Mayfly in ${at("none")}\n`,
    });
  expect(await readdir(folder)).toEqual([]);
});

test("a damaged backup is named and not restored", async () => {
  const url = await serve("data");
  const body = tracesJson(jsonSpan());
  await fetch(`${url}/v1/traces`, { method: "POST", headers: JSON_TYPE, body });
  await mayfly("backup", at("copy"), "--data", at("data"));
  const [name = ""] = (await readdir(at("copy/partitions"))).filter((one) => one.endsWith(".db"));
  await truncate(join(at("copy/partitions"), name), 5_000);

  const restore = await mayfly("restore", at("copy"), "--data", at("new"), "--verify");

  expect(restore.code).toBe(1);
  expect(restore.stderr).toContain(name);
  expect(restore.stderr).toContain("nothing was restored");
  expect(await readdir(folder)).not.toContain("new");
});
