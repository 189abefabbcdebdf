/** `mayfly doctor` against real collectors in their own processes. */
import { once } from "node:events";
import { mkdtemp, rm, truncate } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { Stats } from "@mayfly/api";
import { activePath } from "../src/store/sqlite/partitions.ts";
import { openStore } from "../src/store/sqlite/sqlite-store.ts";
import { batch, span, traceId } from "./builders.ts";
import { JSON_TYPE, jsonSpan, tracesJson } from "./http.ts";
import { buildProgram, mayfly, startMayfly } from "./program.ts";

vi.setConfig({ testTimeout: 120_000 }); // several processes each
let dataDir: string;
let children: ReturnType<typeof startMayfly>[] = [];
beforeAll(buildProgram);
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mayfly-doctor-"));
});
afterEach(async () => {
  for (const child of children) {
    const exit = once(child, "exit");
    if (child.kill("SIGKILL")) await exit;
  }
  children = [];
  await rm(dataDir, { recursive: true });
});

const serving = async (): Promise<string> => {
  const child = startMayfly("serve", "--port", "0", "--data", dataDir);
  children.push(child);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return /http:\S+/.exec(line.toString())?.[0] ?? "";
};

const send = async (url: string, body: string): Promise<void> => {
  await (await fetch(`${url}/v1/traces`, { method: "POST", headers: JSON_TYPE, body })).text();
};

const MS = 1_000_000n;
const at = (offsetMs: number): string => String((BigInt(Date.now()) + BigInt(offsetMs)) * MS);
const times = (offsetMs: number): object => ({ startTimeUnixNano: at(offsetMs), endTimeUnixNano: at(offsetMs + 1) });

test("a fine set-up has nothing to mend, and ends with 0", async () => {
  const url = await serving();
  await send(url, tracesJson(jsonSpan(times(-1000))));
  const { code, stdout } = await mayfly(["doctor", "--url", url, "--data", dataDir]);
  expect(stdout).not.toContain("problem");
  expect(code).toBe(0);
  for (const check of [
    "reachable",
    "ready",
    "version",
    "refused",
    "rejected",
    "partitions",
    "disk",
    "clocks",
    "sdk",
    "gaps",
  ])
    expect(stdout).toMatch(new RegExp(`^ok {7}${check} `, "m"));
});

test("a partition that cannot be read is named, and what is in the others is answered", async () => {
  const store = openStore({ dataDir, partitionBytes: 1 });
  for (const name of ["lost", "kept"]) await store.append(batch([span(name, { trace: name })]));
  await store.close();
  await truncate(activePath(dataDir, 1), 100);
  const url = await serving();

  const { code, stdout } = await mayfly(["doctor", "--url", url, "--json"]);

  const { findings } = JSON.parse(stdout) as { findings: object[] };
  expect(findings).toContainEqual({
    check: "partitions",
    level: "problem",
    message: expect.stringMatching(/^partition 1 is set aside: .*000001/),
    advice: expect.stringContaining("mayfly restore"),
  });
  expect(code).toBe(1);
  const stats = (await (await fetch(`${url}/api/stats`)).json()) as Stats;
  expect(stats.damagedPartitions).toMatchObject([{ partition: 1 }]);
  expect((await fetch(`${url}/api/traces/${traceId("kept")}`)).status).toBe(200);
  expect((await fetch(`${url}/api/traces/${traceId("lost")}`)).status).toBe(404);
});

test("what is wrong is named with what to mend, and ends with 1", async () => {
  const url = await serving();
  await send(url, "no json");
  await send(
    url,
    tracesJson(
      jsonSpan({
        ...times(3_600_000),
        traceId: "1".repeat(32),
        attributes: [{ key: "mayfly.sdk.dropped_spans", value: { intValue: "7" } }],
      }),
      jsonSpan({ ...times(-1000), traceId: "2".repeat(32), parentSpanId: "00000000000000ff" }),
      jsonSpan({ traceId: "0".repeat(32) }),
    ),
  );

  const { code, stdout } = await mayfly(["doctor", "--url", url, "--json"]);

  expect(code).toBe(1);
  const { isFine, findings } = JSON.parse(stdout) as { isFine: boolean; findings: { check: string; level: string }[] };
  expect(isFine).toBe(false);
  const problem = { level: "problem", advice: expect.stringMatching(/\w/) };
  const expected = [
    { ...problem, check: "refused", message: expect.stringContaining("1 request with telemetry") },
    { check: "rejected", level: "note", message: "1 of 3 spans: invalid-trace-id" },
    {
      ...problem,
      check: "clocks",
      message: expect.stringMatching(/^orders sends spans that begin in 3[56]\d\d\.\d s$/),
    },
    { ...problem, check: "sdk", message: "orders: 7 spans dropped (mayfly.sdk.dropped_spans)" },
    { ...problem, check: "gaps", message: expect.stringMatching(/^1 × missing-parent, such as: /) },
  ];
  for (const finding of expected) expect(findings).toContainEqual(expect.objectContaining(finding));
});

test("a consumer that begins before its producer sends has another clock", async () => {
  const url = await serving();
  const id = "3".repeat(32);
  await send(url, tracesJson(jsonSpan({ ...times(-1000), traceId: id, spanId: "00000000000000a1" })));
  const consumer = jsonSpan({
    ...times(-4000),
    traceId: id,
    spanId: "00000000000000b1",
    parentSpanId: "00000000000000a1",
    flags: 0x301,
  });
  await send(url, tracesJson(consumer).replace('"orders"}', '"payments"}'));
  const { code, stdout } = await mayfly(["doctor", "--url", url]);
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(
      /problem {2}clocks {5}payments begins before orders sends, by [23]\.\d s\n +Their clocks differ/,
    ),
  ]);
});

test("a collector that wants a key says so, and one that has it is looked at", async () => {
  const made = await mayfly(["keys", "create", "--name", "for the doctor", "--scope", "read", "--data", dataDir]);
  const key = /mfy_\S+/.exec(made.stdout + made.stderr)?.[0] ?? "";
  const url = await serving();
  expect(await mayfly(["doctor", "--url", url], { env: { MAYFLY_KEY: "" } })).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^problem {2}key {8}\/api\/stats answers 401[^]*--key or MAYFLY_KEY/m),
  });
  expect(await mayfly(["doctor", "--url", url, "--key", key])).toMatchObject({ code: 0 });
});

test("what was found stands also where the traces cannot be looked at", async () => {
  const real = await serving();
  const front = createServer((request, response) => {
    const isAsked = request.url?.startsWith("/api/traces") ?? false;
    if (isAsked)
      response.writeHead(503, JSON_TYPE).end('{"error":{"code":"store-failed","message":"the disk is full"}}');
    else void fetch(real + request.url).then(async (answer) => response.end(await answer.text()));
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  onTestFinished(() => {
    front.close().closeAllConnections();
  });
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const { code, stdout } = await mayfly(["doctor", "--url", url]);
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/^ok {7}ready [^]*^problem {2}traces .*503: the disk is full$/m),
  ]);
});

test("nobody there is a problem like another", async () => {
  const { code, stdout } = await mayfly(["doctor", "--url", "http://127.0.0.1:9"]);
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(
      /^problem {2}reachable {2}no collector answers at [^;]*\n +Start it with `mayfly serve`, or name its address with --url\.\n/,
    ),
  ]);
});
