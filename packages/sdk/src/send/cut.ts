/** What is too long to be kept is cut, not dropped: its beginning says most. Each cut is counted. */
import { MAX_LOG_LINE_LENGTH, MAX_TEXT_LENGTH } from "../limits.ts";

export interface Cut {
  /** A text of a span: an attribute's value, a name, a status message. */
  readonly text: (text: string) => string;
  /** The fields of a log line; one that is cut becomes text. */
  readonly fields: (fields: Readonly<Record<string, unknown>>) => Record<string, unknown>;
}

const MARK = " [cut]";
const PUNCTUATION = '"":"",';

export const createCut = (onCut: () => void): Cut => {
  const cutAt = (text: string, length: number): string => {
    if (text.length <= length) return text;
    onCut();
    return text.slice(0, length).toWellFormed() + MARK;
  };
  return {
    text: (text) => cutAt(text, MAX_TEXT_LENGTH),
    /** Shortest first: short fields stay whole, and the long ones share the room that is left. */
    fields(fields) {
      const entries = Object.entries(fields)
        .map(([key, value]) => ({ key, value, text: typeof value === "string" ? value : JSON.stringify(value) }))
        .toSorted((a, b) => a.key.length + a.text.length - b.key.length - b.text.length);
      let room = MAX_LOG_LINE_LENGTH;
      const kept = entries.flatMap(({ key, value, text }, index) => {
        const around = key.length + PUNCTUATION.length;
        const share = Math.floor(room / (entries.length - index)) - around;
        if (share <= 0) {
          onCut();
          return [];
        }
        room -= around + Math.min(text.length, share);
        return [[key, text.length <= share ? value : cutAt(text, share)] as const];
      });
      return Object.fromEntries(kept);
    },
  };
};
