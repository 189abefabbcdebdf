/**
 * Waiting: when a message was under way and nobody worked on it. The complement of the consumers' runs between the
 * sender's end and the last consumer's start; so a retry shows its back-off, and parallel consumers wait once each
 * from the same moment without adding up.
 *
 *   sender     |--|
 *   attempt 1         |---|
 *   attempt 2                   |---|
 *   waits         ::::     ::::::
 */
import type { Join, StitchKeyKind } from "@mayfly/api";
import type { Extent, Placed } from "./time-scale.ts";

interface Run {
  readonly startNs: number;
  readonly endNs: number;
}

export const joinedIntervals = (sender: Run, consumers: readonly Run[]): readonly Extent[] => {
  const waits: Extent[] = [];
  let idleSince = sender.endNs;
  for (const { startNs, endNs } of consumers.toSorted((a, b) => a.startNs - b.startNs)) {
    if (startNs > idleSince) waits.push({ fromNs: idleSince, toNs: startNs });
    idleSince = Math.max(idleSince, endNs);
  }
  return waits;
};

/** How long any of these intervals lasts, overlaps counted once. */
export const unionNs = (intervals: readonly Extent[]): number => {
  let total = 0;
  let coveredTo = -Infinity;
  for (const { fromNs, toNs } of intervals.toSorted((a, b) => a.fromNs - b.fromNs)) {
    total += Math.max(0, toNs - Math.max(fromNs, coveredTo));
    coveredTo = Math.max(coveredTo, toNs);
  }
  return total;
};

const WAITS_IN: Readonly<Partial<Record<StitchKeyKind, string>>> = {
  "sqs-message": "in queue",
  "sns-message": "in SNS",
  "eventbridge-event": "on the bus",
  "sfn-execution": "between states",
  "sfn-task-token": "for the task token",
  "kinesis-record": "in the stream",
  "dynamodb-record": "in the stream",
  "kafka-record": "in the topic",
  "pubsub-message": "in the subscription",
  "s3-object": "for the notification",
};

/** "in queue": where the time between sender and consumer went. */
export const waitPlace = (join: Join): string => (join.key && WAITS_IN[join.key.kind]) ?? "on the way";

/**
 * Of words beside waits, as a share of the track: where they begin (`left`), end (`right`) or have their middle, with a wait or
 * the critical path beneath them.
 */
export interface WordsPlace {
  readonly from: "left" | "right" | "middle";
  readonly at: number;
}

/** Share of the track that the words need, about. */
const WORDS_WIDTH = 0.22;

/** Right of the waits where the words fit, else left of them, else between two, else over the longest. */
export const wordsPlace = (placed: readonly Placed[]): WordsPlace => {
  const start = Math.min(...placed.map(({ left }) => left));
  const end = Math.max(...placed.map(({ left, width }) => left + width));
  if (end <= 1 - WORDS_WIDTH) return { from: "left", at: end };
  if (start >= WORDS_WIDTH) return { from: "right", at: start };
  const widest = longestOf(spacesBetween(placed));
  if (widest && widest.width >= WORDS_WIDTH) return { from: "middle", at: middleOf(widest) };
  return { from: "middle", at: middleOf(longestOf(placed) ?? { left: 0, width: 1 }) };
};

const spacesBetween = (placed: readonly Placed[]): readonly Placed[] => {
  const inOrder = placed.toSorted((a, b) => a.left - b.left);
  return inOrder.slice(1).map(({ left }, index) => {
    const before = inOrder[index];
    const end = before ? before.left + before.width : left;
    return { left: end, width: left - end };
  });
};

const longestOf = (placed: readonly Placed[]): Placed | undefined => placed.toSorted((a, b) => b.width - a.width)[0];
const middleOf = ({ left, width }: Placed): number => left + width / 2;
