import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createKeptStory } from "./kept-story.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("one story is kept, ten seconds from when it was last asked for", () => {
  const kept = createKeptStory<string>();
  kept.keep("a", "story of a");
  vi.advanceTimersByTime(9_000);
  kept.keep("a", "story of a");
  vi.advanceTimersByTime(9_000);
  expect(kept.get("a")).toBe("story of a");
  vi.advanceTimersByTime(1_000);
  expect(kept.get("a")).toBeUndefined();
});

test("another takes its place, and only who has it forgets it", () => {
  const kept = createKeptStory<string>();
  kept.keep("a", "story of a");
  kept.keep("b", "story of b");
  expect(kept.get("a")).toBeUndefined();
  kept.forget("a");
  expect(kept.get("b")).toBe("story of b");
  kept.forget("b");
  expect(kept.get("b")).toBeUndefined();
});
