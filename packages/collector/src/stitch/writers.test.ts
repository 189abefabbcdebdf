/** Keys that are not exact: an item of DynamoDB, an object by its content. Whoever is ruled out takes no join away. */
import type { Gap } from "@mayfly/api";
import { describe, expect, test } from "vitest";
import type { SpanRecord } from "../model/span.ts";
import { rootOfTraceId } from "../model/xray-header.ts";
import { type SpanSpec, batch, span, spanId, traceId } from "../../test/builders.ts";
import { LATER, at, id, opened, stored } from "../../test/stitched.ts";
import { WALK_BOUNDS, findTrace } from "../query/find.ts";
import { rootOf } from "./ascend.ts";
import { gapsOf } from "./gaps.ts";
import { createGraph } from "./graph.ts";
import { walk } from "./walk.ts";

const ITEM = "dynamodb-record orders k";
const OBJECT = "s3-object uploads a@e";

const write = (name: string, ms: number, spec: SpanSpec = {}) =>
  span(name, { trace: name, in: name, request: `r-${name}`, produces: [ITEM], at: at(ms), ...spec });
const receive = (spec: SpanSpec = {}) =>
  span("stream", { trace: "s", in: "stream", request: "r-s", consumes: [ITEM], at: at(50), ...spec });

const JOIN = "a continues stream by dynamodb-record+dynamodb-record";

/** Each to its right neighbour and the last to the first, and backwards. */
const ordersOf = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  all.flatMap((_, n) => {
    const turned = [...all.slice(n), ...all.slice(0, n)];
    return [turned, turned.toReversed()];
  });

const gapsAt = async (asked: string, spans: readonly SpanRecord[]): Promise<readonly Gap[]> => {
  const { store } = await stored(...spans);
  const found = await findTrace(store, asked);
  return found ? gapsOf(found.trace, found.graph, LATER) : [];
};

describe("a join by an item stays as it is", () => {
  test.each<readonly [string, readonly SpanRecord[]]>([
    ["another writes it later than its receiver began", [write("b", 60_000)]],
    ["many do", [write("b", 60_000), write("c", 70_000), write("d", 80_000)]],
    ["its receiver writes it back", [span("back", { trace: "s", parent: "stream", in: "stream", produces: [ITEM] })]],
    [
      "what its receiver called writes it, however soon and by whatever clock",
      [
        span("call", { trace: "s", parent: "stream", in: "stream", kind: 3, at: at(52) }),
        span("pay", { trace: "s", parent: "call", isRemote: true, in: "pay", request: "r-p", at: at(40) }),
        span("paid", { trace: "s", parent: "pay", in: "pay", kind: 3, produces: [ITEM], at: at(45) }),
      ],
    ],
  ])("where %s", async (_what, others) => {
    for (const spans of ordersOf([write("a", 0), receive(), ...others])) {
      const { ask } = await stored(...spans);
      for (const asked of ["r-s", "r-a"]) {
        expect(await ask(asked)).toMatchObject({ id: id("a", "a"), gaps: [] });
        expect((await ask(asked))?.joins).toContain(JOIN);
      }
    }
  });

  test("and the rows say the same, whatever came first", async () => {
    for (const spans of ordersOf([write("a", 0), receive(), write("b", 60_000)])) {
      const deps = await opened();
      for (const one of spans) {
        await deps.store.append(batch([one]));
        await deps.summarizer.catchUp();
      }
      const { rows } = await deps.summaries.page({ all: [], limit: 10 });
      expect(rows.map(({ row }) => [row.name, row.spanCount, row.gapCount])).toEqual([
        ["b", 1, 0],
        ["a", 2, 0],
      ]);
    }
  });
});

describe("one more writer that may have been it", () => {
  test("takes the join away and leaves a gap, also where it comes after all others", async () => {
    const spans = [write("a", 0), receive(), write("b", 20)];
    for (const order of ordersOf(spans)) {
      const deps = await opened();
      for (const one of order) {
        await deps.store.append(batch([one]));
        await deps.summarizer.catchUp();
      }
      const { rows } = await deps.summaries.page({ all: [], limit: 10 });
      expect(rows.map(({ row }) => [row.name, row.spanCount, row.gapCount])).toEqual([
        ["stream", 1, 1],
        ["b", 1, 0],
        ["a", 1, 0],
      ]);
      const found = await findTrace(deps.store, "r-s");
      expect(found && gapsOf(found.trace, found.graph, LATER)).toMatchObject([
        { reason: "ambiguous-producer", candidates: [{ name: "b" }, { name: "a" }] },
      ]);
    }
  });

  test("is one whose clock may be ahead by two seconds", async () => {
    const late = (ms: number) => [write("a", 0), receive(), write("b", 2_050 + ms)];
    expect((await (await stored(...late(0))).ask("r-s"))?.joins).toEqual([]);
    expect((await (await stored(...late(1))).ask("r-s"))?.joins).toEqual([JOIN]);
  });
});

test("an item that was only written since has no writer, and says so", async () => {
  const [gap, ...others] = await gapsAt("r-s", [receive(), write("b", 60_000)]);
  expect(others).toEqual([]);
  expect(gap).toMatchObject({
    reason: "unknown-producer",
    message: "stream was told of a change of DynamoDB item k, and no span says it wrote that by then.",
  });
});

test("what shares an X-Ray Root stays where it is, whoever writes its item later", async () => {
  const api = span("api", { trace: "s", in: "api", request: "r-api", at: at(0) });
  const { ask } = await stored(api, receive(), write("b", 60_000));
  for (const asked of ["r-s", "r-api"])
    expect((await ask(asked))?.joins).toEqual(["api continues stream by xray-root"]);
});

describe("several spans of one unit", () => {
  const order = span("order", { trace: "o", in: "api", request: "r-o", at: at(0, 30) });
  const call = (name: string, ms: number) =>
    span(name, { trace: "o", parent: "order", in: "api", kind: 3, produces: [ITEM], at: at(ms) });

  test("are that unit: which of its spans it was is not told", async () => {
    for (const spans of ordersOf([order, call("put", 5), call("update", 12), receive(), write("b", 60_000)])) {
      const { ask } = await stored(...spans);
      for (const asked of ["r-s", "r-o"])
        expect(await ask(asked)).toMatchObject({
          id: id("o", "order"),
          joins: ["order continues stream by dynamodb-record+dynamodb-record"],
          gaps: [],
        });
    }
  });

  test("are told apart by the context that came with the item", async () => {
    const told = receive({ trace: "o", parent: "put", isRemote: true });
    const { ask } = await stored(order, call("put", 5), call("update", 12), told);
    expect((await ask("r-s"))?.joins).toEqual(["put continues stream by parent+dynamodb-record"]);
  });

  test("are no one where another unit may have been it too", async () => {
    const { ask } = await stored(order, call("put", 5), call("update", 12), write("b", 20), receive());
    expect(await ask("r-s")).toMatchObject({ joins: [], gaps: ["ambiguous-producer"] });
  });
});

test("a context that came with an item is believed, where only another says to have written it", async () => {
  const silent = span("silent", { trace: "q", in: "silent", request: "r-q", at: at(10) });
  const told = receive({ trace: "q", parent: "silent", isRemote: true });
  for (const spans of ordersOf([write("a", 0), silent, told])) {
    const { ask } = await stored(...spans);
    expect((await ask("r-s"))?.joins).toEqual(["silent continues stream by parent"]);
    expect((await ask("r-a"))?.spans).toEqual(["a"]);
  }
});

test("an object of the same content that is written again leaves the first one's story as it was", async () => {
  const put = (name: string, ms: number) => write(name, ms, { produces: [OBJECT] });
  for (const spans of ordersOf([put("a", 0), receive({ consumes: [OBJECT] }), put("b", 60_000)])) {
    const { ask } = await stored(...spans);
    expect(await ask("r-s")).toMatchObject({ id: id("a", "a"), joins: ["a continues stream by s3-object+s3-object"] });
  }
});

test("a batch whose items one invocation wrote is of that one, and so is its Root, also once they are written again", async () => {
  const items = ["dynamodb-record orders i", "dynamodb-record orders j"];
  const root = `xray-root ${rootOfTraceId(traceId("a"))}`;
  const both = receive({ consumes: [...items, root] });
  const ship = span("ship", { trace: "a", in: "ship", request: "r-ship", consumes: [], at: at(70) });
  for (const spans of ordersOf([
    write("a", 0, { produces: items }),
    both,
    ship,
    write("b", 60_000, { produces: items }),
  ])) {
    const { ask } = await stored(...spans);
    for (const asked of ["r-a", "r-ship"])
      expect((await ask(asked))?.joins).toEqual([
        "a continues ship by xray-root",
        "a links stream by dynamodb-record+dynamodb-record+dynamodb-record",
      ]);
  }
});

test("of an item with hundreds of writers and receivers no more traces are loaded than may be joined", async () => {
  const deps = await opened();
  const many = Array.from({ length: 500 }, (_, n) => n);
  const spans = many.flatMap((n) => [
    write(`w${n}`, n * 100),
    receive({ trace: `s${n}`, request: `r-s${n}`, at: at(n * 100 + 50) }),
  ]);
  await deps.store.append(batch([write("a", -10_000), receive({ at: at(-9_000) }), ...spans]));
  let loaded = 0;
  const asOfNow: typeof deps.store.asOfNow = () => {
    const reader = deps.store.asOfNow();
    return {
      ...reader,
      spansOfTraces: async (...asked) => {
        const found = await reader.spansOfTraces(...asked);
        loaded += found.length;
        return found;
      },
    };
  };
  for (const name of ["a", "w499"]) {
    const graph = createGraph({ asOfNow }, WALK_BOUNDS);
    await graph.load([traceId(name)]);
    const unit = graph.unitOf(`${traceId(name)}.${spanId(name)}`);
    const trace = await walk(await rootOf(unit!, graph), graph, WALK_BOUNDS.maxUnits);
    expect(trace.truncated).toBe(false);
    expect(trace.parts).toHaveLength(name === "a" ? 2 : 1);
  }
  expect(loaded).toBeLessThan(50);
});
