/**
 * Records as they arrived: OTLP protobuf messages, judged and not decoded.
 *
 * An origin is what its records came in, without them: the bytes of a ResourceSpans (ResourceLogs, ResourceMetrics)
 * with resource, schema URL and one scope group. All else in those groups is kept too, fields unknown here among it,
 * the scope group last.
 *
 *   bytes    … span …… span …… span …
 *   slices     [start, end, origin] [start, end, origin] …     three numbers a record, in the order sent
 *   origins  one for each scope group that has records
 */
export interface RawRecords {
  /** Every slice points into it. */
  readonly bytes: Uint8Array;
  readonly slices: Uint32Array;
  readonly origins: readonly Uint8Array[];
  /** What OTLP counts by: spans, log records, data points. */
  readonly items: number;
}

/** Slices while they are found. */
export class Slices {
  #numbers = new Uint32Array(96);
  #length = 0;

  get count(): number {
    return this.#length / 3;
  }

  add(start: number, end: number, origin: number): void {
    if (this.#length + 3 > this.#numbers.length) {
      const grown = new Uint32Array(this.#numbers.length * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.#length++] = start;
    this.#numbers[this.#length++] = end;
    this.#numbers[this.#length++] = origin;
  }

  /** Takes back all but the first `count`; yields what was taken. */
  truncate(count: number): [start: number, end: number][] {
    const taken: [start: number, end: number][] = [];
    for (let at = count * 3; at < this.#length; at += 3) taken.push([this.#numbers[at]!, this.#numbers[at + 1]!]);
    this.#length = count * 3;
    return taken;
  }

  numbers(): Uint32Array {
    return this.#numbers.subarray(0, this.#length);
  }
}
