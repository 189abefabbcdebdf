import * as fc from "fast-check";
import { expect, test } from "vitest";
import { scientific } from "../../../test/xray-documents.ts";
import { unixNanoOf } from "./seconds.ts";

test("a time is read to the nanosecond, in either spelling of its number", () => {
  expect(unixNanoOf("1767225600.315")).toBe(1_767_225_600_315_000_000n);
  expect(unixNanoOf("1.6813396582601435E9")).toBe(1_681_339_658_260_143_500n);
  expect(unixNanoOf("1767225600")).toBe(1_767_225_600_000_000_000n);
  expect(unixNanoOf("1767225600123e-3")).toBe(1_767_225_600_123_000_000n);
  const nano = fc.bigInt({ min: 1_000_000_000n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(nano, (time) => {
      const text = `${time / 1_000_000_000n}.${String(time % 1_000_000_000n).padStart(9, "0")}`;
      expect([unixNanoOf(text), unixNanoOf(scientific(text))]).toEqual([time, time]);
    }),
  );
});

test.each(["", "x", "-1", "0", "1e999", "1e60", "99999999999999", "1.2.3", "0x10", "NaN", "1e-99"])(
  "%o is no time",
  (text) => expect(unixNanoOf(text)).toBeUndefined(),
);
