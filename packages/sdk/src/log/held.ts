/**
 * Debug and trace lines under the level, held for their invocation and written when it fails: the detail is there where it is
 * needed, and paid for only there. Bounded; the oldest fall out and are counted.
 */
import { MAX_HELD_LENGTH } from "../limits.ts";

export interface HeldLines {
  hold(invocation: object, line: string): void;
  /** The lines of this invocation, oldest first; they are not held any longer. */
  take(invocation: object): readonly string[];
  readonly dropped: number;
}

export const createHeldLines = (): HeldLines => {
  /** By invocation, so that what nobody takes goes with it. */
  const held = new WeakMap<object, { lines: string[]; length: number }>();
  let dropped = 0;
  return {
    hold(invocation, line) {
      const own = held.get(invocation) ?? { lines: [], length: 0 };
      held.set(invocation, own);
      own.lines.push(line);
      own.length += line.length;
      while (own.length > MAX_HELD_LENGTH) {
        own.length -= own.lines.shift()?.length ?? 0;
        dropped += 1;
      }
    },
    take(invocation) {
      const lines = held.get(invocation)?.lines ?? [];
      held.delete(invocation);
      return lines;
    },
    get dropped() {
      return dropped;
    },
  };
};
