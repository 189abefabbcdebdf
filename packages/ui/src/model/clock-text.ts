/** What is said of a span whose clock differs. */
import { formatDuration } from "./format.ts";

export const clockText = (offsetNs: number): string =>
  `Its clock is ${formatDuration(Math.abs(offsetNs))} ${offsetNs > 0 ? "behind" : "ahead of"} the others', as far as who sent to whom tells; it is drawn by theirs.`;
