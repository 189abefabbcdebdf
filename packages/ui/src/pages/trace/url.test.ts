import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type TraceLook, lookOf, traceAddress, withoutSelected, withoutZoom } from "./url.ts";

const PLAIN: TraceLook = { tab: "waterfall", folded: new Set(), find: "", path: true, level: 0 };
const readBack = (look: TraceLook): TraceLook => lookOf(new URL(traceAddress("t.1", look), "http://localhost").search);

test("a trace looked at plainly has a short address", () => {
  expect(traceAddress("t.1", PLAIN)).toBe("/traces/t.1");
  expect(lookOf("")).toEqual(PLAIN);
});

test("an id with anything in it is one part of the path", () => {
  expect(traceAddress("sqs-message|orders/eu|a?b#c", PLAIN)).toBe("/traces/sqs-message%7Corders%2Feu%7Ca%3Fb%23c");
});

test("the address says what one looks at", () => {
  const look: TraceLook = {
    tab: "logs",
    selected: "work",
    folded: new Set(["api", "join-work"]),
    find: "card declined",
    zoom: { fromNs: 100, toNs: 2500 },
    path: false,
    level: 13,
  };

  expect(traceAddress("t.1", look)).toBe(
    "/traces/t.1?tab=logs&row=work&folded=api%2Cjoin-work&find=card+declined&zoom=100-2500&path=off&level=13",
  );
});

test("what one looks at comes back from the address, whatever the ids and the text hold", () => {
  const text = fc.string({ unit: "grapheme" });
  const rowId = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("a,b", "%2C", "%252C,", "s3-object|bucket|a,b%"));
  const look = fc.record(
    {
      tab: fc.constantFrom("waterfall" as const, "logs" as const),
      selected: text,
      folded: fc.array(rowId).map((ids): ReadonlySet<string> => new Set(ids)),
      find: text,
      zoom: fc
        .tuple(fc.integer({ min: -1e10, max: 1e14 }), fc.integer({ min: 1, max: 1e14 }))
        .map(([fromNs, length]) => ({ fromNs, toNs: fromNs + length })),
      path: fc.boolean(),
      level: fc.integer({ min: 0, max: 24 }),
    },
    { requiredKeys: ["tab", "folded", "find", "path", "level"] },
  );

  fc.assert(
    fc.property(look, (one) => {
      expect(readBack(one)).toEqual(one);
    }),
  );
});

test("a zoom into the init phase before the trace's beginning comes back", () => {
  const zoom = { fromNs: -94_200_000, toNs: -1_000 };

  expect(readBack({ ...PLAIN, zoom }).zoom).toEqual(zoom);
});

test("a zoom between nanoseconds is rounded, not lost", () => {
  expect(readBack({ ...PLAIN, zoom: { fromNs: 0.4, toNs: 10.6 } }).zoom).toEqual({ fromNs: 0, toNs: 11 });
});

test.each(["zoom=5-5", "zoom=9-1", "zoom=a-b", "zoom=", "level=loud", "tab=graph", "folded=,,", "unknown=1"])(
  "an address with ?%s shows the trace plainly",
  (search) => {
    expect(lookOf(`?${search}`)).toEqual(PLAIN);
  },
);

test("what is taken away is gone from the address", () => {
  const look: TraceLook = { ...PLAIN, selected: "a", zoom: { fromNs: 0, toNs: 1 } };

  expect(traceAddress("t", withoutSelected(look))).toBe("/traces/t?zoom=0-1");
  expect(traceAddress("t", withoutZoom(look))).toBe("/traces/t?row=a");
});
