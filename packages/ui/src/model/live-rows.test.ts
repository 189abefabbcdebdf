import type { TraceSummary } from "@mayfly/api";
import { expect, test } from "vitest";
import { summary } from "../../test/fixtures/story.ts";
import { mergeNewest as merge } from "./live-rows.ts";

const list = (...numbers: number[]): readonly TraceSummary[] => numbers.map((number) => summary(number));
const mergeNewest = (shown: readonly TraceSummary[], page: readonly TraceSummary[], isFull = true) =>
  merge(shown, page, { isFull });
const ids = (rows: readonly TraceSummary[]): string => rows.map((row) => row.id).join(" ");

test("new rows come on top", () => {
  const { next, added, isDisjoint } = mergeNewest(list(3, 2, 1), list(5, 4, 3));

  expect(ids(next)).toBe("t5 t4 t3 t2 t1");
  expect(ids(added)).toBe("t5 t4");
  expect(isDisjoint).toBe(false);
});

test("a row that came late takes its place by time, not the top", () => {
  expect(ids(mergeNewest(list(5, 3, 1), list(6, 5, 4, 3)).next)).toBe("t6 t5 t4 t3 t1");
});

test("what a reader keeps has the same rows in the same places, with what is known of them now", () => {
  const { kept } = mergeNewest(list(3, 2, 1), [summary(4), summary(3, { spanCount: 9 }), summary(1)]);

  expect(ids(kept)).toBe("t3 t2 t1");
  expect(kept[0]?.spanCount).toBe(9);
});

test("a row that became part of another one goes with the next list", () => {
  expect(ids(mergeNewest(list(4, 3, 2, 1), list(4, 2)).next)).toBe("t4 t2 t1");
});

test("rows older than the page stay", () => {
  expect(ids(mergeNewest(list(9, 8, 2, 1), list(9, 8)).next)).toBe("t9 t8 t2 t1");
});

test("where page and list do not touch the list begins anew, without a hole", () => {
  const { next, added, isDisjoint } = mergeNewest(list(3, 2, 1), list(9, 8));

  expect(isDisjoint).toBe(true);
  expect(ids(next)).toBe("t9 t8");
  expect(ids(added)).toBe("t9 t8");
});

test("a page that few rows matched does not begin the list anew", () => {
  const { next, isDisjoint } = mergeNewest(list(3, 2, 1), list(9), false);

  expect(isDisjoint).toBe(false);
  expect(ids(next)).toBe("t9 t3 t2 t1");
});

test("an empty list begins with the page; an empty page takes nothing away", () => {
  expect(mergeNewest([], list(2, 1))).toMatchObject({ next: list(2, 1), isDisjoint: true });
  expect(mergeNewest(list(2, 1), [], false)).toMatchObject({ next: list(2, 1), added: [], isDisjoint: false });
});

test("no row ever stands twice", () => {
  const moved = mergeNewest(list(5, 4, 3, 2), list(5, 3, 4));

  expect(ids(moved.next)).toBe("t5 t3 t4 t2");
});
