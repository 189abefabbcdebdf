/**
 * A clock without its leaps: what it leaps over between two looks does not count, until it has gone on from there for so
 * long that it must be right. A leap that is undone before never was one.
 *
 *   wall     10:00  10:01 │ 2027 10:02 … 2027 10:05 │ 10:06          a year ahead by mistake, and back
 *   steady   10:00  10:01 │      10:01 …      10:04 │ 10:04 (10:06)
 *
 * Whoever forgets or deletes by age asks this one. Going back is no leap: then everything is younger, and nothing goes.
 */
import type { UnixNano } from "./model/time.ts";

export interface Leaps {
  /** More than this between two looks is one. */
  readonly leapNs: bigint;
  /** How long it is doubted. */
  readonly doubtNs: bigint;
}

interface Leap {
  amount: bigint;
  readonly believedAt: UnixNano;
}

/** `before`: the last time that is known, for a leap that came between two runs. */
export const createSteadyTime = ({ leapNs, doubtNs }: Leaps, before?: UnixNano): ((now: UnixNano) => UnixNano) => {
  /** Doubted ones, oldest first; no more than fit into the time of doubt. */
  let leaps: Leap[] = [];
  let last = before;

  const takeBack = (amount: bigint): void => {
    for (let leap = leaps.pop(); leap !== undefined; leap = leaps.pop()) {
      if (leap.amount >= amount + leapNs) return void leaps.push({ ...leap, amount: leap.amount - amount });
      amount = amount > leap.amount ? amount - leap.amount : 0n; // what little is left of it passed for real
      if (amount === 0n) return;
    }
  };

  return (now) => {
    const since = last ?? now;
    last = now;
    leaps = leaps.filter(({ believedAt }) => since < believedAt);
    if (now - since > leapNs) leaps.push({ amount: now - since, believedAt: now + doubtNs });
    else if (now < since) takeBack(since - now);
    return now - leaps.reduce((sum, { amount }) => sum + amount, 0n);
  };
};
