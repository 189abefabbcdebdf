/**
 * JSON text that is passed over: where a value ends, if it is one. Takes exactly what JSON.parse takes (RFC 8259), nested
 * as deep as one likes, without recursion.
 */
const NOT_JSON = -1;

const OBJECT = 1;
const ARRAY = 0;

/** After spaces, tabs and line ends. */
export const skipSpace = (input: Uint8Array, position: number): number => {
  let at = position;
  for (;;) {
    const byte = input[at]!;
    if (byte > 0x20) return at;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
};

/** The position after the value that begins here, or -1. */
export const skipJson = (input: Uint8Array, position: number): number => {
  const first = input[position]!;
  return first === 0x7b || first === 0x5b ? skipNested(input, position) : skipScalar(input, position);
};

const skipNested = (input: Uint8Array, position: number): number => {
  const open: number[] = [];
  let at = position;
  for (;;) {
    const byte = input[at]!;
    let isValue = true;
    if (byte === 0x7b) {
      at = skipSpace(input, at + 1);
      if (input[at] === 0x7d) at++;
      else {
        open.push(OBJECT);
        at = skipKey(input, at);
        isValue = false;
      }
    } else if (byte === 0x5b) {
      at = skipSpace(input, at + 1);
      if (input[at] === 0x5d) at++;
      else {
        open.push(ARRAY);
        isValue = false;
      }
    } else at = skipScalar(input, at);
    if (at < 0) return NOT_JSON;
    if (!isValue) continue;
    for (;;) {
      if (open.length === 0) return at;
      const isObject = open.at(-1) === OBJECT;
      at = skipSpace(input, at);
      if (input[at] === (isObject ? 0x7d : 0x5d)) {
        open.pop();
        at++;
        continue;
      }
      if (input[at] !== 0x2c) return NOT_JSON;
      at = skipSpace(input, at + 1);
      if (isObject) at = skipKey(input, at);
      if (at < 0) return NOT_JSON;
      break;
    }
  }
};

/** Over the key and its colon, to its value. */
const skipKey = (input: Uint8Array, position: number): number => {
  if (input[position] !== 0x22) return NOT_JSON;
  let at = skipString(input, position);
  if (at < 0) return NOT_JSON;
  at = skipSpace(input, at);
  return input[at] === 0x3a ? skipSpace(input, at + 1) : NOT_JSON;
};

const skipScalar = (input: Uint8Array, position: number): number => {
  const first = input[position];
  if (first === 0x22) return skipString(input, position);
  if (first === 0x74) return skipWord(input, position, TRUE);
  if (first === 0x66) return skipWord(input, position, FALSE);
  if (first === 0x6e) return skipWord(input, position, NULL);
  return skipNumber(input, position);
};

const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const NULL = Buffer.from("null");

const skipWord = (input: Uint8Array, position: number, word: Uint8Array): number => {
  for (let index = 1; index < word.length; index++) if (input[position + index] !== word[index]) return NOT_JSON;
  return position + word.length;
};

const skipString = (input: Uint8Array, position: number): number => {
  for (let at = position + 1; at < input.length; at++) {
    const byte = input[at]!;
    if (byte === 0x22) return at + 1;
    if (byte < 0x20) return NOT_JSON;
    if (byte !== 0x5c) continue;
    const letter = input[++at]!;
    if (letter === 0x75) {
      for (let index = 1; index <= 4; index++) if (!isHex(input[at + index]!)) return NOT_JSON;
      at += 4;
    } else if (ESCAPED[letter] !== 1) return NOT_JSON;
  }
  return NOT_JSON;
};

const ESCAPED = new Uint8Array(256);
for (const letter of Buffer.from('"\\/bfnrt')) ESCAPED[letter] = 1;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

const skipNumber = (input: Uint8Array, position: number): number => {
  let at = input[position] === 0x2d ? position + 1 : position;
  if (input[at] === 0x30) at++;
  else if ((at = skipDigits(input, at)) < 0) return NOT_JSON;
  if (input[at] === 0x2e && (at = skipDigits(input, at + 1)) < 0) return NOT_JSON;
  if (input[at] !== 0x65 && input[at] !== 0x45) return at;
  at++;
  if (input[at] === 0x2b || input[at] === 0x2d) at++;
  return skipDigits(input, at);
};

const skipDigits = (input: Uint8Array, position: number): number => {
  let at = position;
  while (isDigit(input[at]!)) at++;
  return at > position ? at : NOT_JSON;
};
