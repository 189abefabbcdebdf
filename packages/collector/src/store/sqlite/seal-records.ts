/**
 * Records of one signal, in the order in which they arrived → in the order in which they are asked for, copies left out.
 *
 * A copy is the same bytes in the same origin, brought by another request. Of what one request brought twice, as log
 * lines may be, both stay.
 *
 * Memory  the records of one range, some `bufferBytes`, and 20 bytes for each record of the partition. The partition is
 *         read once to learn the keys, and once for each range; ranges are of the keys' hash, so that a trace is in one.
 */
import { crc32 } from "node:zlib";
import type { Block } from "./block.ts";
import type { OriginTable } from "./origin-table.ts";
import type { PartitionReader, Signal } from "./partition-reader.ts";
import { itemsOf, RecordKey } from "./record-order.ts";

export interface SortedRecord {
  /** A view, until the next range. */
  readonly bytes: Uint8Array;
  readonly origin: number;
  readonly arrivedAt: bigint;
  readonly isFirstOfKey: boolean;
}

export interface SortedRecords {
  records(): Generator<SortedRecord>;
  /** Items (spans, log records, data points) left out as copies so far. */
  readonly duplicates: number;
}

const BUFFER_BYTES = 32 * 1024 * 1024;

export const sortRecords = (
  source: PartitionReader,
  signal: Signal,
  origins: OriginTable,
  bufferBytes: number = BUFFER_BYTES,
): SortedRecords => {
  const entries = source.blocks(signal);
  const survey = surveyOf(source, signal);
  const sorted = {
    duplicates: 0,
    *records() {
      for (const [from, to] of rangesOf(survey, bufferBytes)) {
        const range = new Range(signal, survey, from, to);
        for (const { id, firstRecord } of withFirstRecord(entries)) range.take(source.block(id), firstRecord, origins);
        for (const key of range.keys()) {
          const copies = range.copiesAmong(key);
          let isFirstOfKey = true;
          for (const slot of key) {
            const bytes = range.record(slot);
            if (copies.has(slot)) {
              sorted.duplicates += itemsOf(signal, bytes);
              continue;
            }
            yield { bytes, origin: range.origins[slot]!, arrivedAt: range.arrivals[slot]!, isFirstOfKey };
            isFirstOfKey = false;
          }
        }
      }
    },
  };
  return sorted;
};

/** A key's hash and a record's number in one double, so that a typed array sorts them: 28 + 25 bits. */
const RECORDS = 2 ** 25;

interface Survey {
  /** Hash and number of each record, sorted. */
  readonly order: Float64Array;
  /** By number. */
  readonly lengths: Uint32Array;
}

const surveyOf = (source: PartitionReader, signal: Signal): Survey => {
  const entries = source.blocks(signal);
  const total = entries.reduce((sum, { records }) => sum + records, 0);
  if (total > RECORDS) throw new RangeError(`a partition has ${total} records, at most ${RECORDS} can be sealed`);
  const order = new Float64Array(total);
  const lengths = new Uint32Array(total);
  const key = new RecordKey(signal);
  let number = 0;
  for (const { id } of entries) {
    const block = source.block(id);
    for (let row = 0; row < block.count; row += 1) {
      const record = block.record(row);
      key.read(record);
      lengths[number] = record.length;
      order[number] = (key.hash >>> 4) * RECORDS + number;
      number += 1;
    }
  }
  order.sort();
  return { order, lengths };
};

const hashOf = (ordered: number): number => Math.floor(ordered / RECORDS);
const numberOf = (ordered: number): number => ordered % RECORDS;

/** Bounds in the order, each between two hashes. */
function* rangesOf({ order, lengths }: Survey, bufferBytes: number): Generator<readonly [from: number, to: number]> {
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < order.length; at += 1) {
    if (bytes >= bufferBytes && hashOf(order[at]!) !== hashOf(order[at - 1]!)) {
      yield [from, at];
      from = at;
      bytes = 0;
    }
    bytes += lengths[numberOf(order[at]!)]!;
  }
  if (from < order.length) yield [from, order.length];
}

function* withFirstRecord<T extends { records: number }>(
  entries: readonly T[],
): Generator<T & { firstRecord: number }> {
  let firstRecord = 0;
  for (const entry of entries) {
    yield { ...entry, firstRecord };
    firstRecord += entry.records;
  }
}

/** Above this many records of one key, copies are looked for by checksum. */
const FEW = 16;

/** The records of one range. A slot is a place in the order. */
class Range {
  readonly origins: Uint32Array;
  readonly arrivals: BigUint64Array;
  readonly #signal: Signal;
  readonly #hashes: Uint32Array;
  readonly #numbers: Uint32Array;
  readonly #requests: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #buffer: Buffer;
  readonly #slotOf: Int32Array;
  readonly #requestNumbers = new Map<string, number>();

  constructor(signal: Signal, { order, lengths }: Survey, from: number, to: number) {
    const count = to - from;
    this.#signal = signal;
    this.#hashes = new Uint32Array(count);
    this.#numbers = new Uint32Array(count);
    this.#requests = new Uint32Array(count);
    this.#starts = new Uint32Array(count + 1);
    this.origins = new Uint32Array(count);
    this.arrivals = new BigUint64Array(count);
    this.#slotOf = new Int32Array(order.length).fill(-1);
    let bytes = 0;
    for (let slot = 0; slot < count; slot += 1) {
      const number = numberOf(order[from + slot]!);
      this.#hashes[slot] = hashOf(order[from + slot]!);
      this.#numbers[slot] = number;
      this.#slotOf[number] = slot;
      bytes += lengths[number]!;
      this.#starts[slot + 1] = bytes;
    }
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  record(slot: number): Buffer {
    return this.#buffer.subarray(this.#starts[slot], this.#starts[slot + 1]);
  }

  /** Keeps what the block has of this range. */
  take(block: Block, firstRecord: number, origins: OriginTable): void {
    const requestOf = this.#requestsOf(block);
    for (let row = 0; row < block.count; row += 1) {
      const slot = this.#slotOf[firstRecord + row]!;
      if (slot < 0) continue;
      this.#buffer.set(block.record(row), this.#starts[slot]);
      this.origins[slot] = origins.numberOf(block.origin(row));
      this.arrivals[slot] = block.arrivedAt(row);
      this.#requests[slot] = requestOf(row);
    }
    origins.forgetObjects();
  }

  /** Slots of each key, in order. */
  *keys(): Generator<readonly number[]> {
    for (let from = 0, to = 0; from < this.#hashes.length; from = to) {
      while (to < this.#hashes.length && this.#hashes[to] === this.#hashes[from]) to += 1;
      const slots = Array.from({ length: to - from }, (_, n) => from + n);
      if (slots.length === 1) yield slots;
      else yield* this.#keysAmong(slots);
    }
  }

  /** Which of these are copies of others. */
  copiesAmong(slots: readonly number[]): ReadonlySet<number> {
    if (slots.length === 1) return NONE;
    const alike = slots.length <= FEW ? this.#alikeAmongFew(slots) : this.#alikeAmongMany(slots);
    if (alike.length === 0) return NONE;
    return new Set(alike.flatMap((group) => this.#copiesIn(group)));
  }

  /** Number of the request in which a row came: of one block's runs at one time, each is another request. */
  #requestsOf(block: Block): (row: number) => number {
    const runsAt = new Map<bigint, number>();
    let run = -1;
    let number = 0;
    return (row) => {
      if (block.request(row) === run) return number;
      run = block.request(row);
      const arrivedAt = block.arrivedAt(row);
      const nth = runsAt.get(arrivedAt) ?? 0;
      runsAt.set(arrivedAt, nth + 1);
      const name = `${arrivedAt} ${nth}`;
      number = this.#requestNumbers.get(name) ?? this.#requestNumbers.size;
      this.#requestNumbers.set(name, number);
      return number;
    };
  }

  /** Of one hash; nearly always of one key. */
  *#keysAmong(slots: readonly number[]): Generator<readonly number[]> {
    const key = new RecordKey(this.#signal);
    const facts = new Map(
      slots.map((slot) => {
        const record = this.record(slot);
        key.read(record);
        return [slot, { bytes: record.subarray(key.start, key.end), time: key.time }];
      }),
    );
    const compareKeys = (a: number, b: number): number => Buffer.compare(facts.get(a)!.bytes, facts.get(b)!.bytes);
    const sorted = slots.toSorted(
      (a, b) => compareKeys(a, b) || facts.get(a)!.time - facts.get(b)!.time || this.#numbers[a]! - this.#numbers[b]!,
    );
    for (let from = 0, to = 0; from < sorted.length; from = to) {
      while (to < sorted.length && compareKeys(sorted[from]!, sorted[to]!) === 0) to += 1;
      yield sorted.slice(from, to);
    }
  }

  #areAlike(a: number, b: number): boolean {
    const isSameLength = this.#length(a) === this.#length(b);
    return isSameLength && this.origins[a] === this.origins[b] && this.record(a).equals(this.record(b));
  }

  #length(slot: number): number {
    return this.#starts[slot + 1]! - this.#starts[slot]!;
  }

  #alikeAmongFew(slots: readonly number[]): number[][] {
    const groups: number[][] = [];
    for (const [n, slot] of slots.entries()) {
      const earlier = slots.slice(0, n).find((one) => this.#areAlike(one, slot));
      if (earlier === undefined) continue;
      const group = groups.find(([first]) => first === earlier);
      if (group) group.push(slot);
      else groups.push([earlier, slot]);
    }
    return groups;
  }

  #alikeAmongMany(slots: readonly number[]): number[][] {
    const bySum = new Map<number, number[][]>();
    for (const slot of slots) {
      const sum = crc32(this.record(slot));
      const groups = bySum.get(sum) ?? [];
      const group = groups.find(([first]) => this.#areAlike(first!, slot));
      if (group) group.push(slot);
      else bySum.set(sum, [...groups, [slot]]);
    }
    return [...bySum.values()].flat().filter((group) => group.length > 1);
  }

  /** All but those of the request that brought the most of them, and of such requests the first. */
  #copiesIn(group: readonly number[]): readonly number[] {
    const counts = new Map<number, number>();
    for (const slot of group) counts.set(this.#requests[slot]!, (counts.get(this.#requests[slot]!) ?? 0) + 1);
    const [kept] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most));
    return group.filter((slot) => this.#requests[slot] !== kept);
  }
}

const NONE: ReadonlySet<number> = new Set();
