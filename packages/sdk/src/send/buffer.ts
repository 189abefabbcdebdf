/** What waits to be sent: bounded in bytes, the oldest falls out first, and each loss is counted. */
export interface Sized {
  readonly bytes: number;
}

export interface Buffer<T extends Sized> {
  push(item: T): void;
  /** Everything, oldest first; the buffer is empty then. */
  take(): readonly T[];
  /** Gives back what could not be sent, before whatever came since. */
  putBack(items: readonly T[]): void;
  readonly bytes: number;
  readonly dropped: number;
}

/** The newest item stays however large it is: a batch of 10,000 records has an invocation span over any sensible bound. */
export const createBuffer = <T extends Sized>(maxBytes: number): Buffer<T> => {
  let items: T[] = [];
  let bytes = 0;
  let dropped = 0;
  const trim = (): void => {
    while (bytes > maxBytes && items.length > 1) {
      bytes -= items.shift()?.bytes ?? 0;
      dropped += 1;
    }
  };
  return {
    push(item) {
      items.push(item);
      bytes += item.bytes;
      trim();
    },
    take() {
      const taken = items;
      items = [];
      bytes = 0;
      return taken;
    },
    putBack(returned) {
      items = [...returned, ...items];
      for (const item of returned) bytes += item.bytes;
      trim();
    },
    get bytes() {
      return bytes;
    },
    get dropped() {
      return dropped;
    },
  };
};
