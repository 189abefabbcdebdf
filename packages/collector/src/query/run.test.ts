/** A search finds what asking the query of every stitched trace finds, page by page. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyRequests } from "../../test/any-spans.ts";
import { START, batch, span } from "../../test/builders.ts";
import { LATER, type Stored, arrived, at, closeOpened, hop, opened } from "../../test/stitched.ts";
import { matching, walked } from "../../test/walked.ts";
import type { SummaryPosition } from "../store/summaries.ts";
import type { Query, Test } from "./grammar.ts";
import { parseQuery } from "./parse.ts";
import { search } from "./run.ts";

const RUNS = process.env["MAYFLY_LONG"] === "true" ? 1_000 : 20;
/** 2,000 runs take longer than a usual test may. */
const MAX_MS_PER_RUN = 300;

const found = async (deps: Stored, query: Query, limit: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  let after: SummaryPosition | undefined;
  do {
    const { rows, next } = await search({ query, limit, now: LATER, ...(after && { after }) }, deps);
    ids.push(...rows.map((row) => row.id));
    after = next;
  } while (after);
  return ids;
};

const equal = fc
  .constantFrom("o-1", "o-2", "x", "f", "func", "r1", "_OTHER", "false", "a")
  .map((text): Test => ({ is: "equal", text }));
const prefix = fc.constantFrom("o", "fu", "", "r").map((text): Test => ({ is: "prefix", text }));
const words = fc.array(fc.oneof(equal, prefix, fc.constant<Test>({ is: "there" })), { minLength: 1, maxLength: 2 });
const choice = (...values: readonly string[]) =>
  fc.constantFrom(...values).map((text): readonly Test[] => [{ is: "equal", text }]);
const measures = fc.array(
  fc.oneof(
    fc.record({
      is: fc.constantFrom(">" as const, ">=" as const, "<" as const, "<=" as const),
      number: fc.constantFrom(0, 1, 2, 3, 1e7, 2e7),
    }),
    fc.constant<Test>({ is: "between", least: 1e7, most: 3e7 }),
  ),
  { minLength: 1, maxLength: 2 },
);
const field = <F extends string>(name: F, tests: fc.Arbitrary<readonly Test[]>) =>
  fc.record({ kind: fc.constant("field" as const), field: fc.constant(name), tests });

const { query: anyQuery } = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      kind: fc.constant("attribute" as const),
      key: fc.constantFrom("order_id", "tenant", "faas.name"),
      tests: words,
    }),
    fc.record({ kind: fc.constant("text" as const), text: fc.constantFrom("O-1", "func", "a", "zzz", "4c94") }),
    field("function", words),
    field("service", words),
    field("name", words),
    field("error", words),
    field("request", words),
    field("status", choice("ok", "error")),
    field("cold", choice("true", "false")),
    field("duration", measures),
    field("spans", measures),
    field("gaps", measures),
    fc.record({ kind: fc.constant("not" as const), part: tie("query") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      parts: fc.array(tie("query"), { maxLength: 3 }),
    }),
  ),
}));

test(
  "any query finds in any story what asking it of every walked trace finds, whatever the page's size",
  async () => {
    await fc.assert(
      fc
        .asyncProperty(
          anyRequests,
          fc.array(anyQuery, { minLength: 20, maxLength: 20 }),
          fc.integer({ min: 1, max: 4 }),
          async (requests, queries, limit) => {
            const deps = await opened();
            for (const request of requests) await deps.store.append(batch(request));
            await deps.summarizer.catchUp();
            const all = await walked(deps.store);
            fc.pre(all !== undefined);
            for (const query of queries) {
              const ids = await found(deps, query, limit);
              expect(ids.toSorted(), JSON.stringify(query)).toEqual(matching(query, all));
              const starts = ids.map((id) => all.find(({ row }) => row.id === id)?.row.start ?? 0n);
              expect(starts).toEqual(starts.toSorted((a, b) => Number(b - a)));
            }
          },
        )
        .afterEach(closeOpened),
      { numRuns: RUNS },
    );
  },
  30_000 + RUNS * MAX_MS_PER_RUN,
);

const NAMES = Array.from({ length: 60 }, (_, n) => `t${n}`);

test("what an attribute's index leads to is looked at alone, and only within the bounds of time", async () => {
  const { store, summaries, summarizer } = await arrived([
    NAMES.map((name, n) => span(name, { trace: name, at: at(n), attributes: { order_id: `o-${n % 20}` } })),
  ]);
  await summarizer.catchUp();
  let reads = 0;
  const counted = {
    summaries,
    store: {
      ...store,
      spansOfTraces: (...query: Parameters<typeof store.spansOfTraces>) => {
        reads += 1;
        return store.spansOfTraces(...query);
      },
    },
  };
  const one = { query: parseQuery("order_id:o-7"), from: START + 20_000_000n, limit: 10, now: LATER };
  const { rows, next } = await search(one, counted);
  expect(rows.map((row) => row.name)).toEqual(["t47", "t27"]);
  expect([next, reads]).toEqual([undefined, 2]);
});

test("what a question names is found while the summaries are far behind", async () => {
  const { store, summaries, list } = await arrived([
    Array.from({ length: 3_000 }, (_, n) =>
      span(`s${n}`, { trace: `t${n}`, at: at(n), attributes: { order_id: `o-${n}` } }),
    ),
  ]);
  const { traces } = await list({ limit: 10, query: parseQuery("order_id:o-2999") });
  expect(traces).toMatchObject([{ name: "s2999", settled: false }]);
  expect(await summaries.count()).toBe(1);

  const named = (await store.changedTraces(undefined, 100_000)).traceIds[1_500];
  expect((await list({ limit: 10, query: parseQuery(`trace:${named}`) })).traces).toHaveLength(1);
});

test("two terms need not hold on one span, and a batch's rows do not have what its other messages had", async () => {
  const { list } = await arrived([
    [
      ...hop.slice(0, 4),
      span("charge", { parent: "record", in: "payment", at: at(22), attributes: { card: "visa" } }),
      span("ship", { parent: "charge", in: "payment", at: at(23), attributes: { carrier: "dhl" } }),
    ],
  ]);
  const names = async (q: string) => (await list({ limit: 10, query: parseQuery(q) })).traces.map((row) => row.name);
  expect(await names("card:visa carrier:dhl")).toEqual(["POST /orders"]);
  expect(await names("card:visa -carrier:dhl")).toEqual([]);
  expect(await names("function:payment function:api -function:audit name:send")).toEqual(["POST /orders"]);
});

test("what was seen of an invocation is found with it: under its own span's id, or in spans below the one that was seen", async () => {
  const from = (evidence: string, attributes = {}) => ({ attributes: { "mayfly.evidence": evidence, ...attributes } });
  const request = { request: "r", consumes: ["lambda-request r"] };
  const { list } = await arrived([
    [
      span("run", { ...request, at: at(0) }),
      span("run", { in: "lambda", at: at(0), ...from("platform", { tenant: "t-1" }) }),
      span("segment", { trace: "x", ...request, in: "xray", at: at(0), ...from("xray") }),
      span("subsegment", {
        trace: "x",
        in: "xray",
        parent: "segment",
        at: at(1),
        ...from("xray", { table: "orders" }),
      }),
    ],
  ]);
  const names = async (q: string) => (await list({ limit: 10, query: parseQuery(q) })).traces.map((row) => row.name);

  expect([await names("tenant:t-1"), await names("table:orders"), await names("-table:orders")]).toEqual([
    ["run"],
    ["run"],
    [],
  ]);
});

test("a page that looked at as many rows as it may says where to go on", async () => {
  const deps = await opened();
  await deps.store.append(batch(NAMES.map((name, n) => span(name, { trace: name, at: at(n) }))));
  await deps.summarizer.catchUp();
  const page = await search(
    { query: parseQuery('"nowhere to be found" OR name:t3'), limit: 10, now: LATER, maxRows: 30 },
    deps,
  );
  expect(page.rows).toEqual([]);
  expect(page.next).toBeDefined();
  const rest = await search({ query: parseQuery("name:t3"), limit: 10, now: LATER, after: page.next! }, deps);
  expect(rest.rows.map((row) => row.name)).toEqual(["t3"]);
});
