/** The built artefact as people start it: `bin/mayfly.mjs serve`. */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Stats } from "@mayfly/api";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { JSON_TYPE, jsonSpan, tracesJson } from "./http.ts";

const run = promisify(execFile);
const PACKAGE = join(import.meta.dirname, "..");
const MAYFLY = join(PACKAGE, "bin", "mayfly.mjs");

let dataDir: string;
let children: Serving["child"][] = [];
beforeAll(async () => {
  await run(join(PACKAGE, "../../node_modules/.bin/tsc"), ["-b", PACKAGE]);
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mayfly-process-"));
});
afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  children = [];
  await rm(dataDir, { recursive: true });
});

interface Serving {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  readonly url: string;
  readonly line: string;
}

const serve = async (...flags: string[]): Promise<Serving> => {
  const args = [MAYFLY, "serve", "--port", "0", "--data", dataDir, "--log-level", "warn", ...flags];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  const line = chunk.toString();
  const url = /http:\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`no address in: ${line}`);
  return { child, url, line };
};

const stopped = async ({ child }: Serving, signal: NodeJS.Signals): Promise<number | null> => {
  const exit = once(child, "exit") as Promise<[number | null]>;
  child.kill(signal);
  return (await exit)[0];
};

const isAnswered = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    () => true,
    () => false,
  );

const send = (url: string, traceNumber: number): Promise<Response> => {
  const traceId = traceNumber.toString(16).padStart(32, "0");
  return fetch(`${url}/v1/traces`, { method: "POST", headers: JSON_TYPE, body: tracesJson(jsonSpan({ traceId })) });
};

const stats = async (url: string): Promise<Stats> => (await (await fetch(`${url}/api/stats`)).json()) as Stats;

/** Runs to its end. */
const mayfly = async (...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> => {
  const child = spawn(process.execPath, [MAYFLY, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, "exit");
  return { code: child.exitCode, stdout, stderr };
};

test("started, stopping and stopped are each a line of JSON on standard error", async () => {
  const child = spawn(process.execPath, [MAYFLY, "serve", "--port", "0", "--data", dataDir], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  const lines = (await text(child.stderr)).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: "INFO", message: "started", dataDir, version: "0.1.0", pid: child.pid },
    { level: "INFO", message: "stopping" },
    { level: "INFO", message: "stopped" },
  ]);
});

test.each(["SIGTERM", "SIGINT"] as const)("it says its address in one line, and ends with 0 on %s", async (signal) => {
  const serving = await serve();
  expect(serving.line).toBe(`mayfly listens on ${serving.url} and keeps its data in ${dataDir}\n`);
  expect(await fetch(`${serving.url}/readyz`)).toMatchObject({ status: 200 });
  expect(await stopped(serving, signal)).toBe(0);
});

test("killed while it receives, it has every span that it acknowledged, once", async () => {
  const first = await serve();
  const acknowledged: number[] = [];
  const sending = Array.from({ length: 4 }, async (_, sender) => {
    for (let n = sender + 1; ; n += 4) {
      const response = await send(first.url, n).catch(() => undefined);
      if (response?.status !== 200) return;
      if (acknowledged.push(n) === 40) first.child.kill("SIGKILL");
    }
  });
  await Promise.all(sending);

  const second = await serve();

  const { spans, traces } = await stats(second.url);
  expect(acknowledged.length).toBeGreaterThanOrEqual(40);
  expect(spans).toBe(traces);
  for (const n of acknowledged) {
    const response = await fetch(`${second.url}/api/traces/${n.toString(16).padStart(32, "0")}?stitch=false`);
    expect(await response.json()).toMatchObject({ spanCount: 1 });
  }
});

/** A request of which the last byte is not sent yet. */
const halfSent = async (url: string, body: string): Promise<Socket> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  const head = `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head + body.slice(0, -1));
  return socket;
};

test("what is in flight when it is told to stop is answered and stored", async () => {
  const first = await serve();
  const body = tracesJson(jsonSpan());
  const socket = await halfSent(first.url, body);
  await isAnswered(first.url); // by now it has seen the other connection as well

  const exit = stopped(first, "SIGTERM");
  while (await isAnswered(first.url)); // until it has heard
  socket.write(body.slice(-1));
  const answer = await text(socket);

  expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*connection: close/i);
  expect(await exit).toBe(0);
  const second = await serve();
  expect(await stats(second.url)).toMatchObject({ spans: 1 });
});

const PRLIMIT = "/usr/bin/prlimit";

/** No file of the process may grow beyond this: to it, a disk that is full. */
const limitFiles = ({ child }: Serving, bytes: number | "unlimited"): Promise<unknown> =>
  run(PRLIMIT, [`--pid=${child.pid}`, `--fsize=${bytes}:unlimited`]);

test.runIf(existsSync(PRLIMIT))(
  "a full disk refuses what comes, loses nothing, and with space it goes on",
  async () => {
    const serving = await serve();
    expect((await send(serving.url, 1)).status).toBe(200);
    await limitFiles(serving, 4_096);

    const refused = await send(serving.url, 2);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect((await fetch(`${serving.url}/readyz`)).status).toBe(503);
    expect(await stats(serving.url)).toMatchObject({ spans: 1, receivedSpans: 1 });

    await limitFiles(serving, "unlimited");
    expect((await send(serving.url, 2)).status).toBe(200);
    expect((await fetch(`${serving.url}/readyz`)).status).toBe(200);
    expect(await stats(serving.url)).toMatchObject({ spans: 2, receivedSpans: 2 });
  },
);

test.runIf(process.platform === "linux")(
  "large buffers go back to the system when they are freed, unless its environment says otherwise",
  async () => {
    const threshold = async ({ child }: Serving): Promise<string | undefined> =>
      /MALLOC_MMAP_THRESHOLD_=(\d+)/.exec(await readFile(`/proc/${child.pid}/environ`, "utf8"))?.[1];
    expect(await threshold(await serve())).toBe("131072");
    process.env["MALLOC_MMAP_THRESHOLD_"] = "1000000";
    try {
      expect(await threshold(await serve("--data", join(dataDir, "other")))).toBe("1000000");
    } finally {
      delete process.env["MALLOC_MMAP_THRESHOLD_"];
    }
  },
);

test("a port in use is named, with exit code 1", async () => {
  const { url } = await serve();
  const { port } = new URL(url);
  const { code, stderr } = await mayfly("serve", "--port", port, "--data", join(dataDir, "other"));
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`^mayfly: cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
});

test("wrong usage says what is wrong, with exit code 2", async () => {
  const wrong: [args: string[], message: RegExp][] = [
    [["serve", "--host", "0.0.0"], /--host is "0\.0\.0", expected an IP address/],
    [["serve", "--host", "0.0.0.0", "--data", dataDir], /no API key in .*mayfly keys create.*--insecure/],
    [["keys", "create", "--name", "ci"], /required option '--scope/],
    [["keys", "create", "--name", "ci", "--scope", "write"], /Allowed choices are ingest, read, admin/],
    [["keys", "create", "--name", "ci", "--scope", "read", "--expires", "soon"], /--expires is "soon", expected hours/],
    [["keys", "create", "--name", "a\u001b[2J", "--scope", "read"], /--name: expected 1 to 100 printable/],
    [["serve", "--verbose"], /unknown option '--verbose'/],
    [["serve", "there"], /too many arguments/],
    [["fly"], /unknown command 'fly'/],
  ];
  for (const [result, [, message]] of await Promise.all(
    wrong.map(async (one) => [await mayfly(...one[0]), one] as const),
  )) {
    expect(result).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
  }
});

test("it says its version", async () => {
  expect(await mayfly("--version")).toMatchObject({ code: 0, stdout: "0.1.0\n" });
});

test("help has exit code 0", async () => {
  for (const { code, stdout } of await Promise.all([mayfly("--help"), mayfly("serve", "--help")])) {
    expect([code, stdout]).toEqual([0, expect.stringContaining("Usage: mayfly")]);
  }
});
