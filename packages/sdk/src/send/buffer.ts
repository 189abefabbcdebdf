/** What waits to be sent: bounded, the oldest falls out first, and each loss is counted. */
export interface Buffer<T> {
  push(item: T): void;
  /** Everything, oldest first; the buffer is empty then. */
  take(): readonly T[];
  /** Gives back what could not be sent, before whatever came since. */
  putBack(items: readonly T[]): void;
  readonly size: number;
  readonly dropped: number;
}

export const createBuffer = <T>(maxItems: number): Buffer<T> => {
  let items: T[] = [];
  let dropped = 0;
  const trim = (): void => {
    const over = items.length - maxItems;
    if (over <= 0) return;
    items = items.slice(over);
    dropped += over;
  };
  return {
    push(item) {
      items.push(item);
      // In steps, so that a full buffer does not move all its items for each new one.
      if (items.length > maxItems * 1.25) trim();
    },
    take() {
      trim();
      const taken = items;
      items = [];
      return taken;
    },
    putBack(returned) {
      items = [...returned, ...items];
      trim();
    },
    get size() {
      return Math.min(items.length, maxItems);
    },
    get dropped() {
      return dropped + Math.max(0, items.length - maxItems);
    },
  };
};
