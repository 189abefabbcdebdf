/**
 * The records of one range, put in their places block by block and then told in order, copies apart. A slot is a place in the
 * order.
 */
import { crc32 } from "node:zlib";
import type { Block } from "./block.ts";
import type { OriginTable } from "./origin-table.ts";
import { type Contents, copiesAmong } from "./record-copies.ts";
import type { RecordRequests } from "./record-requests.ts";
import { hashOf, numberOf, type Survey } from "./record-survey.ts";

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

export class RecordRange {
  readonly #survey: Survey;
  readonly #first: number;
  readonly #count: number;
  readonly #requests: Uint32Array;
  readonly #origins: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #buffer: Buffer;
  readonly #slotOf: Int32Array;
  readonly #contents: Contents = {
    areAlike: (a, b) =>
      this.#length(a) === this.#length(b) &&
      this.#origins[a] === this.#origins[b] &&
      this.#record(a).equals(this.#record(b)),
    sumOf: (slot) => crc32(this.#record(slot)),
    requestOf: (slot) => this.#requests[slot]!,
  };

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
  take(block: Block, firstRecord: number, origins: OriginTable, requests: RecordRequests): void {
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

  tell(to: SortedRecords, { arrivedAt }: RecordRequests): void {
    const record = { bytes: this.#buffer, start: 0, end: 0, number: 0, origin: 0, request: 0, arrivedAt: 0n };
    const told = { ...record, isFirstOfKey: false };
    for (const key of this.#keys()) {
      const copies = copiesAmong(key, this.#contents);
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
}
