/**
 * The events of one reader: what is told and cannot be written yet waits, of each trace its last row.
 *
 * Bounds  MAX_WAITING rows wait for a reader who is slow; the oldest fall out, are counted, and the reader is told so.
 */
import { Readable } from "node:stream";
import type { LiveMissed } from "@mayfly/api";
import type { LiveRow, Turn } from "../query/live.ts";

const RETRY_MS = 3_000;
const MAX_WAITING = 500;

interface Events {
  readonly stream: Readable;
  readonly tell: (turn: Turn) => void;
  readonly beat: () => void;
  readonly end: () => void;
}

export const createEvents = (onDropped: (count: number) => void): Events => {
  const waiting = new Map<string, string>();
  let dropped = 0;
  let hasMissed = false;
  let isEnded = false;
  let mayPush = true;

  const flush = (): void => {
    if (isEnded || !mayPush) return;
    if (hasMissed || dropped > 0) {
      const missed: LiveMissed = dropped > 0 ? { count: dropped } : {};
      mayPush = stream.push(eventOf("missed", JSON.stringify(missed)));
      dropped = 0;
      hasMissed = false;
    }
    for (const [id, event] of waiting) {
      if (!mayPush) return;
      waiting.delete(id);
      mayPush = stream.push(event);
    }
  };
  const stream = new Readable({
    read() {
      mayPush = true;
      flush();
    },
  });
  stream.push(`retry: ${RETRY_MS}\n\n`);

  const keep = ({ id, json }: LiveRow, at: bigint): void => {
    waiting.delete(id);
    waiting.set(id, eventOf("trace", json, String(at)));
    if (waiting.size <= MAX_WAITING) return;
    const [oldest = ""] = waiting.keys();
    waiting.delete(oldest);
    dropped += 1;
    onDropped(1);
  };

  return {
    stream,
    tell(turn) {
      if (isEnded || stream.destroyed) return;
      hasMissed ||= turn.hasMissed;
      for (const row of turn.rows) keep(row, turn.at);
      flush();
    },
    beat() {
      if (!isEnded && !stream.destroyed && mayPush) mayPush = stream.push(":\n\n");
    },
    end() {
      if (isEnded || stream.destroyed) return;
      isEnded = true;
      waiting.clear();
      stream.push(null);
    },
  };
};

/** JSON has no line breaks. */
const eventOf = (event: string, json: string, id?: string): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`;
