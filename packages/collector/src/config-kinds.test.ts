import { expect, test } from "vitest";
import { bytes, duration, integer, type Kind, list, oneOf, yesOrNo } from "./config-kinds.ts";

const cases: [kind: string, of: Kind<unknown>, text: string | readonly string[], value: unknown][] = [
  ["bytes", bytes(0), "64MiB", 67_108_864],
  ["bytes", bytes(0), "64 mib", 67_108_864],
  ["bytes", bytes(0), "1.5kB", 1500],
  ["bytes", bytes(0), "1024", 1024],
  ["bytes", bytes(1), "0", undefined],
  ["bytes", bytes(0), "64 apples", undefined],
  ["bytes", bytes(0), "-1B", undefined],
  ["bytes", bytes(0), "constructor", undefined],
  ["bytes", bytes(0), ["1B"], undefined],
  ["duration", duration(0), "14d", 1_209_600_000],
  ["duration", duration(0), "250ms", 250],
  ["duration", duration(0), "1.5h", 5_400_000],
  ["duration", duration(0), "0", 0],
  ["duration", duration(0), "14", undefined],
  ["duration", duration(1000), "999ms", undefined],
  ["integer", integer(-1, 5), "-1", -1],
  ["integer", integer(-1, 5), "6", undefined],
  ["integer", integer(-1, 5), "1e0", undefined],
  ["choice", oneOf("fsync", "process"), "process", "process"],
  ["choice", oneOf("fsync", "process"), "Process", undefined],
  ["truth", yesOrNo, "TRUE", true],
  ["truth", yesOrNo, "0", false],
  ["truth", yesOrNo, "yes", undefined],
  ["list", list(integer(0, 9)), "1, 2,3", [1, 2, 3]],
  ["list", list(integer(0, 9)), ["4", "5"], [4, 5]],
  ["list", list(integer(0, 9)), "", []],
  ["list", list(integer(0, 9)), "1,x", undefined],
];

test.each(cases)("%s: %#", (_, kind, text, value) => {
  expect(kind.parse(text)).toEqual(value);
});

test("each says what it expects, and what stands for its value in --help", () => {
  expect(oneOf("fsync", "process")).toMatchObject({ argument: "fsync|process", expected: "one of fsync, process" });
  expect(list(integer(0, 9)).expected).toBe("a list, separated by commas, of an integer from 0 to 9");
  expect(yesOrNo.argument).toBeUndefined();
});
