/**
 * Text → query, by recursive descent over the grammar in docs/reference/query.md.
 *
 * In      any text of up to `QUERY_BOUNDS.length` UTF-16 units; offsets count those, as a browser's selection does.
 * Errors  QueryError, and nothing else: where it is, what was expected there, what to write instead.
 *
 * Plain text stays plain: what looks like a field only by chance (a URL, an ARN, `/orders/:id`, 12:30) is text.
 */
import { QueryError } from "../errors.ts";
import {
  type Comparison,
  EVERYTHING,
  FIELDS,
  type Field,
  QUERY_BOUNDS,
  type Query,
  RESERVED,
  type Test,
  isField,
} from "./grammar.ts";

export const parseQuery = (text: string): Query => {
  if (text.length > QUERY_BOUNDS.length) {
    fail(QUERY_BOUNDS.length, text.length, `expected at most ${QUERY_BOUNDS.length} characters, got ${text.length}`);
  }
  const reader = createReader(text);
  if (reader.isAtEnd()) return EVERYTHING;
  const query = readOr(reader, 0);
  if (!reader.isAtEnd()) {
    const at = reader.position();
    fail(at, at + 1, 'expected no ")" here, because no "(" is open; put quotes around text that holds one');
  }
  return query;
};

const fail = (start: number, end: number, message: string): never => {
  throw new QueryError(message, { start, end });
};

/** What a word, a key or a value of a query is made of. */
const BARE = /[^\s()"]*/y;
const BARE_VALUE = /[^\s()",]*/y;
const SPACE = /\s*/y;
const KEY = /^[\p{L}_$@](?:[\p{L}\p{N}_.$@/-]*[\p{L}\p{N}_])?$/u;

interface Reader {
  readonly text: string;
  position(): number;
  /** After white space. */
  isAtEnd(): boolean;
  at(token: string): boolean;
  /** Steps over the token where it is next. */
  take(token: string): boolean;
  takeMatch(pattern: RegExp): string;
  /** The word that is next, without stepping over it. */
  nextWord(): string;
  /** Counts what the query asks. */
  countTerm(start: number): void;
}

const createReader = (text: string): Reader => {
  let position = 0;
  let terms = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = position;
    return pattern.exec(text)?.[0] ?? "";
  };
  const reader: Reader = {
    text,
    position: () => position,
    isAtEnd() {
      position += match(SPACE).length;
      return position >= text.length;
    },
    at: (token) => text.startsWith(token, position),
    take(token) {
      if (!text.startsWith(token, position)) return false;
      position += token.length;
      return true;
    },
    takeMatch(pattern) {
      const found = match(pattern);
      position += found.length;
      return found;
    },
    nextWord: () => match(BARE),
    countTerm(start) {
      terms += 1;
      if (terms > QUERY_BOUNDS.terms) {
        fail(start, text.length, `expected at most ${QUERY_BOUNDS.terms} terms and values; leave some out`);
      }
    },
  };
  return reader;
};

const readOr = (reader: Reader, depth: number): Query => {
  const parts = [readAnd(reader, depth)];
  while (!reader.isAtEnd() && takeKeyword(reader, "OR")) parts.push(readAnd(reader, depth));
  return joined("or", parts);
};

const readAnd = (reader: Reader, depth: number): Query => {
  const parts = [readNot(reader, depth)];
  while (!reader.isAtEnd() && !reader.at(")") && reader.nextWord() !== "OR") {
    takeKeyword(reader, "AND");
    parts.push(readNot(reader, depth));
  }
  return joined("and", parts);
};

const joined = (kind: "and" | "or", parts: readonly Query[]): Query => {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : { kind, parts };
};

const takeKeyword = (reader: Reader, keyword: string): boolean => reader.nextWord() === keyword && reader.take(keyword);

const readNot = (reader: Reader, depth: number): Query => {
  const start = expectTerm(reader);
  if (depth > QUERY_BOUNDS.depth) {
    fail(start, start + 1, `expected at most ${QUERY_BOUNDS.depth} levels of parentheses and negations`);
  }
  const isNegated = takeKeyword(reader, "NOT") || takeMinus(reader);
  if (isNegated) return { kind: "not", part: readNot(reader, depth + 1) };
  return reader.take("(") ? readGroup(reader, start, depth) : readTerm(reader);
};

/** A minus by itself, and one before a space, is text. */
const takeMinus = (reader: Reader): boolean => {
  const next = reader.text[reader.position() + 1];
  return reader.at("-") && next !== undefined && !/[\s)]/.test(next) && reader.take("-");
};

const readGroup = (reader: Reader, start: number, depth: number): Query => {
  const inside = readOr(reader, depth + 1);
  reader.isAtEnd();
  if (!reader.take(")")) fail(start, start + 1, 'expected a ")" for this "("; add one at the end of the group');
  return inside;
};

/** Where the next term starts. */
const expectTerm = (reader: Reader): number => {
  const isAtEnd = reader.isAtEnd();
  const start = reader.position();
  const word = reader.nextWord();
  if (isAtEnd) fail(start, start, "expected a term here, such as status:error; the query ends too early");
  if (reader.at(")")) fail(start, start + 1, 'expected a term before ")"; leave the empty group out');
  if (word === "AND" || word === "OR") {
    fail(start, start + word.length, `expected a term before ${word}; for the word itself write "${word}" in quotes`);
  }
  return start;
};

const readTerm = (reader: Reader): Query => {
  const start = reader.position();
  reader.countTerm(start);
  if (reader.at('"')) {
    const quoted = readQuoted(reader);
    if (reader.take(":")) return { kind: "attribute", key: quoted, tests: readTests(reader, undefined, quoted) };
    expectBreak(reader);
    return { kind: "text", text: quoted };
  }
  const key = keyOf(reader.nextWord());
  if (key === undefined) return readText(reader);
  reader.take(`${key}:`);
  if (RESERVED.has(key)) {
    const mend = `for an attribute of this name write "${key}":… with the name in quotes`;
    fail(start, reader.position(), `${key} is not known of a trace yet; ${mend}`);
  }
  if (!isField(key)) return { kind: "attribute", key, tests: readTests(reader, undefined, key) };
  return { kind: "field", field: key, tests: readTests(reader, key, key) };
};

/** The field or attribute that a word begins with; undefined where it is text. */
const keyOf = (word: string): string | undefined => {
  const colon = word.indexOf(":");
  const key = word.slice(0, Math.max(0, colon));
  const isText = key === "arn" || word.startsWith("//", colon + 1) || !KEY.test(key);
  return isText ? undefined : key;
};

/** Text is found anywhere in a value, so a `*` at its end says nothing. */
const readText = (reader: Reader): Query => {
  const word = reader.takeMatch(BARE);
  expectBreak(reader);
  const text = word.replace(/\*+$/, "");
  return text === "" ? EVERYTHING : { kind: "text", text };
};

const expectBreak = (reader: Reader): void => {
  const start = reader.position();
  const token = reader.text[start];
  if (
    token === "(" ||
    token === '"' ||
    (token !== undefined && reader.text[start - 1] === '"' && !/[\s)]/.test(token))
  ) {
    fail(start, start + 1, `expected a space before ${token}; put quotes around all text that belongs together`);
  }
};

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", "/": "/", n: "\n", r: "\r", t: "\t" };

const readQuoted = (reader: Reader): string => {
  const start = reader.position();
  reader.take('"');
  let value = "";
  for (;;) {
    value += reader.takeMatch(/[^"\\]*/y);
    if (reader.take('"')) return value;
    const at = reader.position();
    if (!reader.take("\\")) fail(start, start + 1, 'expected a " that ends this text; add one');
    const escape = reader.takeMatch(/u[0-9a-fA-F]{4}|["\\/nrt]/y);
    if (escape === "")
      fail(
        at,
        Math.min(at + 2, reader.text.length),
        String.raw`expected \" \\ \n \r \t or \u and four hex digits after this \; for a \ itself write \\`,
      );
    value += ESCAPES[escape] ?? String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  }
};

const readTests = (reader: Reader, field: Field | undefined, key: string): readonly Test[] => {
  const tests = [readTest(reader, field, key)];
  while (reader.take(",")) {
    reader.countTerm(reader.position());
    tests.push(readTest(reader, field, key));
  }
  expectBreak(reader);
  return tests;
};

const readTest = (reader: Reader, field: Field | undefined, key: string): Test => {
  const start = reader.position();
  const operator = reader.takeMatch(/[<>]=?/y) as Comparison | "";
  const isQuoted = reader.at('"');
  const value = isQuoted ? readQuoted(reader) : reader.takeMatch(BARE_VALUE);
  const end = reader.position();
  const refuse = (message: string): never => fail(start, Math.max(end, start), message);
  if (value === "" && !isQuoted) refuse(missingValue(reader, field, key));
  const takes = field === undefined ? "anything" : FIELDS[field].takes;
  if (value === "*" && !isQuoted && operator === "") return { is: "there" };
  if (takes === "duration" || takes === "count") return measure(value, operator, field ?? key, takes, refuse);
  if (operator !== "" && takes !== "anything")
    refuse(`expected no ${operator}, because ${key} has no order; write ${key}:${shown(value)}`);
  if (typeof takes === "object") return choice(value, takes, key, refuse);
  if (operator !== "") {
    const number = numberOf(value) ?? refuse(`expected a number after ${operator}, got ${shown(value)}`);
    return { is: operator, number };
  }
  return isQuoted ? { is: "equal", text: value } : bareTest(value, takes, refuse);
};

const missingValue = (reader: Reader, field: Field | undefined, key: string): string => {
  const example = field === undefined ? `${key}:value` : FIELDS[field].example;
  if (reader.at("(")) return `expected a value after the colon; for one of several write ${key}:a,b`;
  return `expected a value after the colon, such as ${example}; for the text itself write "${key}:" in quotes`;
};

const choice = (value: string, choices: readonly string[], key: string, refuse: (message: string) => never): Test => {
  const text = choices.find((one) => one === value.toLowerCase());
  return text === undefined
    ? refuse(`expected ${choices.join(" or ")} after ${key}:, got ${shown(value)}`)
    : { is: "equal", text };
};

const bareTest = (value: string, takes: "name" | "anything", refuse: (message: string) => never): Test => {
  const range = takes === "anything" ? rangeOf(value, numberOf) : undefined;
  if (range) return range;
  const star = value.indexOf("*");
  if (star < 0) return { is: "equal", text: value };
  if (star < value.length - 1) {
    refuse(`expected * at the end only, got ${shown(value)}; put quotes around a value that holds one`);
  }
  return { is: "prefix", text: value.slice(0, -1) };
};

/** Durations and counts: compared, or between two. */
const measure = (
  value: string,
  operator: Comparison | "",
  key: string,
  takes: "duration" | "count",
  refuse: (message: string) => never,
): Test => {
  const read = takes === "duration" ? durationOf : countOf;
  const [what, example] =
    takes === "duration" ? ["a duration with its unit", `${key}:>1s or ${key}:100ms..2s`] : ["a number", `${key}:>=10`];
  const range = operator === "" ? rangeOf(value, read) : undefined;
  if (range) return range;
  const number = read(value) ?? refuse(`expected ${what}, such as ${example}, got ${shown(value)}`);
  if (operator !== "") return { is: operator, number };
  if (takes === "count") return { is: "between", least: number, most: number };
  return refuse(`expected > >= < <= or a range, such as ${example}: no two last equally long`);
};

const rangeOf = (value: string, read: (text: string) => number | undefined): Test | undefined => {
  const dots = value.indexOf("..");
  if (dots < 0) return undefined;
  const least = read(value.slice(0, dots));
  const most = read(value.slice(dots + 2));
  return least === undefined || most === undefined ? undefined : { is: "between", least, most };
};

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const durationOf = (text: string): number | undefined => {
  const [, digits = "", unit = ""] = /^(\d{1,15}(?:\.\d{1,9})?)(ns|us|µs|μs|ms|s|m|h)$/.exec(text) ?? [];
  const size = NANOSECONDS[unit];
  return size === undefined ? undefined : Number(digits) * size;
};

const countOf = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);

/** As JSON writes numbers, so that no word is one by chance. */
const numberOf = (text: string): number | undefined =>
  /^-?\d{1,300}(?:\.\d{1,300})?(?:[eE][-+]?\d{1,3})?$/.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : undefined;

const MOST_SHOWN = 60;
const shown = (value: string): string =>
  JSON.stringify(value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value);
