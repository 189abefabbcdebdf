import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TraceFilter } from "../../api/client.ts";
import { filterOf, isFiltered, tracesAddress } from "./url.ts";

const searchOf = (filter: TraceFilter): string => new URL(tracesAddress(filter), "http://localhost").search;

test("no filter is a plain address", () => {
  expect(tracesAddress({})).toBe("/traces");
  expect(filterOf("")).toEqual({});
  expect(isFiltered(filterOf(""))).toBe(false);
});

test("the names in the address are the API's own", () => {
  expect(tracesAddress({ q: "o-8841 & co", function: "api", status: "error", minDurationMs: 500 })).toBe(
    "/traces?q=o-8841+%26+co&function=api&status=error&minDurationMs=500",
  );
});

test("a filter comes back from the address", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1 });
  const filter = fc.record(
    {
      q: text,
      function: text,
      status: fc.constantFrom("ok" as const, "error" as const),
      minDurationMs: fc.integer({ min: 1, max: 1e9 }),
    },
    { requiredKeys: [] },
  );

  fc.assert(
    fc.property(filter, (one) => {
      expect(filterOf(searchOf(one))).toEqual(one);
      expect(isFiltered(one)).toBe(Object.keys(one).length > 0);
    }),
  );
});

test.each([
  "q=",
  "function=",
  "status=unset",
  "minDurationMs=0",
  "minDurationMs=-5",
  "minDurationMs=soon",
  "minDurationMs=Infinity",
  "x=1",
])("an address with ?%s filters nothing", (search) => {
  expect(filterOf(`?${search}`)).toEqual({});
});
