import { expect, test } from "vitest";
import { createPace } from "./pace.ts";

/** An environment that is invoked every `gapMs`, and how often what it left was sent. */
const invoked = (times: number, gapMs: number, holdMs = 1_000) => {
  let nowMs = 1_000_000;
  const pace = createPace(() => nowMs, holdMs);
  return Array.from({ length: times }, () => {
    nowMs += gapMs;
    pace.begun();
    return pace.isWorthSending();
  });
};

test("an environment with time between its invocations sends after each", () => {
  expect(invoked(20, 200)).toEqual(Array(20).fill(true));
});

test("a busy one sends its first, and then once per hold time", () => {
  const sent = invoked(100, 100);
  expect(sent.slice(0, 7)).toEqual(Array(7).fill(true));
  expect(sent.slice(7).filter(Boolean)).toHaveLength(9);
});

test("one that has been busy and is so no longer sends after each again", () => {
  let nowMs = 1_000_000;
  const pace = createPace(() => nowMs, 1_000);
  const invoke = (): boolean => {
    pace.begun();
    return pace.isWorthSending();
  };
  for (let n = 0; n < 50; n += 1) invoke();
  expect(invoke(), "fifty in no time").toBe(false);
  nowMs += 5_000;
  expect(invoke()).toBe(true);
  nowMs += 500;
  expect(invoke()).toBe(true);
});

test("a hold time of 0 holds nothing back", () => {
  expect(invoked(50, 0, 0)).toEqual(Array(50).fill(true));
});
