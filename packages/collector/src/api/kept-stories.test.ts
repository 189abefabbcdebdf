import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createKeptStories } from "./kept-stories.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a story is kept a minute from when it was last asked for", () => {
  const kept = createKeptStories<string>();
  kept.keep("a", "story of a", 1);
  vi.advanceTimersByTime(59_000);
  expect(kept.get("a")).toBe("story of a");
  vi.advanceTimersByTime(59_000);
  expect(kept.get("a")).toBe("story of a");
  vi.advanceTimersByTime(60_000);
  expect(kept.get("a")).toBeUndefined();
});

test("of more than there is room for, those are forgotten that were asked for longest ago", () => {
  const kept = createKeptStories<string>(10);
  for (const name of ["a", "b", "c"]) kept.keep(name, `story of ${name}`, 4);
  expect(["a", "b", "c"].map((name) => kept.get(name))).toEqual([undefined, "story of b", "story of c"]);
  kept.get("b");
  kept.keep("d", "story of d", 4);
  expect(["b", "c", "d"].map((name) => kept.get(name))).toEqual(["story of b", undefined, "story of d"]);
});

test("the last one is kept however large it is, and takes the place of what had its name", () => {
  const kept = createKeptStories<string>(10);
  kept.keep("a", "story of a", 4);
  kept.keep("b", "story of b", 100);
  expect(["a", "b"].map((name) => kept.get(name))).toEqual([undefined, "story of b"]);
  kept.keep("b", "what became of b", 4);
  kept.keep("a", "story of a", 4);
  expect(["a", "b"].map((name) => kept.get(name))).toEqual(["story of a", "what became of b"]);
});

test("what is forgotten is gone, and leaves its room", () => {
  const kept = createKeptStories<string>(10);
  kept.keep("a", "story of a", 6);
  kept.forget("a");
  kept.keep("b", "story of b", 4);
  kept.keep("c", "story of c", 6);
  expect(["a", "b", "c"].map((name) => kept.get(name))).toEqual([undefined, "story of b", "story of c"]);
});
