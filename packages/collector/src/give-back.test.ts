import { expect, test } from "vitest";
import { giveBack } from "./give-back.ts";

test("a buffer that is given back is empty, twice is safe, and what shares a buffer with others stays", () => {
  const alone = Buffer.alloc(100_000, 1);
  giveBack(alone.buffer);
  giveBack(alone.buffer);
  expect(alone.length).toBe(0);

  const shared = [Buffer.from("one"), Buffer.from("another")];
  for (const { buffer } of shared) giveBack(buffer);
  expect(shared.map(String)).toEqual(["one", "another"]);
});
