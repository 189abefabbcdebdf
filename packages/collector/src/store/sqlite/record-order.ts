/**
 * In which order records stand in a sealed partition: those that are asked for together lie together.
 *
 *   spans    by trace, then as they arrived
 *   logs     by trace, then by time; those without a trace by time alone, in stretches of some 17 s
 *   metrics  by name, then as they arrived, which is by time
 *
 * Traces stand in the order of a hash: X-Ray's ids begin with the second, so that their own order would be that of time.
 */
import { tagOf, Walk } from "../walk.ts";
import type { Signal } from "./partition-reader.ts";

const KEY_FIELD: Readonly<Record<Signal, number>> = {
  spans: tagOf(1, "delimited"), // traceId
  logs: tagOf(9, "delimited"), // traceId
  metrics: tagOf(1, "delimited"), // name
};
const LOG_TIME = tagOf(1, "fixed64");
const LOG_OBSERVED_TIME = tagOf(11, "fixed64");
const STRETCH_NS = 2 ** 34;

/** Reads the sort key off one record after the other; what it says is of the last one. */
export class RecordKey {
  /** 32 bits; equal keys have equal ones. */
  hash = 0;
  /** Where the key's own bytes are. */
  start = 0;
  end = 0;
  /** Unix ns, of logs. */
  time = 0;
  readonly #walk = new Walk();
  readonly #signal: Signal;

  constructor(signal: Signal) {
    this.#signal = signal;
  }

  /** Of the record in [start, end). */
  read(bytes: Uint8Array, start: number, end: number): void {
    const walk = this.#walk;
    const isLog = this.#signal === "logs";
    const keyField = KEY_FIELD[this.#signal];
    let observedTime = 0;
    this.start = this.end = this.time = 0;
    walk.position = start;
    while (walk.next(bytes, end)) {
      if (walk.tag === keyField) {
        this.start = walk.start;
        this.end = walk.end;
        if (!isLog) break;
      } else if (isLog && walk.tag === LOG_TIME) {
        this.time = fixed64(bytes, walk.start);
      } else if (isLog && walk.tag === LOG_OBSERVED_TIME) {
        observedTime = fixed64(bytes, walk.start);
      }
    }
    this.time ||= observedTime;
    this.hash = this.start < this.end ? hash(bytes, this.start, this.end) : mixed(Math.floor(this.time / STRETCH_NS));
  }
}

const hash = (bytes: Uint8Array, start: number, end: number): number => {
  let state = 0x811c9dc5;
  for (let at = start; at < end; at += 1) state = Math.imul(state ^ bytes[at]!, 0x01000193);
  return mixed(state);
};

const mixed = (state: number): number => {
  let value = state | 0;
  value = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  value = Math.imul(value ^ (value >>> 15), 0x846ca68b);
  return (value ^ (value >>> 16)) >>> 0;
};

const fixed64 = (bytes: Uint8Array, at: number): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
};

const METRIC_DATA = new Set([5, 7, 9, 10, 11].map((number) => tagOf(number, "delimited")));
const DATA_POINTS = tagOf(1, "delimited");

/** What OTLP counts the record in [start, end) as: a metric by its data points. */
export const itemsOf = (signal: Signal, bytes: Uint8Array, start: number, end: number): number => {
  if (signal !== "metrics") return 1;
  const outer = new Walk();
  const inner = new Walk();
  let points = 0;
  outer.position = start;
  while (outer.next(bytes, end)) {
    if (!METRIC_DATA.has(outer.tag)) continue;
    inner.position = outer.start;
    while (inner.next(bytes, outer.end)) if (inner.tag === DATA_POINTS) points += 1;
  }
  return points;
};
