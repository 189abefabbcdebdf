import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Step, type Task, criticalPath, selfTime } from "./critical-path.ts";

const task = (value: string, start: number, end: number, ...children: readonly Task<string>[]): Task<string> => ({
  value,
  start,
  end,
  children,
});
const told = (steps: readonly Step<string>[]): string[] =>
  steps.map(({ is, of, start, end }) => `${is === "wait" ? "for " : ""}${of} ${start}-${end}`);

test("a call leads into what it called, and back", () => {
  const api = task("api", 0, 10, task("a", 1, 4), task("b", 5, 9, task("c", 6, 7)));
  expect(told(criticalPath([api]))).toEqual(["api 0-1", "a 1-4", "api 4-5", "b 5-6", "c 6-7", "b 7-9", "api 9-10"]);
});

test("of what ran side by side only the last to end counts", () => {
  const api = task("api", 0, 10, task("short", 1, 4), task("long", 2, 9));
  expect(told(criticalPath([api]))).toEqual(["api 0-2", "long 2-9", "api 9-10"]);
});

test("a consumer ends the transaction: its sender leads to it, and the message waits between", () => {
  const pay = task("pay", 20, 30, task("bank", 22, 28));
  const api = task("api", 0, 10, task("send", 3, 5, pay), task("late", 6, 9));
  expect(told(criticalPath([api]))).toEqual([
    "api 0-3",
    "send 3-5",
    "for pay 5-20",
    "pay 20-22",
    "bank 22-28",
    "pay 28-30",
  ]);
});

test("of two consumers of one message the one that ended last waited for its sender, not for the other", () => {
  const send = task("send", 0, 2, task("first", 3, 6), task("second", 8, 9));
  expect(told(criticalPath([send]))).toEqual(["send 0-2", "for second 2-8", "second 8-9"]);
});

test("a sender whose consumer ends too late to matter is a call like others", () => {
  const send = task("send", 1, 2, task("quick", 3, 4), task("slow", 8, 12));
  const api = task("api", 0, 20, send, task("other", 6, 19));
  expect(told(criticalPath([api]))).toEqual(["api 0-1", "send 1-2", "api 2-6", "other 6-19", "api 19-20"]);
});

test("what begins before its cause counts from its cause's start on", () => {
  expect(told(criticalPath([task("api", 5, 10, task("early", 0, 7))]))).toEqual(["early 5-7", "api 7-10"]);
});

test("of several roots the one that ends last is followed; of none there is no path", () => {
  expect(told(criticalPath([task("a", 0, 3), task("b", 1, 2, task("c", 4, 5))]))).toEqual([
    "b 1-2",
    "for c 2-4",
    "c 4-5",
  ]);
  expect(criticalPath([])).toEqual([]);
});

const anyTask = fc.letrec<{ task: Task<string> }>((tie) => ({
  task: fc
    .record({
      value: fc.uuid(),
      start: fc.integer({ min: 0, max: 40 }),
      length: fc.integer({ min: 0, max: 20 }),
      children: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie("task"), { maxLength: 3 })),
    })
    .map(({ length, ...rest }) => ({ ...rest, end: rest.start + length })),
})).task;

const everything = (roots: readonly Task<string>[]): readonly (readonly [Task<string>, Task<string> | undefined])[] => {
  const all = roots.map((root): [Task<string>, Task<string> | undefined] => [root, undefined]);
  for (const [one] of all) all.push(...one.children.map((child): [Task<string>, Task<string>] => [child, one]));
  return all;
};

test("any tree: the path is whole, one works only while it runs, and waits only after its cause", () => {
  fc.assert(
    fc.property(fc.array(anyTask, { minLength: 1, maxLength: 3 }), (roots) => {
      const steps = criticalPath(roots);
      const all = new Map(everything(roots).map(([one, cause]) => [one.value, { one, cause }]));
      const lastEnd = (one: Task<string>): number => Math.max(one.end, ...one.children.map(lastEnd));
      const end = Math.max(...roots.map(lastEnd));
      const starts = roots.filter((root) => lastEnd(root) === end).map(({ start }) => start);

      for (const [n, { start }] of steps.entries()) if (n > 0) expect(start).toBe(steps[n - 1]?.end);
      if (steps.length === 0) expect(starts).toContain(end);
      else expect([starts.includes(steps[0]!.start), steps.at(-1)?.end]).toEqual([true, end]);
      for (const { is, of, start, end: stepEnd } of steps) {
        const { one, cause } = all.get(of)!;
        if (is === "work") expect([start >= one.start, stepEnd <= one.end]).toEqual([true, true]);
        else expect([start >= cause!.end, stepEnd <= one.start]).toEqual([true, true]);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a call that took no time hides nothing that had ended before it", () => {
  // What was sent ends with the next, so the sender counts by itself.
  const send = task("send", 0, 1, task("sent", 2, 3));
  const api = task("api", 0, 2, task("next", 2, 3), task("instant", 2, 2), send);
  expect(told(criticalPath([api]))).toEqual(["send 0-1", "api 1-2", "next 2-3"]);
});

/**
 * The same path by the definition alone, and so slowly: at each moment on the way back every child is looked at again. Of a child
 * counts when all that it caused had ended or, where a part of that went on, when it itself had; each leads on once.
 */
const slowPath = (roots: readonly Task<string>[]): readonly Step<string>[] => {
  const lastEnd = (one: Task<string>): number => Math.max(one.end, ...one.children.map(lastEnd));
  const back = (one: Task<string>, from: number, to: number): readonly Step<string>[] => {
    const steps: Step<string>[] = [];
    const used = new Set<Task<string>>();
    let at = to;
    while (at > from) {
      const ended = one.children
        .filter((child) => !used.has(child))
        .flatMap((child) => {
          if (lastEnd(child) <= at) return [{ child, end: lastEnd(child), isWhole: true }];
          return child.end <= at ? [{ child, end: child.end, isWhole: false }] : [];
        })
        .toSorted((a, b) => b.end - a.end || Number(b.isWhole) - Number(a.isWhole));
      const [last] = ended;
      if (last === undefined || last.end <= from) break;
      used.add(last.child);
      const start = Math.max(last.child.start, from);
      const waitedFrom = Math.min(start, Math.max(one.end, from));
      steps.push({ is: "work", of: one.value, start: last.end, end: at });
      steps.push(...back(last.child, start, last.end));
      steps.push({ is: "wait", of: last.child.value, start: waitedFrom, end: start });
      at = waitedFrom;
    }
    steps.push({ is: "work", of: one.value, start: from, end: at });
    return steps;
  };
  const [root] = roots.toSorted((a, b) => lastEnd(b) - lastEnd(a));
  const steps = root ? back(root, root.start, lastEnd(root)) : [];
  return steps.filter(({ start, end }) => end > start).toReversed();
};

test("any forest: the path is that of the definition, followed slowly", () => {
  fc.assert(
    fc.property(fc.array(anyTask, { minLength: 1, maxLength: 4 }), (roots) => {
      expect(told(criticalPath(roots))).toEqual(told(slowPath(roots)));
    }),
    { numRuns: process.env["MAYFLY_LONG"] === "true" ? 100_000 : 3_000 },
  );
});

test("any task: its self time is the moments at which it ran and no child did", () => {
  fc.assert(
    fc.property(anyTask, (one) => {
      const isIn = ({ start, end }: Task<string>, moment: number): boolean => start <= moment && moment < end;
      const moments = Array.from({ length: one.end - one.start }, (_, n) => one.start + n);
      const alone = moments.filter((moment) => !one.children.some((child) => isIn(child, moment)));
      expect(selfTime(one)).toBe(alone.length);
    }),
    { numRuns: 3_000 },
  );
});

test("a hundred thousand deep, and as wide, is a matter of a moment", () => {
  let deep = task("leaf", 0, 200_000);
  for (let n = 100_000; n > 0; n -= 1) deep = task(`${n}`, 0, 100_000 + n, deep);
  expect(criticalPath([deep])).toHaveLength(1);
  const wide = task("root", 0, 200_001, ...Array.from({ length: 100_000 }, (_, n) => task(`${n}`, 2 * n, 2 * n + 1)));
  expect(criticalPath([wide])).toHaveLength(200_000);
});

test("self time is what no child covers, counted once", () => {
  const children = [task("a", 1, 4), task("b", 3, 6), task("outside", 9, 15), task("before", -5, -1)];
  expect(selfTime(task("api", 0, 10, ...children))).toBe(10 - 5 - 1);
  expect(selfTime(task("api", 0, 10))).toBe(10);
});
