/** Whatever arrives, is sealed or removed between two questions: a story that was kept is told as one that is walked anew. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anyRequests } from "../../test/any-spans.ts";
import { batch, log, logBatch, span, spanId, START, traceId } from "../../test/builders.ts";
import { createSummarizer } from "../query/summarize.ts";
import { ROUTE_OPTIONS, wholeAnswers } from "../refusal.ts";
import { type Keeper, openKeeper } from "../store/sqlite/keeper.ts";
import { openStore } from "../store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../store/sqlite/summaries.ts";
import type { Batch, Store } from "../store/store.ts";
import type { Summaries } from "../store/summaries.ts";
import { traceRoutes } from "./traces.ts";

const SECOND = 1_000_000_000n;
const RUNS = process.env["MAYFLY_LONG"] === "true" ? 300 : 8;

let folder: string;
let store: Store;
let summaries: Summaries;
let keeper: Keeper;
let now: bigint;
let walks: number;
/** By default every commit fills a partition. */
const open = async (partitionBytes = 1): Promise<void> => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-kept-"));
  store = openStore({ dataDir: folder, partitionBytes });
  summaries = createSqliteSummaries({ dataDir: folder });
  keeper = openKeeper({ dataDir: folder, clock: () => now, retentionDays: 14, keyRetentionDays: 15 });
  [now, walks] = [START, 0];
};
const close = async (): Promise<void> => {
  keeper.close();
  await summaries.close();
  await store.close();
  await rm(folder, { recursive: true });
};
beforeEach(() => open());
afterEach(close);

const routes = async (): Promise<FastifyInstance> => {
  const inquire: Store["inquire"] = () => {
    walks += 1;
    return store.inquire();
  };
  const clock = () => now;
  const summarizer = createSummarizer({ store, summaries, clock });
  const app = fastify(ROUTE_OPTIONS);
  app.setSerializerCompiler(wholeAnswers);
  await app.register(traceRoutes({ store: { ...store, inquire }, summaries, summarizer, clock }));
  return app;
};

const told = async (app: FastifyInstance, id: string): Promise<string> =>
  (await app.inject(`/api/traces/${encodeURIComponent(id)}`)).body;

const sealAll = (): void => {
  while (keeper.step() !== undefined);
};

const IDS = [
  ...["t", "u", "v"].map(traceId),
  ...["a", "b", "d"].map((name) => `${traceId("t")}.${spanId(name)}`),
  "r1",
  "r2",
  "k1",
  "sns-message||k2",
];

const lines = fc.constant(logBatch([log("hello", { trace: "u", span: "a", request: "r1" })]));
const arrivals = anyRequests.chain((requests) =>
  fc.tuple(
    ...requests.map((spans): fc.Arbitrary<Batch> =>
      fc.oneof({ weight: 6, arbitrary: fc.constant(batch(spans)) }, lines),
    ),
  ),
);
/** What happens between questions. */
const turns = fc.array(
  fc.record({
    seconds: fc.constantFrom(0n, 1n, 31n),
    isSealed: fc.boolean(),
    isRemoved: fc.integer({ max: 9, min: 0 }),
  }),
  { minLength: 8, maxLength: 8 },
);

test(
  "a story that was kept is told as one that is walked anew",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        turns,
        fc.constantFrom(1, 600, 1_000_000),
        async (batches, between, partitionBytes) => {
          await close();
          await open(partitionBytes);
          const app = await routes();
          for (const [n, { seconds, isSealed, isRemoved }] of between.entries()) {
            const arriving = batches[n];
            if (arriving) await store.append(arriving);
            now += seconds * SECOND;
            if (isRemoved === 0) now += 86_400n * 15n * SECOND;
            if (isSealed) sealAll();
            const fresh = await routes();
            for (const id of IDS) expect(await told(app, id), id).toBe(await told(fresh, id));
          }
        },
      ),
      { numRuns: RUNS },
    );
  },
  60_000 + RUNS * 5_000,
);

const order = (name: string): Batch =>
  batch([span(name, { trace: name, request: `r-${name}`, produces: [`sqs-message m-${name}`] })]);

test("it is walked once, whatever else arrives or is sealed, until something comes that it would be told otherwise of", async () => {
  const app = await routes();
  await store.append(order("a"));
  sealAll();
  const first = await told(app, traceId("a"));
  for (const other of ["b", "c", "d"]) {
    await store.append(order(other));
    sealAll();
    expect(await told(app, traceId("a"))).toBe(first);
  }
  expect(walks).toBe(1);
  await store.append(batch([span("z", { trace: "z", consumes: ["sqs-message m-a"], at: [5, 9] })]));
  expect(JSON.parse(await told(app, traceId("a")))).toMatchObject({ spanCount: 2 });
  expect(walks).toBe(2);
});

test("what is under way becomes a gap in its time, and what has ended is settled, without another walk", async () => {
  const app = await routes();
  await store.append(order("a"));
  const ask = async (): Promise<object> => JSON.parse(await told(app, traceId("a"))) as object;
  now = START + SECOND;
  expect(await ask()).toMatchObject({ settled: false, gaps: [] });
  now = START + 10n * SECOND;
  expect(await ask()).toMatchObject({ settled: true, gaps: [] });
  now = START + 40n * SECOND;
  expect(await ask()).toMatchObject({ settled: true, gaps: [{ reason: "no-consumer" }] });
  now = START + 10n * SECOND;
  expect(await ask()).toMatchObject({ settled: true, gaps: [] });
  expect(walks).toBe(1);
});

interface PageOf {
  readonly spans: readonly { readonly spanId: string }[];
  readonly spanCount: number;
  readonly cursor?: string;
}

test("pages are of one walk, though somebody else asks for the first one after more has come", async () => {
  await close();
  await open(1_000_000);
  const app = await routes();
  const page = async (cursor = ""): Promise<PageOf> =>
    (await app.inject(`/api/traces/${traceId("t")}${cursor && `?cursor=${cursor}`}`)).json<PageOf>();
  const names = Array.from({ length: 1_500 }, (_, n) => `s${n}`);
  await store.append(batch(names.map((name) => span(name, { trace: "t", at: [10, 20] }))));
  const first = await page();
  await store.append(batch([span("early", { trace: "t", at: [1, 2] })]));
  const others = await page();
  const second = await page(first.cursor);

  expect([first.spanCount, second.spanCount, others.spanCount]).toEqual([1_500, 1_500, 1_501]);
  const both = new Set([...first.spans, ...second.spans].map(({ spanId: id }) => id));
  expect(both).toEqual(new Set(names.map(spanId)));
  expect(walks).toBe(2);
  expect((await page(others.cursor)).spans).toHaveLength(501);
  expect(walks).toBe(2);
});

test("a page of a walk that is not kept any more is of another, and a cursor of none is refused", async () => {
  const app = await routes();
  await store.append(order("a"));
  const ask = (cursor: string) => app.inject(`/api/traces/${traceId("a")}?cursor=${cursor}`);
  expect((await ask("1-1000")).json()).toMatchObject({ spanCount: 1, spans: [] });
  for (const cursor of ["0", "1000", "1-0", "1-", "x"]) expect((await ask(cursor)).statusCode, cursor).toBe(400);
});

test("stories are kept as far as what was loaded for them has room, not what is told of them", async () => {
  const app = await routes();
  const messages = Array.from({ length: 4_000 }, (_, n) => `sqs-message a-message-of-many-${n}`);
  const senders = messages
    .slice(0, 60)
    .map((message, n) => span(`s${n}`, { trace: `s${n}`, request: `r${n}`, produces: [message] }));
  await store.append(batch([...senders, span("many", { trace: "many", request: "r", consumes: messages })]));
  for (const n of senders.keys()) expect(JSON.parse(await told(app, traceId(`s${n}`)))).toMatchObject({ spanCount: 2 });
  const before = walks;
  await told(app, traceId("s59"));
  expect(walks).toBe(before);
  await told(app, traceId("s0"));
  expect(walks).toBe(before + 1);
});
