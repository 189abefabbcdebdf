/**
 * Protobuf → raw records: what decode… would accept, found and judged without building it (skim.ts). Only what is bad
 * is read by the decoders, for the error's words.
 *
 * A span must also have its ids, 16 and 8 bytes, not all zero.
 */
import { DecodeError, type DecodeOptions, type OnBadRecord } from "../decode-error.ts";
import { type RawRecords, Slices } from "../raw-records.ts";
import { MESSAGES } from "../schema.ts";
import { LOGS, METRICS, type Signal, TRACES } from "../signals.ts";
import { readLogRecord } from "./logs.ts";
import { readMetric } from "./metrics.ts";
import { ProtobufReader } from "./reader.ts";
import { readResource, readScope } from "./resource.ts";
import { INVALID_SPAN_ID, INVALID_TRACE_ID, skimMessage, SOUND } from "./skim.ts";
import { readSpan } from "./span.ts";
import { ProtobufWriter } from "./writer.ts";

type Read = (reader: ProtobufReader) => unknown;

export const skimTraces = (bytes: Uint8Array, options: DecodeOptions = {}): RawRecords =>
  new Skim(bytes, TRACES, readSpan, options.onBadRecord).run();

export const skimLogs = (bytes: Uint8Array, options: DecodeOptions = {}): RawRecords =>
  new Skim(bytes, LOGS, readLogRecord, options.onBadRecord).run();

export const skimMetrics = (bytes: Uint8Array, options: DecodeOptions = {}): RawRecords =>
  new Skim(bytes, METRICS, readMetric, options.onBadRecord).run();

const DELIMITED = 2;

/** The fields of a group but for what is repeated in it (field 2), as they stand. */
class GroupFields {
  readonly #parts: Uint8Array[] = [];

  add(bytes: Uint8Array, start: number, end: number): void {
    this.#parts.push(bytes.subarray(start, end));
  }

  joined(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

class Skim {
  readonly #bytes: Uint8Array;
  readonly #signal: Signal;
  readonly #readRecord: Read;
  readonly #onBadRecord: OnBadRecord | undefined;
  readonly #reader: ProtobufReader;
  readonly #slices = new Slices();
  readonly #origins: Uint8Array[] = [];
  #items = 0;

  constructor(bytes: Uint8Array, signal: Signal, readRecord: Read, onBadRecord: OnBadRecord | undefined) {
    this.#bytes = bytes;
    this.#signal = signal;
    this.#readRecord = readRecord;
    this.#onBadRecord = onBadRecord;
    this.#reader = new ProtobufReader(bytes);
  }

  run(): RawRecords {
    const reader = this.#reader;
    for (let index = 0; reader.next();) if (reader.fieldNumber === 1) this.#group(index++);
    return { bytes: this.#bytes, slices: this.#slices.numbers(), origins: this.#origins, items: this.#items };
  }

  /** Origins are made at the end: a resource may stand after its scopes. */
  #group(index: number): void {
    const reader = this.#reader;
    const firstRecord = this.#slices.count;
    const firstOrigin = this.#origins.length;
    const fields = new GroupFields();
    let problem: DecodeError | undefined;
    let scopes = 0;
    const outer = reader.enter(this.#signal.groups, index);
    for (let from = reader.position; reader.next(); from = reader.position) {
      if (reader.fieldNumber === 2) {
        this.#scope(scopes++);
        continue;
      }
      if (reader.fieldNumber === 1) problem ??= this.#problem(MESSAGES.Resource.id, () => readResource(reader));
      else if (reader.fieldNumber === 3) reader.string();
      fields.add(this.#bytes, from, reader.position);
    }
    reader.leave(outer);
    if (problem !== undefined) return this.#reject(firstRecord, firstOrigin, problem);
    const head = fields.joined();
    for (let origin = firstOrigin; origin < this.#origins.length; origin++) {
      const writer = new ProtobufWriter(head.length + this.#origins[origin]!.length + 20);
      writer.raw(head);
      writer.bytes(2, this.#origins[origin]!);
      this.#origins[origin] = writer.written();
    }
  }

  /** Leaves the scope group's own fields as the origin, for `#group` to complete. */
  #scope(index: number): void {
    const reader = this.#reader;
    const firstRecord = this.#slices.count;
    const origin = this.#origins.length;
    const fields = new GroupFields();
    let problem: DecodeError | undefined;
    let records = 0;
    const outer = reader.enter(this.#signal.scopes, index);
    for (let from = reader.position; reader.next(); from = reader.position) {
      if (reader.fieldNumber === 2) {
        this.#record(records++, origin);
        continue;
      }
      if (reader.fieldNumber === 1)
        problem ??= this.#problem(MESSAGES.InstrumentationScope.id, () => readScope(reader));
      else if (reader.fieldNumber === 3) reader.string();
      fields.add(this.#bytes, from, reader.position);
    }
    reader.leave(outer);
    if (problem !== undefined) this.#reject(firstRecord, origin, problem);
    else if (this.#slices.count > firstRecord) this.#origins.push(fields.joined());
  }

  #record(index: number, origin: number): void {
    const reader = this.#reader;
    const { start, end } = reader;
    const problem = this.#problem(this.#signal.record.id, (verdict) => {
      const outer = reader.enter(this.#signal.records, index);
      this.#readRecord(reader);
      if (verdict === INVALID_TRACE_ID) reader.refuse("its trace id is not 16 bytes, or all zero", "invalid-trace-id");
      if (verdict === INVALID_SPAN_ID) reader.refuse("its span id is not 8 bytes, or all zero", "invalid-span-id");
      reader.leave(outer);
    });
    const items = this.#signal.items.inProtobuf(this.#bytes, start, end);
    if (problem === undefined) {
      this.#slices.add(start, end, origin);
      this.#items += items;
    } else this.#onBadRecord?.(problem, Math.max(1, items));
  }

  /** What is wrong with the current value, a message of this kind; thrown where nobody listens. */
  #problem(message: number, read: (verdict: number | undefined) => unknown): DecodeError | undefined {
    const reader = this.#reader;
    const { start, end, wireType } = reader;
    const verdict = wireType === DELIMITED ? skimMessage(this.#bytes, message, start, end) : undefined;
    if (verdict === SOUND) return undefined;
    const problem = reader.attempt(() => read(verdict));
    if (!(problem instanceof DecodeError)) throw new Error("skimming refused what decoding accepts");
    if (this.#onBadRecord === undefined) throw problem;
    return problem;
  }

  /** Takes back what was kept under a bad resource or scope. */
  #reject(firstRecord: number, firstOrigin: number, problem: DecodeError): void {
    const { items } = this.#signal;
    for (const [start, end] of this.#slices.truncate(firstRecord)) {
      const count = items.inProtobuf(this.#bytes, start, end);
      this.#items -= count;
      this.#onBadRecord?.(problem, Math.max(1, count));
    }
    this.#origins.length = firstOrigin;
  }
}
