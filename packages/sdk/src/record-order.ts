/**
 * Which records of a batch may be done at once, and what a failure stops: as much as the source promises of their order.
 *
 *   source                          at once               a failure stops
 *   standard queue, topic, bucket   any                   nothing
 *   FIFO queue                      different groups      the rest of its group: the others' order does not hang on it
 *   Kinesis, DynamoDB, Kafka        different keys, or    what comes after it in the batch, whatever its key: a stream goes on
 *                                   Kafka's partitions    from the lowest that failed, so all of that comes again
 *
 * What may be begun is begun in the order of the batch.
 */
import { harmless } from "./diag.ts";
import { type JsonObject, isObject, objectAt, textAt } from "./trigger/trigger.ts";

export interface RecordOrder {
  /** The next record to begin, by index. While there is none, only the end of another can bring one. */
  next(): number | undefined;
  ended(index: number, hasFailed: boolean): void;
  /** What the platform must be told of, or it is taken for done. */
  undone(): readonly number[];
}

export const createRecordOrder = (records: readonly unknown[]): RecordOrder => {
  const isStream = isOfStream(records[0]);
  const followers = new Map<number, number>();
  /** Ascending. */
  const ready: number[] = [];
  const last = new Map<unknown, number>();
  for (const [index, record] of records.entries()) {
    const lane = laneOf(record);
    const before = lane === undefined ? undefined : last.get(lane);
    if (before === undefined) ready.push(index);
    else followers.set(before, index);
    if (lane !== undefined) last.set(lane, index);
  }
  const done = new Set<number>();
  let end = records.length;
  return {
    next: () => (ready[0] !== undefined && ready[0] < end ? ready.shift() : undefined),
    ended(index, hasFailed) {
      if (!hasFailed) done.add(index);
      else if (isStream) end = Math.min(end, index);
      const follower = followers.get(index);
      if (follower === undefined || hasFailed) return;
      const at = ready.findIndex((other) => other > follower);
      ready.splice(at < 0 ? ready.length : at, 0, follower);
    },
    undone() {
      const open = [...records.keys()].filter((index) => !done.has(index));
      const [lowest] = open;
      return isStream && lowest !== undefined ? [...records.keys()].slice(lowest) : open;
    },
  };
};

/** Records of one lane are done one after the other; of `undefined`, none waits for another. */
const laneOf = (record: unknown): string | undefined => {
  if (isFifo(record)) return textAt(objectAt(record, "attributes"), "MessageGroupId") ?? "";
  if (!isObject(record) || !isOfStream(record)) return undefined;
  const { topic, partition } = record;
  if (typeof topic === "string") return `${topic}/${String(partition)}`;
  return textAt(objectAt(record, "kinesis"), "partitionKey") ?? itemKey(objectAt(objectAt(record, "dynamodb"), "Keys"));
};

/** Whatever order its parts come in. */
const itemKey = (keys: JsonObject = {}): string =>
  harmless("reading an item's key", () => {
    const names = Object.keys(keys).toSorted();
    return JSON.stringify(names.map((name) => [name, keys[name]]));
  }) ?? "";

/** Not told by MessageGroupId: since fair queues, a standard queue's messages may have one too. */
const isFifo = (record: unknown): boolean => textAt(record, "eventSourceARN")?.endsWith(".fifo") === true;

const isOfStream = (record: unknown): boolean =>
  objectAt(record, "kinesis") !== undefined ||
  objectAt(record, "dynamodb") !== undefined ||
  textAt(record, "topic") !== undefined;
