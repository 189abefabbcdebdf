import { expect, test } from "vitest";
import { linesOf } from "./lines.ts";

async function* chunks(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

const read = async (maxBytes: number, ...texts: readonly string[]): Promise<unknown[]> => {
  const lines: unknown[] = [];
  for await (const { number, bytes } of linesOf(chunks(...texts), maxBytes)) lines.push([number, bytes?.toString()]);
  return lines;
};

test("lines are the same however the bytes come", async () => {
  const expected = [
    [1, "ab"],
    [2, ""],
    [3, "cdé"],
  ];
  expect(await read(100, "ab\n\ncdé")).toEqual(expected);
  expect(await read(100, "a", "b\n", "\nc", "d", "é\n")).toEqual(expected);
  expect(await read(100)).toEqual([]);
});

test("a line beyond the limit is none, and the next one is whole", async () => {
  expect(await read(3, "ab", "cd", "e\nxyz\n", "12345")).toEqual([
    [1, undefined],
    [2, "xyz"],
    [3, undefined],
  ]);
});
