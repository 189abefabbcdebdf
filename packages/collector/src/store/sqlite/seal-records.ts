/**
 * Records of one signal, in the order in which they arrived → in the order in which they are asked for, copies left out.
 *
 * A copy is the same bytes in the same origin, brought by another request. Of what one request brought twice, as log
 * lines may be, both stay.
 *
 * Memory  the records of one range, some `bufferBytes`; as many decoded blocks as fit `keptBytes`, the others are decoded
 *         once to learn the keys and once for each range, one at a time; 30 bytes for each record. A range is one of the
 *         keys' hashes, so that all of a trace is in it.
 */
import { crc32 } from "node:zlib";
import { giveBack } from "../../give-back.ts";
import type { Block } from "./block.ts";
import type { OriginTable } from "./origin-table.ts";
import type { Signal } from "./partition-reader.ts";
import { RecordKey } from "./record-order.ts";
import type { SealSource } from "./seal-source.ts";

export interface SortedRecords {
  /** The record is the bytes from `start` to `end`, until the next call. */
  keep(record: SortedRecord): void;
  leaveOut(record: SortedRecord): void;
}

/** Of a number in the source; one object, used again for the next record. */
export interface SortedRecord {
  bytes: Buffer;
  start: number;
  end: number;
  /** In the order of arrival, over all blocks of the source. */
  number: number;
  origin: number;
  /** Equal for records of one request, where they follow each other. */
  request: number;
  arrivedAt: bigint;
  isFirstOfKey: boolean;
}

export interface SortLimits {
  readonly bufferBytes?: number;
  readonly keptBytes?: number;
}

const BUFFER_BYTES = 16 * 1024 * 1024;
const KEPT_BYTES = 8 * 1024 * 1024;

export const sortRecords = (
  source: SealSource,
  signal: Signal,
  origins: OriginTable,
  to: SortedRecords,
  { bufferBytes = BUFFER_BYTES, keptBytes = KEPT_BYTES }: SortLimits = {},
): void => {
  const blocks = keeping(source, keptBytes);
  const survey = surveyOf(source, signal, blocks);
  const ranges = rangesOf(survey, bufferBytes);
  const room = Buffer.allocUnsafeSlow(ranges.reduce((most, { bytes }) => Math.max(most, bytes), 0));
  for (const { first, last } of ranges) {
    const requests = new Requests();
    const range = new Range(survey, first, last, room);
    let firstRecord = 0;
    for (const { id, records } of source.blocks(signal)) {
      range.take(blocks.read(id), firstRecord, origins, requests);
      firstRecord += records;
    }
    range.tell(to, requests);
  }
  giveBack(room.buffer);
  blocks.end();
};

interface Blocks {
  /** Until the next is read. */
  read(id: number): Block;
  end(): void;
}

/** Keeps the first ones; the others are read again. */
const keeping = (source: SealSource, keptBytes: number): Blocks => {
  const kept = new Map<number, Block>();
  let bytes = 0;
  let passing: Block | undefined;
  const pass = (block?: Block): void => {
    if (passing) giveBack(passing.bytes.buffer);
    passing = block;
  };
  return {
    read(id) {
      const known = kept.get(id);
      if (known !== undefined) return known;
      const block = source.block(id);
      bytes += block.bytes.buffer.byteLength;
      if (bytes <= keptBytes) kept.set(id, block);
      else pass(block);
      return block;
    },
    end() {
      pass();
      for (const block of kept.values()) giveBack(block.bytes.buffer);
    },
  };
};

/** A key's hash and a record's number in one double, so that a typed array sorts them: 28 + 25 bits. */
const RECORDS = 2 ** 25;

interface Survey {
  /** Hash and number of each record, sorted. */
  readonly order: Float64Array;
  /** By number: of the record, where in it the key is, and for logs when it happened. */
  readonly lengths: Uint32Array;
  readonly keyStarts: Uint32Array;
  readonly keyLengths: Uint32Array;
  readonly times: Float64Array;
}

const surveyOf = (source: SealSource, signal: Signal, blocks: Blocks): Survey => {
  const entries = source.blocks(signal);
  const total = entries.reduce((sum, { records }) => sum + records, 0);
  if (total > RECORDS) throw new RangeError(`a partition has ${total} records, at most ${RECORDS} can be sealed`);
  const survey = {
    order: new Float64Array(total),
    lengths: new Uint32Array(total),
    keyStarts: new Uint32Array(total),
    keyLengths: new Uint32Array(total),
    times: new Float64Array(signal === "logs" ? total : 0),
  };
  const key = new RecordKey(signal);
  let number = 0;
  for (const { id } of entries) {
    const { bytes, ends } = blocks.read(id);
    let start = 0;
    for (const end of ends) {
      key.read(bytes, start, end);
      survey.lengths[number] = end - start;
      survey.keyStarts[number] = key.start - start;
      survey.keyLengths[number] = key.end - key.start;
      if (signal === "logs") survey.times[number] = key.time;
      survey.order[number] = (key.hash >>> 4) * RECORDS + number;
      number += 1;
      start = end;
    }
  }
  survey.order.sort();
  return survey;
};

const hashOf = (ordered: number): number => Math.floor(ordered / RECORDS);
const numberOf = (ordered: number): number => ordered % RECORDS;

interface Bounds {
  /** In the order, each between two hashes. */
  readonly first: number;
  readonly last: number;
  /** Of its records. */
  readonly bytes: number;
}

const rangesOf = ({ order, lengths }: Survey, bufferBytes: number): readonly Bounds[] => {
  const ranges: Bounds[] = [];
  let first = 0;
  let bytes = 0;
  for (let at = 0; at < order.length; at += 1) {
    if (bytes >= bufferBytes && hashOf(order[at]!) !== hashOf(order[at - 1]!)) {
      ranges.push({ first, last: at, bytes });
      first = at;
      bytes = 0;
    }
    bytes += lengths[numberOf(order[at]!)]!;
  }
  if (first < order.length) ranges.push({ first, last: order.length, bytes });
  return ranges;
};

/** A block this large may end within a request, which then goes on in the next one. */
const SPLIT_BYTES = 512 * 1024;

/** Requests by number: each run of a block is one. */
class Requests {
  readonly arrivedAt: bigint[] = [];
  #previous: { readonly length: number; readonly lastArrival: bigint } | undefined;

  /** Must be asked about all blocks, and about the rows of each, in their order. */
  of(block: Block): (row: number) => number {
    let number = this.arrivedAt.length - 1;
    let run = this.#goesOn(block) ? block.request(0) : -1;
    this.#previous =
      block.count === 0 ? undefined : { length: block.bytes.length, lastArrival: block.arrivedAt(block.count - 1) };
    return (row) => {
      if (block.request(row) !== run) {
        run = block.request(row);
        number = this.arrivedAt.push(block.arrivedAt(row)) - 1;
      }
      return number;
    };
  }

  #goesOn(block: Block): boolean {
    const previous = this.#previous;
    if (previous === undefined || block.count === 0 || previous.length < SPLIT_BYTES) return false;
    return block.arrivedAt(0) === previous.lastArrival;
  }
}

/** Above this many records of one key, copies are looked for by checksum. */
const FEW = 16;

/** The records of one range. A slot is a place in the order. */
class Range {
  readonly #survey: Survey;
  readonly #first: number;
  readonly #count: number;
  readonly #requests: Uint32Array;
  readonly #origins: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #buffer: Buffer;
  readonly #slotOf: Int32Array;

  /** `room` is for its records. */
  constructor(survey: Survey, first: number, last: number, room: Buffer) {
    const { order, lengths } = survey;
    this.#survey = survey;
    this.#first = first;
    this.#count = last - first;
    this.#requests = new Uint32Array(this.#count);
    this.#origins = new Uint32Array(this.#count);
    this.#starts = new Uint32Array(this.#count + 1);
    this.#slotOf = new Int32Array(order.length).fill(-1);
    let bytes = 0;
    for (let slot = 0; slot < this.#count; slot += 1) {
      const number = this.#number(slot);
      this.#slotOf[number] = slot;
      bytes += lengths[number]!;
      this.#starts[slot + 1] = bytes;
    }
    this.#buffer = room.subarray(0, bytes);
  }

  /** Keeps what the block has of this range. */
  take(block: Block, firstRecord: number, origins: OriginTable, requests: Requests): void {
    const requestOf = requests.of(block);
    let start = 0;
    for (let row = 0; row < block.count; row += 1) {
      const end = block.ends[row]!;
      const slot = this.#slotOf[firstRecord + row]!;
      const request = requestOf(row);
      if (slot >= 0) {
        block.bytes.copy(this.#buffer, this.#starts[slot], start, end);
        this.#origins[slot] = origins.numberOf(block.origin(row));
        this.#requests[slot] = request;
      }
      start = end;
    }
    origins.forgetObjects();
  }

  tell(to: SortedRecords, { arrivedAt }: Requests): void {
    const record = { bytes: this.#buffer, start: 0, end: 0, number: 0, origin: 0, request: 0, arrivedAt: 0n };
    const told = { ...record, isFirstOfKey: false };
    for (const key of this.#keys()) {
      const copies = this.#copiesAmong(key);
      told.isFirstOfKey = true;
      for (const slot of key) {
        told.start = this.#starts[slot]!;
        told.end = this.#starts[slot + 1]!;
        told.number = this.#number(slot);
        told.origin = this.#origins[slot]!;
        told.request = this.#requests[slot]!;
        told.arrivedAt = arrivedAt[told.request]!;
        if (copies.has(slot)) {
          to.leaveOut(told);
        } else {
          to.keep(told);
          told.isFirstOfKey = false;
        }
      }
    }
  }

  #number(slot: number): number {
    return numberOf(this.#survey.order[this.#first + slot]!);
  }

  #hash(slot: number): number {
    return hashOf(this.#survey.order[this.#first + slot]!);
  }

  #record(slot: number): Buffer {
    return this.#buffer.subarray(this.#starts[slot], this.#starts[slot + 1]);
  }

  #length(slot: number): number {
    return this.#starts[slot + 1]! - this.#starts[slot]!;
  }

  /** Slots of each key, in order. */
  *#keys(): Generator<readonly number[]> {
    for (let from = 0; from < this.#count;) {
      const hash = this.#hash(from);
      const slots = [from];
      let isOneKey = true;
      for (let slot = from + 1; slot < this.#count && this.#hash(slot) === hash; slot += 1) {
        isOneKey &&= this.#compareKeys(from, slot) === 0;
        slots.push(slot);
      }
      from += slots.length;
      if (isOneKey) yield this.#inTime(slots);
      else yield* this.#keysAmong(slots);
    }
  }

  *#keysAmong(slots: readonly number[]): Generator<readonly number[]> {
    const sorted = slots.toSorted((a, b) => this.#compareKeys(a, b) || a - b);
    for (let from = 0, to = 0; from < sorted.length; from = to) {
      while (to < sorted.length && this.#compareKeys(sorted[from]!, sorted[to]!) === 0) to += 1;
      yield this.#inTime(sorted.slice(from, to));
    }
  }

  #compareKeys(a: number, b: number): number {
    const [startA, lengthA] = this.#key(a);
    const [startB, lengthB] = this.#key(b);
    for (let n = 0; n < lengthA && n < lengthB; n += 1) {
      const difference = this.#buffer[startA + n]! - this.#buffer[startB + n]!;
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  #key(slot: number): readonly [start: number, length: number] {
    const number = this.#number(slot);
    return [this.#starts[slot]! + this.#survey.keyStarts[number]!, this.#survey.keyLengths[number]!];
  }

  /** Of logs; the others stand in the order in which they arrived. */
  #inTime(slots: readonly number[]): readonly number[] {
    const { times } = this.#survey;
    if (times.length === 0) return slots;
    return slots.toSorted((a, b) => times[this.#number(a)]! - times[this.#number(b)]! || a - b);
  }

  /** Which of these are copies of others. */
  #copiesAmong(slots: readonly number[]): ReadonlySet<number> {
    if (slots.length === 1) return NONE;
    const alike = slots.length <= FEW ? this.#alikeAmongFew(slots) : this.#alikeAmongMany(slots);
    return alike.length === 0 ? NONE : new Set(alike.flatMap((group) => this.#copiesIn(group)));
  }

  #areAlike(a: number, b: number): boolean {
    const isSameLength = this.#length(a) === this.#length(b);
    return isSameLength && this.#origins[a] === this.#origins[b] && this.#record(a).equals(this.#record(b));
  }

  #alikeAmongFew(slots: readonly number[]): number[][] {
    const groups: number[][] = [];
    for (let n = 1; n < slots.length; n += 1) {
      for (let earlier = 0; earlier < n; earlier += 1) {
        const first = slots[earlier]!;
        if (!this.#areAlike(first, slots[n]!)) continue;
        const group = groups.find((one) => one[0] === first);
        if (group) group.push(slots[n]!);
        else groups.push([first, slots[n]!]);
        break;
      }
    }
    return groups;
  }

  #alikeAmongMany(slots: readonly number[]): number[][] {
    const bySum = new Map<number, number[][]>();
    for (const slot of slots) {
      const sum = crc32(this.#record(slot));
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
