/**
 * Records by their own time, newest first, a page at a time.
 *
 * Partitions follow each other as they arrived, the latest first. Of one partition the blocks are read in the order of
 * their latest time, as far as they can hold anything newer than the last of the page: of an active partition few, of a
 * sealed one, whose blocks all reach over its whole time, all that hold the words.
 *
 * Items of one time are told apart by what they are, never by where they lie: sealing moves them, and a cursor holds.
 *
 * Bounds  a page begins no other partition once MOST_SCANNED records were looked at; then the answer has a cursor,
 *         however few items it has.
 */
import type { Word } from "../../model/attribute-words.ts";
import type { UnixNano } from "../../model/time.ts";
import type { Signal } from "../store.ts";
import { clamped } from "../term-set.ts";
import { wordTerm } from "../terms.ts";
import type { Block } from "./block.ts";
import type { Finder } from "./found.ts";
import type { OpenPartition } from "./partition-set.ts";
import type { BlockEntry } from "./partition-reader.ts";

export interface Item<T> {
  readonly time: UnixNano;
  /** Of items of one time the highest comes first. */
  readonly tie: number;
  /** Items of one time and one name are one. */
  readonly name?: string;
  readonly value: T;
}

export interface Question<T> {
  readonly signal: Signal;
  /** Where an item can be: with all of these, which must be indexed … */
  readonly all: readonly Word[];
  /** … and any of these, where there are some. */
  readonly any: readonly Word[];
  readonly from?: UnixNano;
  readonly to?: UnixNano;
  readonly limit: number;
  readonly cursor?: string;
  /** Those of a record that are asked for. One whose time `isWanted` denies need not be looked at further. */
  readonly itemsOf: (block: Block, row: number, isWanted: (time: UnixNano) => boolean) => Iterable<Item<T>>;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

const MOST_SCANNED = 50_000;
const RECORDS_PER_TURN = 500;

/** The last item of a page; `shown`: how many of exactly this time and tie were shown. */
interface Place {
  readonly partition: number;
  readonly time: UnixNano;
  readonly tie: number;
  readonly shown: number;
}

const CURSOR = /^(\d{1,9})\.(\d{1,20})\.(\d{1,10})\.(\d{1,9})$/;

const formatPlace = ({ partition, time, tie, shown }: Place): string => `${partition}.${time}.${tie}.${shown}`;

const parsePlace = (text: string): Place | undefined => {
  const [, partition, time, tie, shown] = CURSOR.exec(text) ?? [];
  if (partition === undefined || time === undefined) return undefined;
  return { partition: Number(partition), time: BigInt(time), tie: Number(tie), shown: Number(shown) };
};

export const newestFirst = async <T>(question: Question<T>, finder: Finder): Promise<Page<T>> => {
  const { limit, cursor } = question;
  const after = cursor === undefined ? undefined : parsePlace(cursor);
  const partitions = finder.partitions
    .list()
    .toReversed()
    .filter(({ number }) => after === undefined || number <= after.partition);
  const items: T[] = [];
  let scanned = 0;
  for (const [index, partition] of partitions.entries()) {
    const begun = after?.partition === partition.number ? after : undefined;
    const part = await newestOf(partition, begun, limit - items.length, question, finder);
    items.push(...part.items.map((item) => item.value));
    scanned += part.scanned;
    if (items.length >= limit) return { items, cursor: formatPlace(lastOf(part.items, partition.number, begun)) };
    if (scanned >= MOST_SCANNED && index < partitions.length - 1)
      return { items, cursor: formatPlace({ partition: partition.number, time: 0n, tie: 0, shown: 0 }) };
  }
  return { items };
};

const lastOf = <T>(items: readonly Item<T>[], partition: number, begun: Place | undefined): Place => {
  const { time = 0n, tie = 0 } = items.at(-1) ?? {};
  const equal = items.filter((item) => item.time === time && item.tie === tie).length;
  return { partition, time, tie, shown: equal + (begun?.time === time && begun.tie === tie ? begun.shown : 0) };
};

type Key = Pick<Item<unknown>, "time" | "tie">;

const inOrder = (a: Key, b: Key): number => Number(b.time > a.time) - Number(b.time < a.time) || b.tie - a.tie;

const newestOf = async <T>(
  partition: OpenPartition,
  begun: Place | undefined,
  wanted: number,
  { from, to, itemsOf, ...question }: Question<T>,
  finder: Finder,
): Promise<{ readonly items: readonly Item<T>[]; readonly scanned: number }> => {
  let items: Item<T>[] = [];
  /** No older one can be on the page. */
  let least: UnixNano | undefined;
  let scanned = 0;
  let restedAt = 0;
  let unsettled = 0;
  const isWanted = (time: UnixNano): boolean =>
    (from === undefined || time >= from) &&
    (to === undefined || time <= to) &&
    (begun === undefined || time <= begun.time) &&
    (least === undefined || time >= least);
  const settle = (): readonly Item<T>[] => {
    unsettled = 0;
    items = eachOnce(items.toSorted(inOrder));
    const rest = notShown(items, begun);
    if (rest.length >= wanted) {
      least = rest[wanted - 1]?.time;
      items = items.slice(0, items.length - rest.length + wanted);
    }
    return rest.slice(0, wanted);
  };

  const entries = blocksOf(partition, question, finder).toSorted(
    (a, b) => Number(b.maxTime > a.maxTime) - Number(b.maxTime < a.maxTime),
  );
  for (const { id, minTime, maxTime } of entries) {
    if (least !== undefined && maxTime < clamped(least)) break;
    if (from !== undefined && maxTime < clamped(from)) break;
    if ((to !== undefined && minTime > to) || (begun !== undefined && minTime > begun.time)) continue;
    const block = finder.block(partition, id);
    if (block === undefined) break;
    const before = items.length;
    for (let row = 0; row < block.count; row += 1) for (const item of itemsOf(block, row, isWanted)) items.push(item);
    scanned += block.count;
    unsettled += items.length - before;
    // Not after every block: one of a small request has a single item, and sorting a page for each is what takes long.
    if (items.length >= wanted && (least === undefined || unsettled >= wanted)) settle();
    if (scanned - restedAt < RECORDS_PER_TURN) continue;
    restedAt = scanned;
    await letOthersRun();
  }
  return { items: settle(), scanned };
};

const blocksOf = (
  partition: OpenPartition,
  { signal, all, any }: Pick<Question<unknown>, "signal" | "all" | "any">,
  finder: Finder,
): readonly BlockEntry[] => {
  const terms = all.map(wordTerm);
  if (any.length === 0) return finder.blocks(partition, signal, terms);
  const found = any.flatMap((word) => finder.blocks(partition, signal, [...terms, wordTerm(word)]));
  return [...new Map(found.map((entry) => [entry.id, entry])).values()];
};

/** In order, so that the first one stands for the others. */
const eachOnce = <T>(items: readonly Item<T>[]): Item<T>[] => {
  const seen = new Set<string>();
  return items.filter(({ time, name }) => {
    if (name === undefined) return true;
    const whole = `${time} ${name}`;
    return !seen.has(whole) && seen.add(whole);
  });
};

const notShown = <T>(items: readonly Item<T>[], begun: Place | undefined): readonly Item<T>[] => {
  if (begun === undefined) return items;
  const at = items.findIndex((item) => inOrder(item, begun) >= 0);
  if (at < 0) return [];
  const later = items.slice(at);
  const equal = later.filter((item) => inOrder(item, begun) === 0).length;
  return later.slice(Math.min(equal, begun.shown));
};

const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
