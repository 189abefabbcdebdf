import { expect, test } from "vitest";
import { ORDER } from "../../test/fixtures/order.ts";
import { reviveTrace } from "../api/revive.ts";
import { pathOnRows, timeOf } from "./critical-path.ts";
import { rowsOf } from "./rows.ts";

const trace = reviveTrace(ORDER);
const rows = rowsOf(trace);
const onRows = pathOnRows(trace, rows);
const rowNamed = (name: string) => rows.find((row) => row.kind === "span" && row.view.span.name === name);

test("every step stands on a row, and together they are the whole duration", () => {
  const total = [...onRows.values()].reduce((sum, extents) => sum + timeOf(extents), 0);
  expect(total).toBe(trace.durationNs);
});

test("work stands on the span's row, an init on the invocation's, a wait on the row of the join", () => {
  const notify = rowNamed("shipped process");
  expect(onRows.get(notify?.id ?? "")).toEqual([
    { fromNs: 1_533_600_000, toNs: 1_652_000_000 },
    { fromNs: 1_652_000_000, toNs: 1_668_000_000 },
    { fromNs: 1_794_000_000, toNs: 1_806_000_000 },
  ]);
  const joins = rows.filter((row) => row.kind === "join" && onRows.has(row.id));
  expect(joins.map((row) => timeOf(onRows.get(row.id)) / 1e6)).toEqual([380, 74, 273, 43.6]);
});

test("a trace without a path has none on its rows", () => {
  const { criticalPath: _, ...without } = ORDER;
  expect(pathOnRows(reviveTrace(without), rows).size).toBe(0);
  expect(timeOf()).toBe(0);
});
