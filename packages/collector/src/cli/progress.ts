/** How far something is, on standard error: one line that changes at a terminal, a line every ten seconds elsewhere. */

export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Progress {
  show(state: string): void;
  /** A line of its own that stays. */
  line(text: string): void;
  end(): void;
}

const EVERY_MS = { terminal: 200, elsewhere: 10_000 };
const CLEAR = "\r\u001B[K";

export const createProgress = (stream: ProgressStream, nowMs: () => number = Date.now): Progress => {
  const everyMs = stream.isTTY ? EVERY_MS.terminal : EVERY_MS.elsewhere;
  const clear = stream.isTTY ? CLEAR : "";
  let shownAt = nowMs();
  return {
    show(state) {
      if (nowMs() - shownAt < everyMs) return;
      shownAt = nowMs();
      stream.write(stream.isTTY ? `${CLEAR}${state}` : `${state}\n`);
    },
    line: (text) => void stream.write(`${clear}${text}\n`),
    end: () => void (clear && stream.write(clear)),
  };
};
