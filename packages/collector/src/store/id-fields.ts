/**
 * What a record's ids are read from, as it lies there: the attributes that normalizing asks for by name, noted while the
 * record is scanned and made text only when they are asked for. Most are not: that an AWS call has a request id means
 * something where Lambda was called, and nowhere else.
 *
 * Texts and lists of texts are read in place. All else, and what no encoder writes like this, is decoded.
 */
import { type AttributeReader, type IdReader, attributeReader } from "../normalize/attributes.ts";
import { decodedAttribute } from "./one-attribute.ts";
import { Walk, tagOf } from "./walk.ts";

const VALUE = tagOf(2, "delimited");
const STRING = tagOf(1, "delimited");
const ARRAY = tagOf(5, "delimited");
const ELEMENT = tagOf(1, "delimited");

export class IdFields implements IdReader {
  #bytes: Buffer = Buffer.alloc(0);
  #count = 0;
  #tells = false;
  readonly #keys: string[] = [];
  /** Start and end of each, one after the other. */
  readonly #ranges: number[] = [];
  readonly #walk = new Walk();

  begin(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#count = 0;
    this.#tells = false;
  }

  /** What is here, if anything, only stands beside an id: an AWS call's name, a queue. */
  get tellsNothing(): boolean {
    return !this.#tells;
  }

  /** The KeyValue in [start, end), of this key; `tells`: by itself. */
  add(key: string, start: number, end: number, tells: boolean): void {
    this.#tells ||= tells;
    const at = this.#count++;
    this.#keys[at] = key;
    this.#ranges[at * 2] = start;
    this.#ranges[at * 2 + 1] = end;
  }

  has(...keys: readonly string[]): boolean {
    for (const key of keys) if (this.#last(key) !== NONE) return true;
    return false;
  }

  text(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const at = this.#last(key);
      const found = at === NONE ? undefined : (this.#plainText(at) ?? this.#decoded(at).text(key));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  id(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const at = this.#last(key);
      const found = at === NONE ? undefined : (this.#plainText(at) ?? this.#decoded(at).id(key));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  texts(key: string): readonly string[] | undefined {
    const at = this.#last(key);
    return at === NONE ? undefined : (this.#plainTexts(at) ?? this.#decoded(at).texts(key));
  }

  isTrue(key: string): boolean {
    const at = this.#last(key);
    return at !== NONE && this.#decoded(at).isTrue(key);
  }

  #last(key: string): number {
    for (let at = this.#count - 1; at >= 0; at -= 1) if (this.#keys[at] === key) return at;
    return NONE;
  }

  /** undefined where it is no text, and where it is empty, which is for decoding to say. */
  #plainText(at: number): string | undefined {
    const walk = this.#walk;
    if (!this.#enterValue(at) || walk.tag !== STRING || walk.start === walk.end) return undefined;
    return this.#bytes.toString("utf8", walk.start, walk.end);
  }

  /** undefined where not all of it is text. */
  #plainTexts(at: number): readonly string[] | undefined {
    const walk = this.#walk;
    if (!this.#enterValue(at) || walk.tag !== ARRAY) return undefined;
    const { end } = walk;
    const texts: string[] = [];
    for (walk.position = walk.start; walk.next(this.#bytes, end);) {
      if (walk.tag !== ELEMENT || !this.#enter(walk.start, walk.end) || walk.tag !== STRING) return undefined;
      texts.push(this.#bytes.toString("utf8", walk.start, walk.end));
    }
    return texts;
  }

  /** To the one field of the value, where key and value stand once and in this order. */
  #enterValue(at: number): boolean {
    const walk = this.#walk;
    const end = this.#ranges[at * 2 + 1]!;
    walk.position = this.#ranges[at * 2]!;
    walk.next(this.#bytes, end);
    return walk.next(this.#bytes, end) && walk.tag === VALUE && walk.end === end && this.#enter(walk.start, end);
  }

  /** To the one field of the message in [start, end). */
  #enter(start: number, end: number): boolean {
    const walk = this.#walk;
    walk.position = start;
    return walk.next(this.#bytes, end) && walk.end === end;
  }

  #decoded(at: number): AttributeReader {
    const one = decodedAttribute(this.#bytes, this.#ranges[at * 2]!, this.#ranges[at * 2 + 1]!);
    return attributeReader(one && [one]);
  }
}

const NONE = -1;
