import { expect, test, vi } from "vitest";
import { perOrigin } from "./per-origin.ts";

const origin = (number: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};
const counted = () => {
  const make = vi.fn((bytes: Uint8Array) => ({ length: bytes.length }));
  return { make, of: perOrigin(make) };
};

test("equal bytes are looked at once, whatever buffer they stand in", () => {
  const { make, of } = counted();
  expect(of(origin(1, 100))).toBe(of(origin(1, 100)));
  expect(of(origin(2, 100))).not.toBe(of(origin(1, 100)));
  expect(make).toHaveBeenCalledTimes(2);
});

test("large ones are not kept, and of many small ones a few megabytes", () => {
  const { make, of } = counted();
  of(origin(1, 100));
  for (let turn = 0; turn < 2; turn += 1) of(origin(2, 1_000_000));
  expect(make).toHaveBeenCalledTimes(3);
  of(origin(1, 100));
  expect(make).toHaveBeenCalledTimes(3);

  for (let number = 2; number < 130; number += 1) of(origin(number, 32 * 1024));
  of(origin(1, 100)); // forgotten: 4 MiB have come since
  expect(make).toHaveBeenCalledTimes(3 + 128 + 1);
});
