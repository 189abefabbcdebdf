import { expect, test } from "vitest";
import { MS, join, rowsFrom, span } from "../../test/fixtures/story.ts";
import { wideTrace } from "../../test/fixtures/wide.ts";
import { reviveTrace } from "../api/revive.ts";
import { hueOf } from "./colors.ts";
import { MINIMAP_LANES, MINIMAP_WIDTH, type Stroke, minimapOf } from "./minimap.ts";
import { type Row, rowsOf } from "./rows.ts";

const upTo = (ms: number, from = 0) => ({ fromNs: from * MS, toNs: ms * MS });
const pathOf = (strokes: readonly Stroke[], ink: Stroke["ink"]): string | undefined =>
  strokes.find((stroke) => stroke.ink === ink)?.path;

test("a span is a line of its function's hue in its row's lane", () => {
  const rows = rowsFrom([span("a", { in: "api", at: [0, 100] }), span("b", { in: "ship", at: [50, 100] })]);

  expect(minimapOf(rows, upTo(100))).toEqual([
    { ink: hueOf("api"), path: "M0 0.5H1000" },
    { ink: hueOf("ship"), path: "M500 1.5H1000" },
  ]);
});

test("errors, waits and cold starts have inks of their own", () => {
  const rows = rowsFrom(
    [
      span("send", { at: [0, 10] }),
      span("work", {
        in: "b",
        at: [60, 80],
        failed: "no",
        attributes: { "faas.coldstart": true, "mayfly.init_duration_ms": 20 },
      }),
    ],
    [join("send", "work")],
  );

  const strokes = minimapOf(rows, upTo(100));

  expect(pathOf(strokes, "wait")).toBe("M100 1.5H400");
  expect(pathOf(strokes, "cold")).toBe("M400 2.5H600");
  expect(pathOf(strokes, "error")).toBe("M600 2.5H800");
});

test("bars that touch become one line, others stay apart", () => {
  const rows = rowsFrom(
    Array.from({ length: 15 }, (_, index) =>
      span(`s${index}`, { in: "a", at: index < 2 ? [index * 10, index * 10 + 10] : [90, 100] }),
    ),
  );

  const [stroke] = minimapOf(rows, upTo(100));

  expect(stroke?.path.startsWith("M0 0.5H200M900 1.5H1000")).toBe(true);
});

test("what is too short to see is two units wide, also at the right edge", () => {
  const rows = rowsFrom([span("a", { in: "a", at: [50, 50] }), span("b", { in: "a", at: [100, 100] })]);

  expect(minimapOf(rows, upTo(100))[0]?.path).toBe("M500 0.5H502M998 1.5H1000");
});

test("what lies before the strip is drawn at its edge and not over it", () => {
  const rows = rowsFrom([span("late", { in: "a", at: [0, 10] })]);

  expect(minimapOf(rows, upTo(200, 100))[0]?.path).toBe("M0 0.5H2");
});

const lanesOf = (rows: readonly Row[]): ReadonlySet<string> =>
  new Set(minimapOf(rows, upTo(20_000)).flatMap(({ path }) => path.match(/(?<= )[\d.]+(?=H)/g) ?? []));

test("rows share the lanes evenly, from the first to the last", () => {
  const lanes = lanesOf(rowsOf(reviveTrace(wideTrace(20_000))));

  expect([...lanes].map(Number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: MINIMAP_LANES }, (_, lane) => lane + 0.5),
  );
});

test("the strip's size depends on the strip and not on the trace", () => {
  const count = 30_000;
  const scattered = Array.from({ length: count }, (_, index) =>
    span(`s${index}`, { at: [(index * 7919) % count, ((index * 7919) % count) + 1] }),
  );

  const [stroke, ...others] = minimapOf(
    rowsFrom(scattered).toSorted((a, b) => a.id.localeCompare(b.id)),
    upTo(count),
  );

  expect(others).toEqual([]);
  expect(stroke?.path.split("M").length).toBeLessThanOrEqual((MINIMAP_LANES * MINIMAP_WIDTH) / 2);
});

test("a trace without rows has an empty strip", () => {
  expect(minimapOf([], upTo(1))).toEqual([]);
});
