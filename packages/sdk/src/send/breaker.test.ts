import { expect, test } from "vitest";
import { createBreaker } from "./breaker.ts";

const INTERVAL = 30_000;

const breakerAt = (start: number) => {
  const clock = { now: start };
  return { clock, breaker: createBreaker(() => clock.now, INTERVAL) };
};

test("it is closed at first, and there is nothing to probe", () => {
  const { breaker } = breakerAt(0);
  expect(breaker.isOpen).toBe(false);
  expect(breaker.mayProbe()).toBe(false);
});

test("one failure opens it, also at the clock's zero", () => {
  const { breaker } = breakerAt(0);
  breaker.failed();
  expect(breaker.isOpen).toBe(true);
});

test("the first probe waits a whole interval", () => {
  const { breaker, clock } = breakerAt(1_000);
  breaker.failed();
  clock.now += INTERVAL - 1;
  expect(breaker.mayProbe()).toBe(false);
  clock.now += 1;
  expect(breaker.mayProbe()).toBe(true);
});

test("however many ask, there is one probe per interval, although its end is not known yet", () => {
  const { breaker, clock } = breakerAt(1_000);
  breaker.failed();
  let probes = 0;
  for (let asked = 0; asked < 300; asked += 1) {
    clock.now += INTERVAL / 100;
    if (breaker.mayProbe()) probes += 1;
  }
  expect(probes).toBe(3);
});

test("asking for a probe leaves it open; only success closes it", () => {
  const { breaker, clock } = breakerAt(1_000);
  breaker.failed();
  clock.now += INTERVAL;
  breaker.mayProbe();
  expect(breaker.isOpen).toBe(true);
  breaker.succeeded();
  expect(breaker.isOpen).toBe(false);
});

test("a failed probe begins a new interval", () => {
  const { breaker, clock } = breakerAt(1_000);
  breaker.failed();
  clock.now += INTERVAL;
  breaker.mayProbe();
  clock.now += INTERVAL / 2;
  breaker.failed();
  clock.now += INTERVAL - 1;
  expect(breaker.mayProbe()).toBe(false);
  clock.now += 1;
  expect(breaker.mayProbe()).toBe(true);
});

test("closed again, it opens again", () => {
  const { breaker } = breakerAt(1_000);
  breaker.failed();
  breaker.succeeded();
  breaker.failed();
  expect(breaker.isOpen).toBe(true);
});
