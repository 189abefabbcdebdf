/** Cursors of the list: opaque to clients, `<start>.<tie>` of the last row that was looked at. */
import type { SummaryPosition } from "../store/summaries.ts";

export const formatCursor = ({ start, tie }: SummaryPosition): string =>
  Buffer.from(`${start}.${tie}`).toString("base64url");

/** undefined where the text is no cursor of ours. */
export const parseCursor = (text: string): SummaryPosition | undefined => {
  const [, start, tie] = /^(\d{1,19})\.(\d{1,16})$/.exec(Buffer.from(text, "base64url").toString()) ?? [];
  return start === undefined || tie === undefined ? undefined : { start: BigInt(start), tie: Number(tie) };
};
