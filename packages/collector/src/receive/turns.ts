/**
 * How much of what has arrived is worked on in one turn of the event loop, before others are served: several large bodies that
 * are whole at the same moment are else decoded one after the other, and a question, or the answer to one, waits for all of them.
 *
 *   body a ─ at once          │ questions, sockets │ body b │ questions, sockets │ body c …
 */
const MAX_BYTES = 256 * 1024;

/** Resolves when it is the turn of so many bytes, in the order in which it was asked; at once where there is room. */
export type Turn = (bytes: number) => Promise<void>;

export const createTurns = (maxBytes: number = MAX_BYTES): Turn => {
  const waiting: { readonly bytes: number; readonly begin: () => void }[] = [];
  let left = maxBytes;

  const begin = (): void => {
    left = maxBytes;
    while (left > 0 && waiting.length > 0) {
      const next = waiting.shift()!;
      take(next.bytes);
      next.begin();
    }
  };
  const take = (bytes: number): void => {
    if (left === maxBytes) setImmediate(begin);
    left -= bytes;
  };

  return async (bytes) => {
    if (bytes === 0) return;
    if (left > 0 && waiting.length === 0) take(bytes);
    else await new Promise<void>((resolve) => void waiting.push({ bytes, begin: resolve }));
  };
};
