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
import type { Extent } from "./time-scale.ts";

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
