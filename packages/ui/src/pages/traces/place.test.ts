import { expect, test } from "vitest";
import { asPlace, placeAt, scrollTopOf } from "./place.ts";

const list = (...ids: readonly string[]) => ({ rows: ids.map((id) => ({ id })), rowHeight: 32 });

test("one comes back to the same rows, also when newer ones came above them", () => {
  const place = placeAt(70, "c", list("a", "b", "c", "d"))!;

  expect(scrollTopOf(place, list("a", "b", "c", "d"))).toBe(70);
  expect(scrollTopOf(place, list("new", "newer", "a", "b", "c", "d"))).toBe(70 + 64);
  expect(place.activeId).toBe("c");
});

test("a row that is not there yet has no place yet", () => {
  const place = placeAt(70, undefined, list("a", "b", "c"))!;

  expect(scrollTopOf(place, list("a"))).toBeUndefined();
  expect(place).not.toHaveProperty("activeId");
});

test("a list without rows has no place", () => {
  expect(placeAt(0, undefined, list())).toBeUndefined();
});

test("a place survives the browser's history, anything else in there is none", () => {
  const place = placeAt(70, "c", list("a", "b", "c"));

  expect(asPlace(JSON.parse(JSON.stringify(place)))).toEqual(place);
  for (const other of [undefined, null, "a", 7, {}, { topId: 1, offsetPx: 0, count: 1 }]) {
    expect(asPlace(other)).toBeUndefined();
  }
});
