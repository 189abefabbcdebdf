import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QueryError } from "../errors.ts";
import { EVERYTHING, FIELDS, QUERY_BOUNDS, type Query, type Test } from "./grammar.ts";
import { parseQuery } from "./parse.ts";

const text = (value: string): Query => ({ kind: "text", text: value });
const equal = (value: string) => ({ is: "equal", text: value }) as const;
const attribute = (key: string, ...tests: Extract<Query, { kind: "attribute" }>["tests"]): Query => ({
  kind: "attribute",
  key,
  tests,
});
const field = (name: keyof typeof FIELDS, ...tests: Extract<Query, { kind: "field" }>["tests"]): Query => ({
  kind: "field",
  field: name,
  tests,
});
const and = (...parts: Query[]): Query => ({ kind: "and", parts });
const or = (...parts: Query[]): Query => ({ kind: "or", parts });
const not = (part: Query): Query => ({ kind: "not", part });

test.each<readonly [string, Query]>([
  ["", EVERYTHING],
  ["  ", EVERYTHING],
  ["*", EVERYTHING],
  ["checkout", text("checkout")],
  ['"card declined"', text("card declined")],
  [String.raw`"a \"b\" \\ \u00e9\n"`, text('a "b" \\ é\n')],
  ["GET /orders/:id", and(text("GET"), text("/orders/:id"))],
  ["https://shop.example/?a=b", text("https://shop.example/?a=b")],
  ["arn:aws:states:eu-west-1:1:execution:x:y", text("arn:aws:states:eu-west-1:1:execution:x:y")],
  ["12:30", text("12:30")],
  ["a - b", and(text("a"), text("-"), text("b"))],
  ["and or not", and(text("and"), text("or"), text("not"))],
  ["function:checkout", field("function", equal("checkout"))],
  ["function:a,b*,*", field("function", equal("a"), { is: "prefix", text: "b" }, { is: "there" })],
  ['function:"a, b*"', field("function", equal("a, b*"))],
  ["status:ERROR", field("status", equal("error"))],
  ["duration:>1.5s", field("duration", { is: ">", number: 1.5e9 })],
  ["duration:100ms..2m", field("duration", { is: "between", least: 1e8, most: 120e9 })],
  ["spans:12", field("spans", { is: "between", least: 12, most: 12 })],
  ["gaps:>=1", field("gaps", { is: ">=", number: 1 })],
  ["order_id:o-17", attribute("order_id", equal("o-17"))],
  ["http.response.status_code:>=500", attribute("http.response.status_code", { is: ">=", number: 500 })],
  ["size:-1.5..2e3", attribute("size", { is: "between", least: -1.5, most: 2000 })],
  ["path:a..b", attribute("path", equal("a..b"))],
  ['"status":x "my key":""', and(attribute("status", equal("x")), attribute("my key", equal("")))],
  ["größe:ü 注文:七", and(attribute("größe", equal("ü")), attribute("注文", equal("七")))],
  ["-a NOT b --c", and(not(text("a")), not(text("b")), not(not(text("c"))))],
  ["a OR b c OR d", or(text("a"), and(text("b"), text("c")), text("d"))],
  ["(a OR b) AND -(c d)", and(or(text("a"), text("b")), not(and(text("c"), text("d"))))],
])("%s", (written, query) => {
  expect(parseQuery(written)).toEqual(query);
});

const errorOf = (written: string): QueryError => {
  try {
    parseQuery(written);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error(`${written} is understood`);
};

/** The query with its fault in ‹›, and a part of the message. */
test.each([
  ["status:‹failed›", "expected ok or error"],
  ["cold:‹maybe›", "expected true or false"],
  ["a function:‹› b", "such as function:checkout"],
  ["a,b order_id:‹›(1)", "write order_id:a,b"],
  ["duration:‹>100›", "a duration with its unit"],
  ["duration:‹1s›", "a range"],
  ["duration:‹1s..›", "a duration with its unit"],
  ["spans:‹many›", "a number"],
  ["size:‹>big›", "a number after >"],
  ["function:‹>a›", 'write function:"a"'],
  ["function:‹a*b›", "* at the end only"],
  ["‹cost:›>1", '"cost":'],
  ["a ‹(›b", 'a ")"'],
  ["a‹)›", 'no "(" is open'],
  ["(‹)›", 'before ")"'],
  ["‹AND› b", 'write "AND" in quotes'],
  ["a OR ‹›", "ends too early"],
  ["a NOT ‹›", "ends too early"],
  ["ship‹(›1)", "a space before ("],
  ['"a"‹b›', "a space before b"],
  ['a ‹"›b', 'a " that ends'],
  [String.raw`"a ‹\x›"`, "for a \\ itself"],
])("%s is refused where it is wrong", (marked, message) => {
  const start = marked.indexOf("‹");
  const end = marked.indexOf("›") - 1;
  const error = errorOf(marked.replace(/[‹›]/g, ""));

  expect(error.message).toContain(message);
  expect(error.at).toEqual({ start, end });
});

test("length, terms and depth are bounded", () => {
  const { length, terms, depth } = QUERY_BOUNDS;
  expect(parseQuery("a".repeat(length))).toEqual(text("a".repeat(length)));
  expect(errorOf("a".repeat(length + 1)).message).toContain(`${length} characters`);
  expect(errorOf("a ".repeat(terms + 1)).message).toContain(`${terms} terms`);
  expect(errorOf(`a:${"b,".repeat(terms)}c`).message).toContain(`${terms} terms`);
  expect(errorOf("(".repeat(length)).message).toContain(`${depth} levels`);
  expect(errorOf("-".repeat(length)).message).toContain(`${depth} levels`);
});

const PIECES = [
  ...Array.from('()"\\:,-*<>=. \t\nusé七\u{1f980}\ud83e'),
  "..",
  "AND",
  "OR ",
  "NOT ",
  "status:",
  "duration:>1s",
  "a:b",
];

test("whatever is written is a query or a QueryError that points into it", () => {
  const written = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(written, (one) => {
      try {
        parseQuery(one);
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        expect(error.at.start).toBeLessThanOrEqual(error.at.end);
        expect(error.at.end).toBeLessThanOrEqual(one.length);
        expect(error.message).toMatch(/expected|not known/);
      }
    }),
    { numRuns: 5000 },
  );
});

const quoted = (value: string): string => JSON.stringify(value);
const written = (query: Query): string => {
  switch (query.kind) {
    case "and":
    case "or":
      return query.parts.length === 0 ? "*" : `(${query.parts.map(written).join(query.kind === "or" ? " OR " : " ")})`;
    case "not":
      return `-${written(query.part)}`;
    case "text":
      return quoted(query.text);
    case "attribute":
      return `${quoted(query.key)}:${query.tests.map(writtenTest).join(",")}`;
    case "field":
      return `${query.field}:${query.tests.map(writtenTest).join(",")}`;
  }
};
const writtenTest = (one: Test): string => {
  switch (one.is) {
    case "there":
      return "*";
    case "equal":
      return quoted(one.text);
    case "prefix":
      return `${one.text}*`;
    case "between":
      return `${one.least}..${one.most}`;
    case ">":
    case ">=":
    case "<":
    case "<=":
      return `${one.is}${one.number}`;
  }
};

test("what is written in full is understood as it was meant", () => {
  const anyText = fc.string({ unit: "grapheme", maxLength: 8 });
  const anyTest = fc.oneof(
    fc.record({ is: fc.constant("equal" as const), text: anyText }),
    fc.record({ is: fc.constantFrom(">" as const, "<=" as const), number: fc.integer() }),
    fc.record({ is: fc.constant("between" as const), least: fc.integer(), most: fc.integer() }),
    fc.record({ is: fc.constant("prefix" as const), text: fc.stringMatching(/^[a-z]{1,4}$/) }),
    fc.constant({ is: "there" as const }),
  );
  const tests = fc.array(anyTest, { minLength: 1, maxLength: 3 });
  const { query } = fc.letrec<{ query: Query }>((tie) => ({
    query: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.record({ kind: fc.constant("text" as const), text: anyText }),
      fc.record({ kind: fc.constant("attribute" as const), key: anyText, tests }),
      fc.record({ kind: fc.constant("not" as const), part: tie("query") }),
      fc.record({
        kind: fc.constantFrom("and" as const, "or" as const),
        parts: fc.array(tie("query"), { minLength: 2, maxLength: 3 }),
      }),
    ),
  }));
  fc.assert(
    fc.property(query, (one) => {
      expect(parseQuery(written(one))).toEqual(one);
    }),
  );
});

describe("docs/reference/query.md", async () => {
  const page = await readFile(new URL("../../../../docs/reference/query.md", import.meta.url), "utf8");

  test("its examples are understood", () => {
    const examples = [...page.matchAll(/```query\n([^`]*)```/g)].flatMap(([, block = ""]) =>
      block
        .trim()
        .split("\n")
        .map((line) => line.split(/ {2,}/)[0] ?? ""),
    );
    expect(examples.length).toBeGreaterThan(10);
    for (const example of examples) expect(() => parseQuery(example), example).not.toThrow();
  });

  test("its table has every field as the code has it", () => {
    for (const { meaning, example } of Object.values(FIELDS)) {
      expect(page).toContain(` | ${meaning} | \`${example}\` |`);
      expect(() => parseQuery(example)).not.toThrow();
    }
    expect([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)).toEqual(Object.keys(FIELDS));
  });

  test("its bounds and its error are the code's", () => {
    const { length, terms, depth } = QUERY_BOUNDS;
    expect(page).toContain(`at most ${length} characters, ${terms} terms and values, and ${depth} levels`);
    const { message, at } = errorOf("status:failed");
    expect(page).toContain(`"message": ${JSON.stringify(message)}, "at": { "start": ${at.start}, "end": ${at.end} }`);
  });
});
