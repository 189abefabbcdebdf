import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BitReader } from "./bit-reader.ts";
import { BitWriter } from "./bit-writer.ts";

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("any run of fields and Rice codes is read as it was written, and no bit more", () => {
  const fields = fc.array(
    fc.oneof(
      fc
        .tuple(u32, fc.integer({ min: 1, max: 32 }))
        .map(([value, width]) => ({ value: value >>> (32 - width), width })),
      fc.tuple(fc.oneof(u32, fc.nat(500)), fc.nat(31)).map(([value, k]) => ({ value, k })),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(fields, (given) => {
      const out = new BitWriter();
      for (const field of given) {
        if ("k" in field) out.rice(field.value, field.k);
        else out.bits(field.value, field.width);
      }
      const bytes = out.written();
      const reader = new BitReader(bytes, 0, bytes.length);
      for (const field of given)
        expect("k" in field ? reader.rice(field.k) : reader.bits(field.width)).toBe(field.value);
      expect(reader.isPastEnd).toBe(false);
      reader.bits(8);
      expect(reader.isPastEnd).toBe(true);
    }),
    { numRuns: 500 },
  );
});
