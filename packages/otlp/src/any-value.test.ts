import { expect, test } from "vitest";
import { anyValueToPlain, attributesToPlain, attributeValue } from "./any-value.ts";

test.each([
  [undefined, null],
  [{}, null],
  [{ stringValue: "a" }, "a"],
  [{ boolValue: false }, false],
  [{ intValue: 7n }, 7],
  [{ intValue: 9_007_199_254_740_993n }, "9007199254740993"],
  [{ doubleValue: 0.5 }, 0.5],
  [{ doubleValue: Number.NaN }, "NaN"],
  [{ bytesValue: Uint8Array.of(0, 255) }, "AP8="],
  [{ arrayValue: { values: [{ intValue: 1n }, {}] } }, [1, null]],
  [{ kvlistValue: { values: [{ key: "a", value: { boolValue: true } }, { key: "b" }] } }, { a: true, b: null }],
])("value %# reads as plain JSON", (value, plain) => {
  expect(anyValueToPlain(value)).toEqual(plain);
});

test("of a repeated key the last value counts, however it is asked for", () => {
  const attributes = [
    { key: "k", value: { stringValue: "first" } },
    { key: "k", value: { stringValue: "last" } },
  ];

  expect(attributeValue(attributes, "k")).toEqual({ stringValue: "last" });
  expect(attributeValue(attributes, "absent")).toBeUndefined();
  expect(attributesToPlain(attributes)).toEqual({ k: "last" });
});

test("a key named __proto__ is a key like any other", () => {
  const plain = attributesToPlain([{ key: "__proto__", value: { stringValue: "a" } }]);

  expect(Object.entries(plain)).toEqual([["__proto__", "a"]]);
});
