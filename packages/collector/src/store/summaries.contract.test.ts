/** What every engine behind the interface of summaries must do. A new one adds a line to ENGINES. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { START, spanId, traceId } from "../../test/builders.ts";
import { spanPath } from "../model/ids.ts";
import { DERIVED_FILE } from "./sqlite/derived-file.ts";
import { createSqliteSummaries } from "./sqlite/summaries.ts";
import type { Summaries, SummaryQuery, SummaryRow, SummaryTermKind } from "./summaries.ts";

const ENGINES: readonly (readonly [name: string, open: (folder: string) => Summaries])[] = [
  ["sqlite", (dataDir) => createSqliteSummaries({ dataDir })],
];

const row = (id: string, more: Partial<SummaryRow> & { at?: number } = {}): SummaryRow => {
  const { at = 0, ...rest } = more;
  return {
    id,
    name: id,
    start: START + BigInt(at),
    end: START + BigInt(at) + 5n,
    durationNs: 5,
    spanCount: 1,
    errorCount: 0,
    coldStarts: 0,
    gapCount: 0,
    functions: ["f"],
    services: [],
    triggers: [],
    errorTypes: [],
    spanNames: [id],
    traceIds: [traceId(id)],
    requestIds: [],
    truncated: false,
    units: [{ path: spanPath(traceId(id), spanId(id)), isWhole: true }],
    invocations: [],
    calls: [],
    ...rest,
  };
};

describe.each(ENGINES)("summaries in %s", (_name, open) => {
  let folder: string;
  let summaries: Summaries;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mayfly-summaries-"));
    summaries = open(folder);
  });
  afterEach(async () => {
    await summaries.close();
    await rm(folder, { recursive: true });
  });

  const put = (...rows: readonly SummaryRow[]) =>
    summaries.apply({ from: undefined, to: undefined, put: rows, remove: [] });
  const ids = async (query: Partial<SummaryQuery> = {}) =>
    (await summaries.page({ all: [], limit: 100, ...query })).rows.map((placed) => placed.row.id);
  const has = (kind: SummaryTermKind, ...values: readonly string[]) => values.map((value) => ({ kind, value }));

  test("gives back what was put, the last word on each id, newest first", async () => {
    const path = spanPath(traceId("a"), spanId("a"));
    const run = {
      path,
      functionName: "é",
      requestId: "r",
      offsetNs: 2,
      durationNs: 3,
      errorType: "E",
      isCold: true as const,
    };
    const calls = [{ from: "é", to: "g", count: 2 }];
    const full = row("a", {
      at: 1,
      gapsToCome: [{ at: START, count: 2 }],
      functions: ["é", "g"],
      truncated: true,
      invocations: [run],
      calls,
    });
    await put(row("a"), row("b", { at: 2 }));
    await put(full);

    const { rows, next } = await summaries.page({ all: [], limit: 100 });
    expect(rows.map((placed) => placed.row)).toEqual([row("b", { at: 2 }), full]);
    expect(next).toBeUndefined();
    expect(await summaries.count()).toBe(2);
  });

  test("pages neither repeat nor skip a row, also of equal starts, also when rows come and go between them", async () => {
    await put(...["a", "b", "c", "d", "e"].map((id) => row(id)));
    const seen: string[] = [];
    let after: SummaryQuery["after"];
    do {
      const { rows, next } = await summaries.page({ all: [], limit: 2, ...(after && { after }) });
      seen.push(...rows.map((placed) => placed.row.id));
      after = next;
      await summaries.apply({
        from: undefined,
        to: undefined,
        put: [row(`new ${seen.length}`, { at: 9 })],
        remove: seen,
      });
    } while (after);
    expect(seen).toEqual(["e", "d", "c", "b", "a"]);
  });

  test("rows are found by their terms: each group, any of it", async () => {
    await put(
      row("a", { at: 1, functions: ["f", "g"], errorCount: 1, errorTypes: ["E"], coldStarts: 1 }),
      row("b", { at: 2, functions: ["g"], services: ["s"], triggers: ["sqs"] }),
      row("c", { at: 3, durationNs: 2 ** 30 }),
    );
    expect(await ids({ all: [has("function", "g")] })).toEqual(["b", "a"]);
    expect(await ids({ all: [has("function", "f", "g")] })).toEqual(["c", "b", "a"]);
    expect(await ids({ all: [has("function", "g"), has("status", "error")] })).toEqual(["a"]);
    expect(await ids({ all: [has("cold", "true")] })).toEqual(["a"]);
    expect(await ids({ all: [has("error", "E", "never seen")] })).toEqual(["a"]);
    expect(await ids({ all: [has("service", "s"), has("trigger", "sqs")] })).toEqual(["b"]);
    expect(await ids({ all: [has("length", "30")] })).toEqual(["c"]);
    expect(await ids({ all: [has("function", "never seen")] })).toEqual([]);
    expect(await ids({ all: [has("function", "g")], from: START + 2n, to: START + 2n })).toEqual(["b"]);
  });

  test("a row that has changed is no longer found by what it was", async () => {
    await put(row("a", { functions: ["f"] }));
    await put(row("a", { functions: ["g"], at: 7 }));
    expect([await ids({ all: [has("function", "f")] }), await ids({ all: [has("function", "g")] })]).toEqual([
      [],
      ["a"],
    ]);

    await summaries.apply({ from: undefined, to: undefined, put: [], remove: ["a", "never there"] });
    expect(await ids({ all: [has("function", "g")] })).toEqual([]);
    expect(await summaries.terms("function", "", 10)).toEqual([]);
    expect(await summaries.ofTraces([traceId("a")], 10)).toEqual([]);
  });

  test("rows are found by their traces and units", async () => {
    const shared = { path: spanPath(traceId("batch"), spanId("batch")), isWhole: false };
    await put(
      row("a", { units: [...row("a").units, shared] }),
      row("b", { at: 1, units: [...row("b").units, shared] }),
    );

    const ofBatch = await summaries.ofTraces([traceId("batch"), traceId("a")], 10);
    expect(ofBatch.map((placed) => placed.row.id)).toEqual(["b", "a"]);
    expect((await summaries.ofUnits([shared.path], 10)).map((one) => one.id)).toEqual(["b", "a"]);
    expect(await summaries.ofUnits([spanPath(traceId("batch"), spanId("other"))], 10)).toEqual([]);
    expect(await summaries.ofTraces([traceId("batch")], 1)).toHaveLength(1);
  });

  test("terms that begin so are told, those of most rows first", async () => {
    await put(row("a", { functions: ["pay", "page"] }), row("b", { functions: ["page", "été", "p%"] }));
    expect(await summaries.terms("function", "pa", 10)).toEqual([
      { kind: "function", value: "page", rows: 2 },
      { kind: "function", value: "pay", rows: 1 },
    ]);
    expect((await summaries.terms("function", "é", 10)).map(({ value }) => value)).toEqual(["été"]);
    expect((await summaries.terms("function", "p%", 10)).map(({ value }) => value)).toEqual(["p%"]);
    expect(await summaries.terms("function", "", 1)).toHaveLength(1);
  });

  test("rows and checkpoint change together, and only from the checkpoint that was known", async () => {
    expect(await summaries.apply({ from: undefined, to: "7", put: [row("a")], remove: [] })).toBe(true);
    expect(await summaries.apply({ from: undefined, to: "8", put: [row("b")], remove: ["a"] })).toBe(false);
    await summaries.close();
    summaries = open(folder);
    expect([await summaries.checkpoint(), await ids()]).toEqual(["7", ["a"]]);

    expect(await summaries.sweptTo()).toBeUndefined();
    for (const mark of ["2", "3"]) await summaries.setSweptTo(mark);
    expect(await summaries.sweptTo()).toBe("3");
    await summaries.clear();
    expect(await summaries.sweptTo()).toBeUndefined();
    expect([await summaries.checkpoint(), await ids()]).toEqual([undefined, []]);
  });

  test("a damaged file is begun anew", async () => {
    await put(row("a"));
    await summaries.close();
    await writeFile(join(folder, DERIVED_FILE), "not a database ".repeat(1000));
    summaries = open(folder);
    expect(await ids()).toEqual([]);
    await put(row("b"));
    expect(await ids()).toEqual(["b"]);
  });
});
