/** `mayfly import xray`, with the real SDK, from an X-Ray that enforces its protocol into a real collector. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { awsRig } from "./aws-rig.ts";
import type { Ended } from "./program.ts";
import { CREDENTIALS } from "./signed.ts";
import { orderDocuments, POST_REQUEST } from "./xray-documents.ts";
import { startXRay, type XRayTrace } from "./xray-endpoint.ts";

const rig = awsRig(["import", "xray"], startXRay);

const MINUTE = 60;
const HOUR = 3600;
const now = Math.floor(Date.now() / 1000);

const idAt = (seconds: number, number: number): string =>
  `1-${seconds.toString(16).padStart(8, "0")}-${number.toString(16).padStart(24, "0")}`;

const w3c = (id: string): string => id.slice(2).replace("-", "");

const small = (id: string, name = "service"): string =>
  `{"id":"00000000000000aa","name":"${name}","trace_id":"${id}","start_time":${Number.parseInt(id.slice(2, 10), 16)}.5,"end_time":${Number.parseInt(id.slice(2, 10), 16) + 1}}`;

const traceAt = (ago: number, number: number, documents?: (id: string) => string[]): XRayTrace => {
  const id = idAt(now - ago, number);
  return { id, revision: 1, changedAt: now - ago, documents: documents?.(id) ?? [small(id)] };
};

const importXRay = (...flags: string[]): Promise<Ended> =>
  rig.run("--checkpoint", join(rig.folder, "c.json"), ...flags);

test("a transaction comes whole: every segment a span, found by its request id", async () => {
  rig.aws.traces = [traceAt(10 * MINUTE, 1, orderDocuments)];
  expect(await importXRay()).toMatchObject({
    code: 0,
    stdout: "imported 1 traces with 9 spans, 0 unchanged; 0 bad documents, 0 traces not given, 0 rejected spans\n",
  });
  const detail = await rig.detailOf(POST_REQUEST);
  expect(detail.traceIds).toEqual([w3c(rig.aws.traces[0]!.id)]);
  expect(detail.spans).toHaveLength(9);
  expect(detail.functions).toEqual(expect.arrayContaining(["post-order", "notify"]));
});

test("an invocation that its function has sent itself stays one: X-Ray's segments tell where it stands", async () => {
  const [trace] = (rig.aws.traces = [traceAt(10 * MINUTE, 1, orderDocuments)]);
  const [traceId, spanId] = ["b".repeat(32), "b".repeat(16)];
  const began = BigInt(now - 10 * MINUTE) * 1_000_000_000n;
  await rig.store("post-order", {
    traceId,
    spanId,
    name: "post-order",
    startTimeUnixNano: String(began + 210_000_000n),
    endTimeUnixNano: String(began + 255_000_000n),
    attributes: { "faas.invocation_id": POST_REQUEST },
  });
  await importXRay();

  const { spans, joins } = await rig.detailOf(POST_REQUEST);
  expect(spans.filter((span) => span.requestId === POST_REQUEST).map((span) => span.spanId)).toEqual([spanId]);
  const xrays = w3c(trace!.id);
  const edges = joins.map(({ from, to }) => ["spanId" in from && from.spanId, to.spanId]);
  expect(edges).toEqual(
    expect.arrayContaining([
      ["3a9497be6bb6f2a7", spanId], // API Gateway's call
      [spanId, "3a049070bf15849c"], // the function that it called
    ]),
  );
  expect(spans.map((span) => span.traceId)).toEqual(expect.arrayContaining([xrays, traceId]));
});

test("pages, ids that X-Ray did not get to and throttling are gone through; what grew is fetched again, nothing else", async () => {
  rig.aws.traces = Array.from({ length: 13 }, (_, n) => traceAt(20 * MINUTE + n, n + 1));
  const [first, second] = rig.aws.traces;
  rig.aws.traces[0] = { ...first!, documents: orderDocuments(first!.id) }; // more segments than a page holds
  rig.aws.unprocessed.set(second!.id, 2);
  rig.aws.throttled = new Set([2, 5]);
  expect(await importXRay()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^imported 13 traces with 21 spans, 0 unchanged;/),
  });
  expect(await rig.stats()).toMatchObject({ spans: 21 });

  rig.aws.throttled = new Set();
  rig.aws.calls.length = 0;
  expect((await importXRay()).stdout).toMatch(/^imported 0 traces with 0 spans, 0 unchanged;/); // since the last run
  expect((await importXRay("--from", "1h")).stdout).toMatch(/^imported 0 traces with 0 spans, 13 unchanged;/);
  expect(rig.aws.calls.filter((call) => call !== "GetTraceSummaries")).toEqual([]);

  const grown = small(second!.id).replace("aa", "bb");
  rig.aws.traces[1] = { ...second!, revision: 2, changedAt: now, documents: [...second!.documents, grown] };
  expect((await importXRay()).stdout).toMatch(/^imported 1 traces with 2 spans, 0 unchanged;/);
  expect(rig.aws.calls.at(-1)).toBe(`BatchGetTraces ${second!.id}`);
  const { spans } = await rig.detailOf(w3c(second!.id), "?stitch=false");
  expect(spans.map((span) => span.spanId).toSorted()).toEqual(["00000000000000aa", "00000000000000bb"]);
});

test("a day is asked for in stretches that X-Ray allows, and a filter is handed on", async () => {
  rig.aws.traces = [1, 7, 13, 22].map((hours) => traceAt(hours * HOUR, hours));
  expect((await importXRay("--from", "1d")).stdout).toMatch(/^imported 4 traces/);
  expect(rig.aws.calls.filter((call) => call === "GetTraceSummaries")).toHaveLength(4);
  // Another filter is another question: what it has brought is not known from this one.
  expect((await importXRay("--from", "1d", "--filter", 'service("x")')).stdout).toMatch(/^imported 4 traces/);
});

test("bad documents and traces that are not given are named and counted, the rest is stored, and the exit code is 1", async () => {
  const [bad, good, gone] = [
    traceAt(MINUTE * 30, 1, (id) => ["{", small(id)]),
    traceAt(MINUTE * 31, 2),
    traceAt(MINUTE * 32, 3),
  ];
  rig.aws.traces = [bad, good, gone];
  rig.aws.unprocessed.set(gone.id, 100);
  const { code, stdout, stderr } = await importXRay();
  expect([code, stdout]).toEqual([
    1,
    "imported 2 traces with 2 spans, 0 unchanged; 1 bad documents, 1 traces not given, 0 rejected spans\n",
  ]);
  expect(stderr).toContain(`trace ${bad.id}: document ?: is no JSON object`);
  expect(stderr).toContain(`trace ${gone.id}: X-Ray named it and did not give it`);
  expect(await rig.stats()).toMatchObject({ spans: 2 });
});

test("without a collector the folder is written, and remembers what was fetched", async () => {
  const dataDir = join(rig.folder, "offline");
  rig.aws.traces = [traceAt(10 * MINUTE, 1)];
  const offline = (): Promise<Ended> => rig.runWith(CREDENTIALS, "--data", dataDir, "--from", "30m");
  expect((await offline()).stdout).toMatch(/^imported 1 traces with 1 spans/);
  await access(join(dataDir, "import-xray.json"));
  expect((await offline()).stdout).toMatch(/^imported 0 traces with 0 spans, 1 unchanged/);
});

test("what AWS refuses is said with its reason, and a wrong flag is 2", async () => {
  const wrongKey = { ...CREDENTIALS, AWS_SECRET_ACCESS_KEY: "another" };
  const refused = await rig.runWith(wrongKey, "--data", join(rig.folder, "offline"));
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("GetTraceSummaries failed: AccessDeniedException: the signature is wrong"),
  });
  expect(await importXRay("--from", "soon")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--from is "soon", expected RFC 3339, Unix nanoseconds, or how long ago, as 6h'),
  });
  expect(await importXRay("--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      "--from is 2026-01-02T00:00:00Z, expected a time before --to, which is 2026-01-01T00:00:00Z",
    ),
  });
  expect(await importXRay("--nonsense")).toMatchObject({ code: 2 });
  expect((await rig.run("--help")).stdout).toContain("xray:BatchGetTraces");
});
