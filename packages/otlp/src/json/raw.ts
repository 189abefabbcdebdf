/**
 * JSON → raw records: what decode…Json would accept, as protobuf.
 *
 * Text goes straight to protobuf (scan.ts). A record that the scanner finds odd is read by itself the long way, parsed,
 * made a wire object, encoded, which also says what is bad about it; so is the whole text when it is odd around the
 * records. Nothing is told before the scan is through, lest it be told twice.
 *
 * A span must also have its ids, 32 and 16 hex digits, not all zero. Other ids that are no hex are left out: protobuf
 * cannot say them.
 */
import { DecodeError, type DecodeOptions, type OnBadRecord } from "../decode-error.ts";
import { originToProtobuf, writeMessage } from "../protobuf/encode.ts";
import { ProtobufWriter } from "../protobuf/writer.ts";
import { type RawRecords, Slices } from "../raw-records.ts";
import { type Message, MESSAGES } from "../schema.ts";
import { LOGS, METRICS, type Signal, TRACES } from "../signals.ts";
import type { Span } from "../types.ts";
import { groupsFromJson } from "./groups.ts";
import { logRecordFromJson } from "./logs.ts";
import { metricFromJson } from "./metrics.ts";
import { parseJson } from "./parse.ts";
import { resourceFromJson, scopeFromJson } from "./resource.ts";
import { JsonScanner, ODD } from "./scan.ts";
import { skipJson, skipSpace } from "./skip.ts";
import { spanFromJson } from "./span.ts";

type FromJson = (value: unknown) => object;

export const rawTracesFromJson = (text: string | Uint8Array, options: DecodeOptions = {}): RawRecords =>
  rawFromJson(text, TRACES, namedSpanFromJson, options);

export const rawLogsFromJson = (text: string | Uint8Array, options: DecodeOptions = {}): RawRecords =>
  rawFromJson(text, LOGS, logRecordFromJson, options);

export const rawMetricsFromJson = (text: string | Uint8Array, options: DecodeOptions = {}): RawRecords =>
  rawFromJson(text, METRICS, metricFromJson, options);

const rawFromJson = (
  text: string | Uint8Array,
  signal: Signal,
  recordFromJson: FromJson,
  { onBadRecord }: DecodeOptions,
): RawRecords => {
  const input = typeof text === "string" ? Buffer.from(text) : text;
  return (
    new RawScan(input, signal, recordFromJson, onBadRecord).run() ??
    theLongWay(input, signal, recordFromJson, onBadRecord)
  );
};

const theLongWay = (
  text: Uint8Array,
  signal: Signal,
  recordFromJson: FromJson,
  onBadRecord: OnBadRecord | undefined,
): RawRecords => {
  const writer = new ProtobufWriter(text.length);
  const slices = new Slices();
  const origins: Uint8Array[] = [];
  let items = 0;
  for (const { resource, schemaUrl, scopes } of groupsFromJson(parseJson(text), signal, recordFromJson, onBadRecord)) {
    for (const { scope, schemaUrl: scopeSchemaUrl, records } of scopes) {
      if (records.length === 0) continue;
      const origin = originToProtobuf({ resource, resourceSchemaUrl: schemaUrl, scope, scopeSchemaUrl });
      origins.push(origin);
      for (const record of records) {
        const start = writer.position;
        writeMessage(writer, signal.record, record);
        slices.add(start, writer.position, origins.length - 1);
        items += signal.items.of(record);
      }
    }
  }
  return { bytes: writer.written(), slices: slices.numbers(), origins, items };
};

/** A group's own field as protobuf, tag and all; no bytes where it is unset. */
interface Part {
  readonly after: number;
  readonly bytes: Buffer;
  readonly problem?: DecodeError;
}

const NOTHING = Buffer.alloc(0);
const ODD_PART: Part = { after: ODD, bytes: NOTHING };

/** The three signals number these alike. */
const GROUP = MESSAGES.ResourceSpans;
const SCOPE = MESSAGES.ScopeSpans;

type ReadAt = (position: number, index: number) => number;

class RawScan {
  readonly #input: Buffer;
  readonly #signal: Signal;
  readonly #recordFromJson: FromJson;
  readonly #onBadRecord: OnBadRecord | undefined;
  readonly #scanner: JsonScanner;
  readonly #slices = new Slices();
  readonly #origins: Uint8Array[] = [];
  readonly #bad: [error: DecodeError, items: number][] = [];
  #items = 0;

  constructor(input: Uint8Array, signal: Signal, recordFromJson: FromJson, onBadRecord: OnBadRecord | undefined) {
    this.#input = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    this.#signal = signal;
    this.#recordFromJson = recordFromJson;
    this.#onBadRecord = onBadRecord;
    this.#scanner = new JsonScanner(input);
  }

  /** undefined where the text is odd around its records. */
  run(): RawRecords | undefined {
    const input = this.#input;
    const start = input[0] === 0xef && input[1] === 0xbb && input[2] === 0xbf ? 3 : 0;
    const end = this.#fields(skipSpace(input, start), {
      [this.#signal.groups]: (position) => this.#each(position, (at, index) => this.#group(at, index)),
    });
    if (end < 0 || skipSpace(input, end) !== input.length) return undefined;
    for (const [error, items] of this.#bad) this.#onBadRecord?.(error, items);
    return {
      bytes: this.#scanner.written(),
      slices: this.#slices.numbers(),
      origins: this.#origins,
      items: this.#items,
    };
  }

  /** A resource may stand after its scopes, so origins are made at the end. */
  #group(position: number, index: number): number {
    const { scopes, groups } = this.#signal;
    const place = `${groups}[${index}]`;
    const firstRecord = this.#slices.count;
    const firstOrigin = this.#origins.length;
    let resource: Part | undefined;
    let schemaUrl: Part | undefined;
    const after = this.#fields(position, {
      resource: (at) => (resource = this.#message(GROUP, "resource", at, resourceFromJson)).after,
      schemaUrl: (at) => (schemaUrl = this.#text(GROUP, at)).after,
      [scopes]: (at) => this.#each(at, (one, scope) => this.#scope(one, `${place}.${scopes}[${scope}]`)),
    });
    if (after < 0) return ODD;
    if (resource?.problem !== undefined) {
      this.#reject(firstRecord, firstOrigin, resource.problem.under(place));
      return after;
    }
    const head = Buffer.concat([resource?.bytes ?? NOTHING, schemaUrl?.bytes ?? NOTHING]);
    for (let origin = firstOrigin; origin < this.#origins.length; origin++) {
      const writer = new ProtobufWriter(head.length + this.#origins[origin]!.length + 20);
      writer.raw(head);
      writer.bytes(2, this.#origins[origin]!);
      this.#origins[origin] = writer.written();
    }
    return after;
  }

  /** Leaves the scope group's own fields as the origin, for `#group` to complete. */
  #scope(position: number, place: string): number {
    const { records } = this.#signal;
    const firstRecord = this.#slices.count;
    const origin = this.#origins.length;
    let scope: Part | undefined;
    let schemaUrl: Part | undefined;
    const after = this.#fields(position, {
      scope: (at) => (scope = this.#message(SCOPE, "scope", at, scopeFromJson)).after,
      schemaUrl: (at) => (schemaUrl = this.#text(SCOPE, at)).after,
      [records]: (at) => this.#each(at, (one, index) => this.#record(one, origin, place, index)),
    });
    if (after < 0) return ODD;
    if (scope?.problem !== undefined) this.#reject(firstRecord, origin, scope.problem.under(place));
    else if (this.#slices.count > firstRecord)
      this.#origins.push(Buffer.concat([scope?.bytes ?? NOTHING, schemaUrl?.bytes ?? NOTHING]));
    return after;
  }

  #record(position: number, origin: number, place: string, index: number): number {
    const scanner = this.#scanner;
    const { record, records, items } = this.#signal;
    const start = scanner.position;
    let after = scanner.record(record, position);
    if (after < 0) {
      scanner.rewind(start);
      after = skipJson(this.#input, position);
      if (after < 0) return ODD;
      const value = parseJson(this.#input.subarray(position, after));
      const problem = this.#problem(() => scanner.append(encoded(record, this.#recordFromJson(value))));
      if (problem !== undefined) {
        if (this.#onBadRecord === undefined) return ODD;
        this.#bad.push([problem.under(`${place}.${records}[${index}]`), Math.max(1, items.inJson(value))]);
        return after;
      }
    }
    this.#slices.add(start, scanner.position, origin);
    this.#items += items.inProtobuf(scanner.written(), start, scanner.position);
    return after;
  }

  #text(group: Message, position: number): Part {
    const start = this.#scanner.position;
    return { after: this.#scanner.field(group, "schemaUrl", position), bytes: this.#cutFrom(start) };
  }

  #message(group: Message, name: string, position: number, fromJson: FromJson): Part {
    const scanner = this.#scanner;
    const start = scanner.position;
    const after = scanner.field(group, name, position);
    if (after >= 0) return { after, bytes: this.#cutFrom(start) };
    scanner.rewind(start);
    const end = skipJson(this.#input, position);
    if (end < 0) return ODD_PART;
    const value = parseJson(this.#input.subarray(position, end));
    const problem = this.#problem(() => scanner.append(encoded(group, { [name]: fromJson(value) })));
    if (problem === undefined) return { after: end, bytes: this.#cutFrom(start) };
    return this.#onBadRecord === undefined ? ODD_PART : { after: end, bytes: NOTHING, problem: problem.under(name) };
  }

  #problem(write: () => void): DecodeError | undefined {
    try {
      write();
      return undefined;
    } catch (error) {
      if (error instanceof DecodeError) return error;
      throw error;
    }
  }

  #cutFrom(start: number): Buffer {
    const bytes = Buffer.from(this.#scanner.written(start));
    this.#scanner.rewind(start);
    return bytes;
  }

  /** An object whose values are read by key; other keys are passed over, and a known one must not come twice. */
  #fields(position: number, read: Readonly<Record<string, (position: number) => number>>): number {
    const input = this.#input;
    if (input[position] !== 0x7b) return ODD;
    const seen = new Set<string>();
    let at = skipSpace(input, position + 1);
    if (input[at] === 0x7d) return at + 1;
    for (;;) {
      const keyEnd = input[at] === 0x22 ? skipJson(input, at) : ODD;
      if (keyEnd < 0) return ODD;
      const key = input.toString("latin1", at + 1, keyEnd - 1);
      at = skipSpace(input, keyEnd);
      if (key.includes("\\") || seen.has(key) || input[at] !== 0x3a) return ODD;
      seen.add(key);
      at = skipSpace(input, at + 1);
      const isNull = input[at] === 0x6e;
      at = Object.hasOwn(read, key) && !isNull ? read[key]!(at) : skipJson(input, at);
      if (at < 0) return ODD;
      at = skipSpace(input, at);
      if (input[at] === 0x7d) return at + 1;
      if (input[at] !== 0x2c) return ODD;
      at = skipSpace(input, at + 1);
    }
  }

  #each(position: number, read: ReadAt): number {
    const input = this.#input;
    if (input[position] !== 0x5b) return ODD;
    let at = skipSpace(input, position + 1);
    if (input[at] === 0x5d) return at + 1;
    for (let index = 0; ; index++) {
      at = read(at, index);
      if (at < 0) return ODD;
      at = skipSpace(input, at);
      if (input[at] === 0x5d) return at + 1;
      if (input[at] !== 0x2c) return ODD;
      at = skipSpace(input, at + 1);
    }
  }

  /** Takes back what was kept under a bad resource or scope. */
  #reject(firstRecord: number, firstOrigin: number, problem: DecodeError): void {
    const { items } = this.#signal;
    for (const [start, end] of this.#slices.truncate(firstRecord)) {
      const count = items.inProtobuf(this.#scanner.written(), start, end);
      this.#items -= count;
      this.#bad.push([problem, Math.max(1, count)]);
    }
    this.#origins.length = firstOrigin;
  }
}

const encoded = (message: Message, value: object): Buffer => {
  const writer = new ProtobufWriter();
  writeMessage(writer, message, value);
  return writer.written();
};

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

const namedSpanFromJson = (value: unknown): Span => {
  const span = spanFromJson(value);
  if (!TRACE_ID.test(span.traceId))
    throw new DecodeError("invalid-trace-id", "", "its trace id is not 16 bytes, or all zero");
  if (!SPAN_ID.test(span.spanId))
    throw new DecodeError("invalid-span-id", "", "its span id is not 8 bytes, or all zero");
  return span;
};
