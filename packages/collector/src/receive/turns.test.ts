import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What begins in each turn of the event loop. */
const turnsOf = async (sizes: readonly number[], maxBytes: number): Promise<readonly (readonly number[])[]> => {
  const begun: number[][] = [[]];
  let left = sizes.length;
  const tick = (): void => {
    begun.push([]);
    if (left > 0) setImmediate(tick);
  };
  setImmediate(tick); // before any of theirs
  const turn = createTurns(maxBytes);
  await Promise.all(
    sizes.map(async (bytes) => {
      await turn(bytes);
      begun.at(-1)!.push(bytes);
      left -= 1;
    }),
  );
  return begun;
};

test("one large body a turn, in order, and small ones together", async () => {
  expect(await turnsOf([500, 400, 300], 100)).toEqual([[500], [400], [300]]);
  expect(await turnsOf([10, 20, 30, 40, 50], 100)).toEqual([[10, 20, 30, 40], [50]]);
  expect(await turnsOf([90, 500, 10, 0, 10], 100)).toEqual([
    [90, 500, 0],
    [10, 10],
  ]);
});

test("what comes alone never waits, however often", async () => {
  const turn = createTurns(100);
  for (let n = 0; n < 3; n += 1) {
    let hasBegun = false;
    void turn(1_000).then(() => (hasBegun = true));
    await Promise.resolve();
    await Promise.resolve();
    expect(hasBegun).toBe(true);
    await nextTurn();
  }
});
