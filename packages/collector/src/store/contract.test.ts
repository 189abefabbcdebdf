/** What every engine behind the store's interface must do. A new one adds a line to ENGINES. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnyValue, type Metric, anyValueToPlain } from "@mayfly/otlp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { START, batch, log, logBatch, metricBatch, rewired, span, spanId, traceId } from "../../test/builders.ts";
import { wordOf } from "../model/attribute-words.ts";
import { type SpanId, spanPath } from "../model/ids.ts";
import type { LogFilter } from "../model/log-filter.ts";
import type { LogRecord } from "../model/log-record.ts";
import { type MetricPoint, dataPointsOf } from "../model/metric-point.ts";
import { stitchKeyIdentity } from "../model/stitch-key.ts";
import { type KeeperOptions, openKeeper } from "./sqlite/keeper.ts";
import { openStore, startStore } from "./sqlite/sqlite-store.ts";
import type { MetricSearch, Store, StoreStats } from "./store.ts";

const ENGINES: readonly (readonly [name: string, open: (folder: string) => Promise<Store>])[] = [
  ["sqlite", async (dataDir) => openStore({ dataDir })],
  ["sqlite, sealed at once,", async (dataDir) => kept(dataDir, {})],
  ["sqlite, full and not sealed,", async (dataDir) => kept(dataDir, { isBusy: () => true, maxWaiting: Infinity })],
  ["sqlite, writing in a thread,", (dataDir) => startStore({ dataDir }, console.error)],
];

/** Every commit fills a partition, and its keeper is done with it before anybody hears of the commit. */
const kept = (dataDir: string, options: Partial<KeeperOptions>): Store => {
  const store = openStore({ dataDir, partitionBytes: 1 });
  const days = { retentionDays: 14, keyRetentionDays: 15 };
  const keeper = openKeeper({ dataDir, clock: () => START, ...days, maxTermsInMemory: 0, ...options });
  let isClosed = false;
  return {
    ...store,
    async append(given) {
      const result = await store.append(given);
      while (!isClosed && keeper.step() !== undefined);
      return result;
    },
    async close() {
      isClosed = true;
      keeper.close();
      await store.close();
    },
  };
};

const HOUR = 3_600_000_000_000n;
const SECOND = 1_000_000_000n;
const ALL = 1000;

const names = (spans: readonly { readonly spanId: SpanId }[], known: readonly string[]): (string | undefined)[] =>
  spans.map((one) => known.find((name) => spanId(name) === one.spanId));

/** received = stored + duplicate + rejected + dropped */
const balances = (stats: StoreStats): boolean => {
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, n) => all + n, 0);
  return (
    stats.receivedSpans === stats.spans + stats.duplicateSpans + sum(stats.rejectedSpans) + sum(stats.droppedSpans) &&
    stats.receivedLogs === stats.logs + stats.duplicateLogs + sum(stats.rejectedLogs) + sum(stats.droppedLogs)
  );
};

describe.each(ENGINES)("a %s store", (_name, open) => {
  let folder: string;
  let store: Store;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mayfly-store-"));
    store = await open(folder);
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const reopened = async (): Promise<void> => {
    await store.close();
    store = await open(folder);
  };

  test("finds the traces with spans that hold a word, and not where they are many", async () => {
    const order = { attributes: { order_id: "o-17", "order_id ": "o-18" } };
    await store.append(
      batch([span("a", { ...order, trace: "t" }), span("b", { trace: "u", attributes: { order_id: "o-1" } })]),
    );
    await store.append(
      batch([span("c", { ...order, trace: "v", in: "payment" }), span("d", { ...order, trace: "v" })]),
    );
    const tracesWith = async (attribute: string, value: string, maxSpans = ALL) =>
      (await store.tracesWith({ word: { attribute, value }, maxSpans }))?.toSorted();

    expect(await tracesWith("order_id", "o-17")).toEqual([traceId("t"), traceId("v")].toSorted());
    expect(await tracesWith("order_id", "o-1")).toEqual([traceId("u")]);
    expect(await tracesWith("faas.name", "payment")).toEqual([traceId("v")]);
    expect(await tracesWith("order_id", "o-1*")).toEqual([]);
    expect(await tracesWith("order_id", "o-17", 3)).toHaveLength(2);
    expect(await tracesWith("order_id", "o-17", 2)).toBeUndefined();
  });

  test("a word's traces may be left out where they are older than asked, and newer ones are not", async () => {
    const order = { attributes: { order_id: "o-17" } };
    await store.append(batch([span("a", { ...order, trace: "t", at: [1, 2] })]));
    await store.append(batch([span("b", { ...order, trace: "u", at: [3, 4] })]));
    const word = { attribute: "order_id", value: "o-17" };
    const late = await store.tracesWith({ word, from: START + 3_000_000n, maxSpans: ALL });
    expect(late).toContain(traceId("u"));
    expect(await store.tracesWith({ word, from: START + 3_600_000_000_000n, maxSpans: ALL })).toEqual([]);
  });

  test("tells which traces got spans since a checkpoint, also after it was opened again", async () => {
    const nothing = await store.changedTraces(undefined, ALL);
    await store.append(batch([span("a", { trace: "t" }), span("b", { trace: "u" }), span("c", { trace: "t" })]));
    const first = await store.changedTraces(nothing.checkpoint, ALL);
    await reopened();
    await store.append(batch([span("d", { trace: "t" })]));

    expect(nothing.traceIds).toEqual([]);
    expect(first.traceIds.toSorted()).toEqual([traceId("t"), traceId("u")].toSorted()); // one commit has no order
    expect((await store.changedTraces(first.checkpoint, ALL)).traceIds).toEqual([traceId("t")]);
    expect((await store.changedTraces(undefined, ALL)).traceIds.toSorted()).toEqual(
      [traceId("t"), traceId("u")].toSorted(),
    );
    const last = await store.changedTraces(undefined, ALL);
    expect(await store.changedTraces(last.checkpoint, ALL)).toEqual({ ...last, traceIds: [] });

    const some = await store.changedTraces(undefined, ALL, 1);
    expect(some.traceIds).toHaveLength(1);
    const others = await store.changedTraces(some.checkpoint, ALL);
    expect([...new Set([...some.traceIds, ...others.traceIds])].toSorted()).toEqual(last.traceIds.toSorted());
  });

  test("says that nothing was removed, and which traces it has nothing of", async () => {
    await store.append({ ...batch([span("a", { trace: "t" })]), receivedAt: START + 5n });
    await store.append({ ...batch([span("b", { trace: "u" })]), receivedAt: START + 9n });
    await reopened();
    expect(await store.removalAfter(undefined)).toBeUndefined();
    const asked = ["t", "none", "u", "neither"].map(traceId);
    expect(await store.absentTraces(asked)).toEqual(["none", "neither"].map(traceId));
  });

  test("counts the spans after a checkpoint, also after it was opened again", async () => {
    await store.append(batch([span("a", { trace: "t" }), span("b", { trace: "u" }), span("c", { trace: "t" })]));
    const some = await store.changedTraces(undefined, 2);
    const all = await store.changedTraces(undefined, ALL);
    await reopened();
    await store.append(batch([span("d", { trace: "t" }), span("e", { trace: "v" })]));

    expect(await store.spansAfter(undefined)).toBe(5);
    expect(await store.spansAfter(some.checkpoint)).toBe(3);
    expect(await store.spansAfter(all.checkpoint)).toBe(2);
    expect(await store.spansAfter((await store.changedTraces(undefined, ALL)).checkpoint)).toBe(0);
  });

  test("keeps a span that set no start where its record stands, and the wire as it came", async () => {
    const known = span("known", { at: [0, 6] });
    const timeless = rewired(known, { spanId: spanId("timeless"), startTimeUnixNano: 0n, endTimeUnixNano: 0n });

    await store.append(batch([known, timeless]));

    expect(await store.spansOfTraces([known.traceId], ALL)).toEqual([known, timeless]);
  });

  test("gives back every field of a span, also after it was opened again", async () => {
    const plain = span("a", { parent: "p", request: "r-1", produces: ["sqs-message m-1"], links: ["invocation:t/b"] });
    const { attributes, links } = plain.wire;
    const fields = {
      ...EVERY_FIELD,
      attributes: [...attributes, ...ATTRIBUTES],
      links: [...links, ...EVERY_FIELD.links],
    };
    const full = {
      ...rewired(plain, fields),
      origin: { ...plain.origin, scope: SCOPE, resourceSchemaUrl: "https://r", scopeSchemaUrl: "https://s" },
    };

    await store.append(batch([full]));

    expect(await store.spansOfTraces([full.traceId], ALL)).toEqual([full]);
    await reopened();
    expect(await store.spansOfTraces([full.traceId], ALL)).toEqual([full]);
  });

  test("gives back every field of a log record", async () => {
    const full = log("paid", { trace: "t", span: "a", request: "r-1", seq: 3, at: 5 });
    await store.append(logBatch([full]));
    expect(await store.logs({ requestIds: ["r-1"], limit: ALL })).toEqual([full]);
  });

  test("spans with one origin share it when read", async () => {
    await store.append(batch([span("a"), span("b")]));
    const [a, b] = await store.spansOfTraces([traceId("t")], ALL);
    expect(a?.origin).toBe(b?.origin);
  });

  test("spans of many traces come in the order they arrived, up to the limit", async () => {
    await store.append(batch([span("a", { trace: "t2" }), span("b", { trace: "t1" })]));
    await store.append(batch([span("c", { trace: "t2" }), span("d", { trace: "other" })]));

    const asked = [traceId("t1"), traceId("t2"), traceId("t1"), traceId("unknown")];

    expect(names(await store.spansOfTraces(asked, ALL), ["a", "b", "c", "d"])).toEqual(["a", "b", "c"]);
    expect(names(await store.spansOfTraces(asked, 2), ["a", "b", "c", "d"])).toEqual(["a", "b"]);
  });

  test("fifty thousand ids can be asked for at once", async () => {
    await store.append(batch([span("a", { trace: "t-49999", produces: ["sqs-message m-49999"] })]));
    const keys = Array.from({ length: 50_000 }, (_, n) => stitchKeyIdentity({ kind: "sqs-message", id: `m-${n}` }));
    const traceIds = Array.from({ length: 50_000 }, (_, n) => traceId(`t-${n}`));

    expect(await store.spansOfTraces(traceIds, ALL)).toHaveLength(1);
    expect(await store.holdersOfKeys(keys, ALL)).toHaveLength(1);
    expect(await store.linksToTraces(traceIds, ALL)).toEqual([]);
  });

  test("the same request within the hour is stored once and counted as duplicate", async () => {
    const [spans, logs] = [batch([span("a")]), logBatch([log("x", { seq: 1 }), log("y", {})])];

    for (const first of [spans, logs]) {
      expect(await store.append(first)).toBe("stored");
      expect(await store.append({ ...first, receivedAt: START + HOUR })).toBe("duplicate");
    }

    const stats = await store.stats();
    expect(stats).toMatchObject({ spans: 1, duplicateSpans: 1, receivedSpans: 2, logs: 2, duplicateLogs: 2 });
    expect(balances(stats)).toBe(true);
  });

  test("a repeat is known again after a restart, and forgotten after the hour", async () => {
    const first = batch([span("a")]);
    await store.append(first);
    await reopened();
    expect(await store.append(first)).toBe("duplicate");
    for (let passed = HOUR / 12n; passed <= HOUR; passed += HOUR / 12n)
      // a clock that leapt would be doubted
      await store.append({ ...batch([span("meanwhile")]), receivedAt: START + passed });
    expect(await store.append({ ...first, receivedAt: START + HOUR + SECOND })).toBe("stored");
  });

  test("two equal requests that wait together are one", async () => {
    const one = batch([span("a")]);
    expect(await Promise.all([store.append(one), store.append(one)])).toEqual(["stored", "duplicate"]);
  });

  test("one span id with other content is kept beside the first", async () => {
    await store.append(batch([span("a", { at: [0, 1] })]));
    await store.append(batch([span("a", { at: [0, 2] })]));
    expect(await store.spansOfTraces([traceId("t")], ALL)).toHaveLength(2);
    expect(await store.stats()).toMatchObject({ spans: 2, traces: 1 });
  });

  test("the ledger counts every span once, by what became of it, and keeps it", async () => {
    await store.append({ ...batch([span("a"), span("b", { trace: "u" })]), rejected: { "invalid-trace-id": 3 } });
    await store.append({ ...batch([span("c", { request: "r" })]), rejected: { "invalid-span-id": 1 } });
    await reopened();
    await store.append(batch([span("d", { request: "r", trace: "v" })]));

    const stats = await store.stats();

    expect(stats).toMatchObject({
      spans: 4,
      traces: 3,
      invocations: 1,
      receivedSpans: 8,
      duplicateSpans: 0,
      rejectedSpans: { "invalid-trace-id": 3, "invalid-span-id": 1 },
      rejectedLogs: {},
    });
    expect(balances(stats)).toBe(true);
    expect(stats.bytesOnDisk).toBeGreaterThan(0);
  });

  test("keys lead to the spans that produced and consumed them, under any name of the queue", async () => {
    await store.append(batch([span("a", { produces: ["sqs-message https://queue m-1"] })]));
    await store.append(batch([span("b", { trace: "u", consumes: ["sqs-message arn:queue m-1"] })]));

    const identity = stitchKeyIdentity({ kind: "sqs-message", id: "m-1" });

    expect(await store.holdersOfKeys([identity], ALL)).toEqual([
      {
        identity,
        key: { kind: "sqs-message", scope: "https://queue", id: "m-1" },
        side: "produced",
        traceId: traceId("t"),
        path: spanPath(traceId("t"), spanId("a")),
        by: expect.objectContaining({ start: START, traceId: traceId("t") }),
      },
      {
        identity,
        key: { kind: "sqs-message", scope: "arn:queue", id: "m-1" },
        side: "consumed",
        traceId: traceId("u"),
        path: spanPath(traceId("u"), spanId("b")),
        by: expect.objectContaining({ start: START, traceId: traceId("u") }),
      },
    ]);
    expect(await store.keysWithId("m-1", ALL)).toEqual([{ kind: "sqs-message", scope: "https://queue", id: "m-1" }]);
  });

  test("an id alone finds its keys of every kind", async () => {
    await store.append(
      batch([
        span("a", { produces: ["sqs-message x", "lambda-request x", "kinesis-record s1 x", "kinesis-record s2 x"] }),
      ]),
    );
    expect(await store.keysWithId("x", ALL)).toHaveLength(4);
    expect(await store.keysWithId("x", 2)).toHaveLength(2);
    expect(await store.keysWithId("X", ALL)).toEqual([]);
  });

  test("links lead back from the span that they point at", async () => {
    await store.append(batch([span("b", { trace: "u", links: ["t/a", "other/a"] })]));
    expect(await store.linksToTraces([traceId("t")], ALL)).toEqual([
      {
        traceId: traceId("u"),
        path: spanPath(traceId("u"), spanId("b")),
        target: spanPath(traceId("t"), spanId("a")),
      },
    ]);
  });

  test("a request id leads to its traces, newest first", async () => {
    await store.append(
      batch([
        span("a", { trace: "t1", request: "r", at: [0, 1] }),
        span("b", { trace: "t2", request: "r", at: [5, 6] }),
      ]),
    );
    expect(await store.tracesOfRequest("r", ALL)).toEqual([traceId("t2"), traceId("t1")]);
    expect(await store.tracesOfRequest("r", 1)).toEqual([traceId("t2")]);
    expect(await store.tracesOfRequest("s", 1)).toEqual([]);
  });

  test("a start beyond every clock is kept exactly", async () => {
    const last = span("a");
    const broken = rewired(last, { startTimeUnixNano: 2n ** 64n - 1n });
    await store.append(batch([span("b", { trace: "u" }), broken]));

    expect(await store.spansOfTraces([last.traceId], ALL)).toEqual([broken]);
  });

  test("an inquiry is current until something comes that it asked for, whatever else arrives", async () => {
    await store.append(batch([span("a", { trace: "t", produces: ["sqs-message m"] })]));
    const inquiry = store.inquire();
    expect(names(await inquiry.spansOfTraces([traceId("t")], ALL), ["a"])).toEqual(["a"]);
    expect(await inquiry.holdersOfKeys([stitchKeyIdentity({ kind: "sqs-message", id: "m" })], ALL)).toHaveLength(1);
    expect(await inquiry.logs({ requestIds: ["r"], limit: ALL })).toEqual([]);
    const isCurrentAfter = async (given: Parameters<Store["append"]>[0]): Promise<boolean> => {
      await store.append(given);
      return await inquiry.isCurrent();
    };
    expect(await inquiry.isCurrent()).toBe(true);
    expect(await isCurrentAfter(batch([span("b", { trace: "u", request: "r" })]))).toBe(true);
    expect(await isCurrentAfter(logBatch([log("hello", { trace: "t" })]))).toBe(true);
    expect(await isCurrentAfter(batch([span("c", { trace: "u", consumes: ["sqs-message m"] })]))).toBe(false);
    const again = store.inquire();
    await again.logs({ requestIds: ["r"], limit: ALL });
    expect(await again.isCurrent()).toBe(true);
    await store.append(logBatch([log("hello", { request: "r" })]));
    expect(await again.isCurrent()).toBe(false);
  });

  test("logs of a trace or of a request come together, oldest first, each once", async () => {
    const logs = [
      log("c", { trace: "t", request: "r", at: 3 }),
      log("a", { trace: "t", at: 1 }),
      log("b", { request: "r", at: 2 }),
      log("d", { request: "other" }),
    ];
    await store.append(logBatch(logs));

    const read = async (limit: number) =>
      (await store.logs({ traceIds: [traceId("t")], requestIds: ["r"], limit })).map((one) => one.wire.body);

    expect(await read(ALL)).toEqual(["a", "b", "c"].map((stringValue) => ({ stringValue })));
    expect(await read(2)).toHaveLength(2);
  });

  test("a log line that came by two ways is one", async () => {
    await store.append(logBatch([log("x", { request: "r", seq: 1 }), log("x", { request: "r", seq: 2 })]));
    await store.append(
      logBatch([
        log("x, again", { request: "r", seq: 1 }),
        log("no seq", { request: "r" }),
        log("no seq", { request: "r" }),
      ]),
    );

    const logs = await store.logs({ requestIds: ["r"], limit: ALL });
    expect(logs.map((one) => one.wire.body)).toEqual(
      ["x", "x", "no seq", "no seq"].map((stringValue) => ({ stringValue })),
    );
    expect(balances(await store.stats())).toBe(true);
  });

  test("a log record that says its uid is one, by whatever ways it came", async () => {
    const [first, again, other] = ["u-1", "u-1", "u-2"].map((uid, n) => log(`event ${n}`, { request: "r", uid }));
    await store.append(logBatch([first!, again!, other!]));
    const uids = (await store.logs({ requestIds: ["r"], limit: ALL })).map(({ uid }) => uid);
    expect([uids.length, new Set(uids)]).toEqual([2, new Set(["u-1", "u-2"])]);
    expect((await store.logsWith({ limit: ALL })).logs).toHaveLength(2);
    await store.append(logBatch([again!]));
    expect(await store.logs({ requestIds: ["r"], limit: ALL })).toHaveLength(2);
  });

  test("logs of a function, a level, a time, with a text come newest first, also asked for by id", async () => {
    await store.append(
      logBatch([
        log("Card declined", { in: "pay", severity: 17, at: 3, trace: "t" }),
        log("charging", { in: "pay", severity: 9, at: 1, trace: "t" }),
        log("card expired", { in: "pay", severity: 13, at: 2, trace: "u" }),
        log("declined politely", { in: "api", severity: 21, at: 4 }),
      ]),
    );
    const bodies = (logs: readonly LogRecord[]) => logs.map((one) => wordOf(anyValueToPlain(one.wire.body)));
    const found = async (filter: LogFilter) => bodies((await store.logsWith({ ...filter, limit: ALL })).logs);
    const byId = async (filter: LogFilter) =>
      bodies(await store.logs({ ...filter, traceIds: [traceId("t"), traceId("u")], limit: ALL }));

    expect(await found({})).toEqual(["declined politely", "Card declined", "card expired", "charging"]);
    expect(await found({ functionName: "pay" })).toEqual(["Card declined", "card expired", "charging"]);
    expect(await found({ levels: ["error", "fatal"] })).toEqual(["declined politely", "Card declined"]);
    expect(await found({ text: "DECLINED", functionName: "pay" })).toEqual(["Card declined"]);
    expect(await found({ from: START + 2_000_000n, to: START + 3_000_000n })).toEqual([
      "Card declined",
      "card expired",
    ]);
    expect(await found({ functionName: "nobody" })).toEqual([]);
    expect(await byId({ levels: ["warn", "error"], text: "card" })).toEqual(["card expired", "Card declined"]);
  });

  test("pages of logs neither repeat nor skip one, whatever arrives and is sealed between them", async () => {
    for (let n = 0; n < 6; n += 1) {
      await store.append(
        logBatch([0, 1, 2, 3].map((row) => log(`${n} ${row}`, { at: row % 2, request: "r", seq: n * 4 + row }))),
      );
    }
    const all = (await store.logsWith({ limit: ALL })).logs;
    const paged: LogRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.logsWith({ limit: 5, ...(cursor !== undefined && { cursor }) });
      paged.push(...page.logs);
      cursor = page.cursor;
      await store.append(logBatch([log("late", { at: 1_000 + paged.length })]));
    } while (cursor !== undefined);

    expect(all).toHaveLength(24);
    expect(paged).toEqual(all);
  });

  test("data points of a metric of any kind come newest first, of a function, with an attribute, page by page", async () => {
    const point = (at: number, queue: string) => ({
      attributes: [{ key: "queue", value: { stringValue: queue } }],
      startTimeUnixNano: 0n,
      timeUnixNano: START + BigInt(at),
      flags: 0,
    });
    const number = (at: number, asInt: bigint, queue = "a") => ({ ...point(at, queue), asInt, exemplars: [] });
    const named = (name: string) => ({ name, description: "", unit: "1", metadata: [] });
    const counted = { ...point(9, "a"), count: 3n, exemplars: [] };
    const kinds: readonly Metric[] = [
      { ...named("g"), gauge: { dataPoints: [number(1, 1n), number(2, 2n ** 62n, "b")] } },
      { ...named("s"), sum: { dataPoints: [number(1, 1n)], aggregationTemporality: 2, isMonotonic: true } },
      {
        ...named("h"),
        histogram: {
          dataPoints: [{ ...counted, bucketCounts: [1n, 2n], explicitBounds: [5] }],
          aggregationTemporality: 1,
        },
      },
      {
        ...named("e"),
        exponentialHistogram: {
          dataPoints: [
            { ...counted, scale: 1, zeroCount: 1n, zeroThreshold: 0, positive: { offset: -1, bucketCounts: [2n] } },
          ],
          aggregationTemporality: 1,
        },
      },
      { ...named("q"), summary: { dataPoints: [{ ...point(9, "a"), count: 3n, sum: 1, quantileValues: [] }] } },
    ];
    await store.append(metricBatch(kinds));
    await store.append(metricBatch([{ ...named("g"), gauge: { dataPoints: [number(3, 3n)] } }], "other"));
    await store.append(metricBatch(kinds.slice(0, 1)));

    const search = { words: [], limit: ALL };
    for (const metric of kinds.slice(1)) {
      const { points } = await store.metricPoints({ ...search, name: metric.name });
      expect(points.map((one) => [one.metric, one.point])).toEqual([[metric, dataPointsOf(metric)[0]]]);
    }
    const values = (points: readonly MetricPoint[]) =>
      points.map(({ point: one }) => ("asInt" in one ? one.asInt : undefined));
    const found = async (more: Partial<MetricSearch>) =>
      values((await store.metricPoints({ ...search, name: "g", ...more })).points);
    const sealedApart = (all: readonly (bigint | undefined)[]) => [...new Set(all)]; // copies of two partitions are two
    expect(await found({ functionName: "other" })).toEqual([3n]);
    expect(sealedApart(await found({ functionName: "f" }))).toEqual([2n ** 62n, 1n]);
    expect(sealedApart(await found({ words: [{ attribute: "queue", value: "b" }] }))).toEqual([2n ** 62n]);
    expect(sealedApart(await found({ from: START + 1n, to: START + 1n }))).toEqual([1n]);

    const paged: (bigint | undefined)[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.metricPoints({
        ...search,
        name: "g",
        limit: 1,
        ...(cursor !== undefined && { cursor }),
      });
      paged.push(...values(page.points));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(paged).toEqual(await found({}));

    const { metrics: unordered, isAll } = await store.metricNames({ to: START + 3n });
    const metrics = unordered.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(isAll).toBe(true);
    expect(metrics.map(({ name, kind, lastSeen }) => [name, kind, lastSeen])).toEqual([
      ["g", "gauge", START + 3n],
      ["s", "sum", START + 1n],
    ]);
  });

  test("a span that came in two requests is one when it is read, and two in the ledger", async () => {
    await store.append(batch([span("a"), span("b")]));
    await store.append(batch([span("a")]));
    expect(await store.spansOfTraces([traceId("t")], ALL)).toHaveLength(2);
    expect(await store.stats()).toMatchObject({ spans: 3, duplicateSpans: 0 });
  });

  test("text is kept whatever it holds", async () => {
    const odd = span("a", {
      attributes: { "": "", ["__proto__"]: "x", nul: "a\0b", sql: "'; DROP TABLE spans; --" },
    });
    await store.append(batch([odd]));
    expect(await store.spansOfTraces([odd.traceId], ALL)).toEqual([odd]);
  });

  test("it says that it can be written to, and is safe to close twice", async () => {
    await expect(store.checkWritable()).resolves.toBeUndefined();
    await store.close();
    await expect(store.close()).resolves.toBeUndefined();
  });

  test("what waits when it is closed is stored, and nothing after", async () => {
    const waiting = store.append(batch([span("a")]));
    await store.close();
    await expect(waiting).resolves.toBe("stored");
    await expect(store.append(batch([span("b")]))).rejects.toThrow();
    store = await open(folder);
    expect(await store.stats()).toMatchObject({ spans: 1 });
  });
});

const ANY_VALUES: readonly AnyValue[] = [
  { stringValue: "text" },
  { stringValue: "" },
  { boolValue: false },
  { intValue: -(2n ** 63n) },
  { doubleValue: Number.NaN },
  { doubleValue: -0 },
  { doubleValue: Number.NEGATIVE_INFINITY },
  { bytesValue: new Uint8Array([0, 255]) },
  { arrayValue: { values: [{ intValue: 1n }, {}] } },
  { kvlistValue: { values: [{ key: "k", value: { stringValue: "v" } }, { key: "null" }] } },
  {},
];
const ATTRIBUTES = ANY_VALUES.map((value, index) => ({ key: `a${index}`, value }));
const SCOPE = { name: "lib", version: "1", attributes: ATTRIBUTES, droppedAttributesCount: 4 };

const EVERY_FIELD = {
  traceState: "a=b",
  kind: 5,
  attributes: ATTRIBUTES,
  droppedAttributesCount: 1,
  events: [{ timeUnixNano: 2n ** 63n, name: "e", attributes: ATTRIBUTES, droppedAttributesCount: 2 }],
  droppedEventsCount: 3,
  links: [
    {
      traceId: traceId("l"),
      spanId: spanId("l"),
      traceState: "c=d",
      attributes: ATTRIBUTES,
      droppedAttributesCount: 5,
      flags: 0x301,
    },
  ],
  droppedLinksCount: 6,
  status: { message: "boom", code: 2 },
  flags: 2 ** 32 - 1,
};
