/**
 * Origins of a sealed partition, each once: a record says its number.
 *
 * They stand in chunks that are read when a record of one is asked for, because ten thousand execution environments have
 * ten thousand of them, and a question sees a few.
 *
 *   chunk   a frame (block-frame.ts) whose one section is lengths varint × count │ origins
 */
import { LAYOUT_ORIGINS, readFrame, writeFrame } from "./block-frame.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

const ORIGINS_PER_CHUNK = 128;
/** Some megabytes at most. */
const MAX_CHUNKS_KEPT = 32;

/** Gives each origin its number, in the order in which they are first seen. */
export class OriginTable {
  readonly #numbers = new Map<string, number>();
  readonly #known = new Map<Uint8Array, number>();
  readonly #origins: Buffer[] = [];

  numberOf(origin: Uint8Array): number {
    const known = this.#known.get(origin);
    if (known !== undefined) return known;
    const key = Buffer.from(origin.buffer, origin.byteOffset, origin.length).toString("latin1");
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#origins.push(Buffer.from(origin)) - 1;
      this.#numbers.set(key, number);
    }
    this.#known.set(origin, number);
    return number;
  }

  get count(): number {
    return this.#origins.length;
  }

  at(number: number): Uint8Array {
    return this.#origins[number]!;
  }

  /** Before the objects of a block are let go. */
  forgetObjects(): void {
    this.#known.clear();
  }

  *chunks(level: number): Generator<Buffer> {
    for (let from = 0; from < this.#origins.length; from += ORIGINS_PER_CHUNK) {
      const origins = this.#origins.slice(from, from + ORIGINS_PER_CHUNK);
      const section = new ByteWriter();
      for (const origin of origins) section.varint(origin.length);
      for (const origin of origins) section.bytes(origin);
      yield writeFrame(LAYOUT_ORIGINS, { count: origins.length, sections: [section.written()] }, level);
    }
  }
}

const readChunk = (bytes: Uint8Array, expected: number): readonly Uint8Array[] => {
  const { count, sections } = readFrame(bytes, LAYOUT_ORIGINS, 1);
  const section = new ByteReader(sections[0]!, "a chunk of origins");
  if (count !== expected || count > section.remaining) section.fail(`has ${count} origins, expected ${expected},`);
  const lengths = Array.from({ length: count }, () => section.varint());
  return lengths.map((length) => section.bytes(length));
};

export interface OriginSource {
  readonly count: number;
  /** The same object for the same number, for a while. */
  at(number: number): Uint8Array;
}

export const createOriginSource = (count: number, read: (chunk: number) => Uint8Array): OriginSource => {
  const kept = new Map<number, readonly Uint8Array[]>();
  const chunkOf = (chunk: number): readonly Uint8Array[] => {
    const known = kept.get(chunk);
    if (known !== undefined) return known;
    const origins = readChunk(read(chunk), Math.min(ORIGINS_PER_CHUNK, count - chunk * ORIGINS_PER_CHUNK));
    const [oldest] = kept.keys();
    if (kept.size >= MAX_CHUNKS_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(chunk, origins);
    return origins;
  };
  return {
    count,
    at: (number) => chunkOf(Math.floor(number / ORIGINS_PER_CHUNK))[number % ORIGINS_PER_CHUNK]!,
  };
};
