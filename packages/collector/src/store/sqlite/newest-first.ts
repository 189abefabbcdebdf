/**
 * Records by their own time, newest first, a page at a time.
 *
 * Partitions follow each other as they arrived, the latest first. Of one partition the blocks are read in the order of
 * their latest time, as far as they can hold anything newer than the last of the page: of an active partition few, of a
 * sealed one, whose blocks all reach over its whole time, all that hold the words.
 *
 *   blocks by latest time   [#########][########][#######]┊[######][#####] …
 *                            first                  last   ┊ where a page ended because it had read enough
 *
 * Such a page shows the newest of what it read, and the following ones the rest of it before they read on. So the order
 * is that of time wherever a page comes to its end without, and otherwise within what one page reads.
 *
 * Items of one time are told apart by what they are, never by where they lie: sealing moves them, and a cursor holds. One
 * that says how far blocks were read holds for these blocks alone: once they are sealed, their partition begins again.
 *
 * Bounds  MOST_COST of records and blocks for one page; then it has a cursor, however few items it has.
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

/** A record is one. 50,000 take half a second. */
const MOST_COST = 50_000;
/** To read a block and open it takes as long as to look at so many records. */
const BLOCK_COST = 20;
const COST_PER_TURN = 500;

type Key = Pick<Item<unknown>, "time" | "tie">;

/** The last item of a page; `shown`: how many of exactly this time and tie were shown. */
interface Place extends Key {
  readonly partition: number;
  /** What `first` and `last` are blocks of. */
  readonly isSealed: boolean;
  /** Those before it are done with. */
  readonly first?: number;
  /** Those after it were not read. */
  readonly last?: number;
  readonly shown: number;
}

const CURSOR = /^(\d{1,9})\.([as])(\d{0,10})-(\d{0,10})\.(\d{1,20})\.(\d{1,10})\.(\d{1,9})$/;

const formatPlace = ({ partition, isSealed, first, last, time, tie, shown }: Place): string =>
  `${partition}.${isSealed ? "s" : "a"}${first ?? ""}-${last ?? ""}.${time}.${tie}.${shown}`;

const parsePlace = (text: string): Place | undefined => {
  const [, partition, kind, first, last, time, tie, shown] = CURSOR.exec(text) ?? [];
  if (partition === undefined || time === undefined) return undefined;
  return {
    partition: Number(partition),
    isSealed: kind === "s",
    ...(first !== "" && { first: Number(first) }),
    ...(last !== "" && { last: Number(last) }),
    time: BigInt(time),
    tie: Number(tie),
    shown: Number(shown),
  };
};

/** Nothing comes before it. */
const NEWEST = { time: 2n ** 64n - 1n, tie: 2 ** 32 - 1, shown: 0 } as const;

const beginningOf = ({ number, isSealed }: OpenPartition): Place => ({ partition: number, isSealed, ...NEWEST });

export const newestFirst = async <T>(question: Question<T>, finder: Finder): Promise<Page<T>> => {
  const { limit, cursor } = question;
  const after = cursor === undefined ? undefined : parsePlace(cursor);
  const items: T[] = [];
  let cost = 0;
  for (const partition of finder.partitions.list().toReversed()) {
    if (after !== undefined && partition.number > after.partition) continue;
    let place: Place | undefined = after?.partition === partition.number ? after : beginningOf(partition);
    if (cost >= MOST_COST) return { items, cursor: formatPlace(place) };
    while (place !== undefined) {
      const part: Part<T> = await newestOf(partition, place, limit - items.length, cost, question, finder);
      items.push(...part.items.map((item) => item.value));
      cost = part.cost;
      place = part.next;
      if (place !== undefined && (items.length >= limit || cost >= MOST_COST))
        return { items, cursor: formatPlace(place) };
    }
  }
  return { items };
};

const inOrder = (a: Key, b: Key): number => Number(b.time > a.time) - Number(b.time < a.time) || b.tie - a.tie;

interface Part<T> {
  readonly items: readonly Item<T>[];
  /** undefined: the partition has no more. */
  readonly next: Place | undefined;
  readonly cost: number;
}

const newestOf = async <T>(
  partition: OpenPartition,
  place: Place,
  wanted: number,
  costBefore: number,
  { from, to, itemsOf, ...question }: Question<T>,
  finder: Finder,
): Promise<Part<T>> => {
  const { blocks, following, begun } = runAt(place, blocksByTime(partition, question, finder), partition);
  const newest = new Newest<T>(begun, wanted);
  const isWanted = (time: UnixNano): boolean =>
    (from === undefined || time >= from) && (to === undefined || time <= to) && newest.mayTake(time);
  let cost = costBefore;
  let restedAt = cost;
  let last: BlockEntry | undefined;
  let unread: BlockEntry | undefined;
  for (const entry of blocks) {
    const { id, minTime, maxTime } = entry;
    if (newest.least !== undefined && maxTime < clamped(newest.least)) break;
    if (from !== undefined && maxTime < clamped(from)) break;
    if ((to !== undefined && minTime > to) || minTime > begun.time) continue;
    // What was read for an earlier page is read again to its end: its cost was bounded then.
    if (cost >= MOST_COST && last !== undefined && begun.last === undefined) {
      unread = entry;
      break;
    }
    const block = finder.block(partition, id);
    if (block === undefined) return { items: newest.items(), next: undefined, cost };
    for (let row = 0; row < block.count; row += 1) for (const item of itemsOf(block, row, isWanted)) newest.take(item);
    last = entry;
    cost += BLOCK_COST + block.count;
    if (cost - restedAt < COST_PER_TURN) continue;
    restedAt = cost;
    await letOthersRun();
  }
  const items = newest.items();
  const first = (unread ?? following)?.id;
  if (items.length < wanted)
    return { items, next: first === undefined ? undefined : { ...beginningOf(partition), first }, cost };
  const next = { ...begun, ...lastOf(items, begun), ...(unread && last && { last: last.id }) };
  return { items, next, cost };
};

interface Run {
  readonly blocks: readonly BlockEntry[];
  /** The first after them. */
  readonly following: BlockEntry | undefined;
  /** `place`, or the beginning of the partition where its blocks are not those of `place` any more. */
  readonly begun: Place;
}

const runAt = (place: Place, entries: readonly BlockEntry[], partition: OpenPartition): Run => {
  const { first, last, isSealed } = place;
  if (first === undefined && last === undefined)
    return { blocks: entries, following: undefined, begun: { ...place, isSealed: partition.isSealed } };
  const start = first === undefined ? 0 : entries.findIndex(({ id }) => id === first);
  const end = last === undefined ? entries.length : entries.findIndex(({ id }) => id === last) + 1;
  if (isSealed !== partition.isSealed || start < 0 || end <= start)
    return { blocks: entries, following: undefined, begun: beginningOf(partition) };
  return { blocks: entries.slice(start, end), following: entries[end], begun: place };
};

/** The newest of what it was given, each once, that were not shown before. */
class Newest<T> {
  /** No older one can be among them. */
  least: UnixNano | undefined;
  #items: Item<T>[] = [];
  #unsettled = 0;
  /** Of the time where the page begins, what was shown by name. */
  readonly #shownNames = new Set<string>();
  readonly #begun: Place;
  readonly #wanted: number;

  constructor(begun: Place, wanted: number) {
    this.#begun = begun;
    this.#wanted = wanted;
  }

  mayTake(time: UnixNano): boolean {
    return time <= this.#begun.time && (this.least === undefined || time >= this.least);
  }

  take(item: Item<T>): void {
    if (inOrder(item, this.#begun) < 0) {
      if (item.name !== undefined && item.time === this.#begun.time) this.#shownNames.add(item.name);
      return;
    }
    this.#items.push(item);
    this.#unsettled += 1;
    // A page's worth at a time: sorting after each block, where most have a single item, is what would take long.
    if (this.#unsettled >= this.#wanted) this.#settle();
  }

  /** In order. */
  items(): readonly Item<T>[] {
    return this.#settle();
  }

  #settle(): readonly Item<T>[] {
    this.#unsettled = 0;
    this.#items = this.#eachOnce(this.#items.toSorted(inOrder));
    const equal = this.#items.filter((item) => inOrder(item, this.#begun) === 0).length;
    const shown = Math.min(equal, this.#begun.shown);
    const end = shown + this.#wanted;
    if (this.#items.length >= end) {
      this.least = this.#items[end - 1]?.time;
      this.#items = this.#items.slice(0, end);
    }
    return this.#items.slice(shown);
  }

  /** In order, so that the first one stands for the others. */
  #eachOnce(items: readonly Item<T>[]): Item<T>[] {
    const seen = new Set<string>();
    return items.filter(({ time, name }) => {
      if (name === undefined) return true;
      if (time === this.#begun.time && this.#shownNames.has(name)) return false;
      const whole = `${time} ${name}`;
      return !seen.has(whole) && seen.add(whole);
    });
  }
}

const lastOf = (items: readonly Key[], begun: Place): Pick<Place, "time" | "tie" | "shown"> => {
  const { time, tie } = items.at(-1) ?? begun;
  const equal = items.filter((item) => item.time === time && item.tie === tie).length;
  return { time, tie, shown: equal + (begun.time === time && begun.tie === tie ? begun.shown : 0) };
};

const blocksByTime = (
  partition: OpenPartition,
  question: Pick<Question<unknown>, "signal" | "all" | "any">,
  finder: Finder,
): readonly BlockEntry[] =>
  blocksOf(partition, question, finder).toSorted(
    (a, b) => Number(b.maxTime > a.maxTime) - Number(b.maxTime < a.maxTime) || b.id - a.id,
  );

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

const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
