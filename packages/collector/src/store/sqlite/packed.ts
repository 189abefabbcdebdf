/**
 * A value as JSON has it → few bytes: what many values share stands once, as a number.
 *
 *   head      one byte or more: what it is (3 bits) and a number n (5 bits, or the 1, 2, 4, 8 bytes behind)
 *   INTEGER   n
 *   WORD      the text whose number is n: names, and the keys of an object (`WordList`)
 *   REPEATED  the nth text of this value that is in no list, counted from its first
 *   ARRAY     n values
 *   OBJECT    the word that has its keys, and a value for each
 *   OTHER     n says which of `OTHERS`
 *
 * Ids are written as the bytes that they stand for, the trace of a span's path once.
 *
 * Errors  RangeError for a value that is none of JSON's (bigint is one here), or bytes that are none of ours.
 */
export type Packable =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Packable[]
  | { readonly [key: string]: Packable | undefined };

/** Texts that have a number, the same for ever. */
export interface WordList {
  /** undefined: this one gets none. */
  numberOf(word: string): number | undefined;
  wordAt(number: number): string;
}

const [INTEGER, WORD, REPEATED, ARRAY, OBJECT, OTHER] = [0, 1, 2, 3, 4, 5];
const OTHERS = {
  null: 0,
  true: 1,
  false: 2,
  float: 3,
  nanos: 4,
  text: 5,
  hex16: 6,
  hex8: 7,
  uuid: 8,
  path: 9,
  raw: 10,
  bigint: 11,
};

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const HEX = /^[\da-f]+$/;
const PATH = /^[\da-f]{32}\.[\da-f]{16}$/;
const KEY_SEPARATOR = "\n";
const FIRST_BYTES = 1_024;
/** Numbers below stand in the head itself; from there on it says how many bytes are behind, as a power of two. */
const DIRECT = 28;

export const packed = (value: Packable, words: WordList): Buffer => {
  let bytes = Buffer.allocUnsafe(FIRST_BYTES);
  let end = 0;
  const repeated = new Map<string, number>();

  /** A view of the next bytes; the buffer may be another one after each. */
  const next = (count: number): Buffer => {
    if (end + count > bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes.length * 2, end + count));
      bytes.copy(grown, 0, 0, end);
      bytes = grown;
    }
    end += count;
    return bytes.subarray(end - count, end);
  };

  const head = (what: number, n: number): void => {
    const size = n < DIRECT ? 0 : n < 2 ** 8 ? 1 : n < 2 ** 16 ? 2 : n < 2 ** 32 ? 4 : 8;
    const view = next(1 + size);
    view[0] = (what << 5) | (size === 0 ? n : DIRECT + Math.log2(size));
    if (size === 8) view.writeDoubleBE(n, 1); // whole, up to 2^53
    else if (size > 0) view.writeUIntBE(n, 1, size);
  };
  const other = (what: keyof typeof OTHERS): void => head(OTHER, OTHERS[what]);
  const hex = (digits: string, count: number): void => void next(count).write(digits, "hex");

  const text = (one: string): void => {
    const known = repeated.get(one);
    if (known !== undefined) return head(REPEATED, known);
    const id = idOf(one);
    // A stitch key has an id within.
    const number = id === undefined && !one.includes("|") ? words.numberOf(one) : undefined;
    if (number !== undefined) return head(WORD, number);
    if (id === "path") {
      other("path");
      text(one.slice(0, 32));
      hex(one.slice(33), 8);
    } else if (id !== undefined) {
      other(id);
      hex(id === "uuid" ? one.replaceAll("-", "") : one, id === "hex8" ? 8 : 16);
    } else if (one.isWellFormed()) {
      other("text");
      const length = Buffer.byteLength(one);
      head(INTEGER, length);
      next(length).write(one);
    } else {
      other("raw");
      head(INTEGER, one.length * 2);
      next(one.length * 2).write(one, "utf16le");
    }
    repeated.set(one, repeated.size);
  };

  const number = (one: number): void => {
    if (Number.isSafeInteger(one) && one >= 0 && !Object.is(one, -0)) return head(INTEGER, one);
    other("float");
    next(8).writeDoubleBE(one);
  };

  const bigint = (one: bigint): void => {
    if (BigInt.asUintN(64, one) !== one) {
      other("bigint");
      return text(String(one));
    }
    other("nanos");
    next(8).writeBigUInt64BE(one);
  };

  const object = (one: { readonly [key: string]: Packable | undefined }): void => {
    const keys = Object.keys(one).filter((key) => one[key] !== undefined);
    head(OBJECT, 0);
    text(keys.join(KEY_SEPARATOR));
    for (const key of keys) put(one[key] as Packable);
  };

  const put = (one: Packable): void => {
    if (typeof one === "string") text(one);
    else if (typeof one === "number") number(one);
    else if (typeof one === "boolean") other(one ? "true" : "false");
    else if (one === null) other("null");
    else if (typeof one === "bigint") {
      bigint(one);
    } else if (isList(one)) {
      head(ARRAY, one.length);
      for (const item of one) put(item);
    } else if (typeof one === "object") object(one);
    else throw new RangeError(`a ${typeof one} cannot be packed`);
  };

  put(value);
  return bytes.subarray(0, end);
};

const isList = (value: object): value is readonly Packable[] => Array.isArray(value);
const idOf = (text: string): "hex8" | "hex16" | "uuid" | "path" | undefined => {
  switch (text.length) {
    case 16:
      return HEX.test(text) ? "hex8" : undefined;
    case 32:
      return HEX.test(text) ? "hex16" : undefined;
    case 36:
      return UUID.test(text) ? "uuid" : undefined;
    case 49:
      return PATH.test(text) ? "path" : undefined;
    default:
      return undefined;
  }
};

export const unpacked = (bytes: Buffer, words: WordList): Packable => {
  let at = 0;
  const repeated: string[] = [];

  const taken = (count: number): number => {
    const start = at;
    at += count;
    return start;
  };
  const numberOf = (low: number): number => {
    if (low < DIRECT) return low;
    const size = 2 ** (low - DIRECT);
    return size === 8 ? bytes.readDoubleBE(taken(8)) : bytes.readUIntBE(taken(size), size);
  };
  const hex = (count: number): string => {
    const start = taken(count);
    return bytes.toString("hex", start, start + count);
  };
  const keep = (text: string): string => {
    repeated.push(text);
    return text;
  };
  const sized = (encoding: "utf8" | "utf16le"): string => {
    const length = get() as number;
    const start = taken(length);
    return bytes.toString(encoding, start, start + length);
  };

  const other = (what: number): Packable => {
    switch (what) {
      case OTHERS.null:
        return null;
      case OTHERS.true:
      case OTHERS.false:
        return what === OTHERS.true;
      case OTHERS.float:
        return bytes.readDoubleBE(taken(8));
      case OTHERS.nanos:
        return bytes.readBigUInt64BE(taken(8));
      case OTHERS.bigint:
        return BigInt(get() as string);
      case OTHERS.text:
        return keep(sized("utf8"));
      case OTHERS.raw:
        return keep(sized("utf16le"));
      case OTHERS.hex16:
        return keep(hex(16));
      case OTHERS.hex8:
        return keep(hex(8));
      case OTHERS.uuid:
        return keep(hex(16).replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
      case OTHERS.path: {
        const traceId = get() as string;
        return keep(`${traceId}.${hex(8)}`);
      }
      default:
        throw new RangeError(`${what} says nothing`);
    }
  };

  const get = (): Packable => {
    const first = bytes.readUInt8(taken(1));
    const what = first >> 5;
    const n = numberOf(first & 31);
    switch (what) {
      case INTEGER:
        return n;
      case WORD:
        return words.wordAt(n);
      case REPEATED: {
        const text = repeated[n];
        if (text === undefined) throw new RangeError(`there is no text ${n}`);
        return text;
      }
      case ARRAY:
        return Array.from({ length: n }, get);
      case OBJECT: {
        const keys = get() as string;
        if (keys === "") return {};
        return Object.fromEntries(keys.split(KEY_SEPARATOR).map((key) => [key, get()]));
      }
      case OTHER:
        return other(n);
      default:
        throw new RangeError(`${first} is no head`);
    }
  };

  return get();
};
