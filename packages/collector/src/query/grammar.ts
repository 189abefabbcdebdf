/**
 * The query language: what a query is once it is understood, and which fields there are. docs/reference/query.md has the
 * grammar in EBNF and the table of fields, which is checked against this one.
 *
 * A query is a claim about one stitched trace. A term holds when anything in the trace makes it true, so two terms need
 * not hold on the same span; `not` is the opposite of its term for the whole trace.
 */
export type Query =
  /** Without parts: everything, or nothing. */
  | { readonly kind: "and" | "or"; readonly parts: readonly Query[] }
  | { readonly kind: "not"; readonly part: Query }
  /** Occurs somewhere, whatever its case. */
  | { readonly kind: "text"; readonly text: string }
  /** Any of the tests. */
  | { readonly kind: "field"; readonly field: Field; readonly tests: readonly Test[] }
  | { readonly kind: "attribute"; readonly key: string; readonly tests: readonly Test[] };

export type Test =
  | { readonly is: "there" }
  | { readonly is: "equal" | "prefix"; readonly text: string }
  | { readonly is: "between"; readonly least: number; readonly most: number }
  | { readonly is: Comparison; readonly number: number };

export type Comparison = ">" | ">=" | "<" | "<=";

export type Field = keyof typeof FIELDS;

interface FieldMeaning {
  /** What is written after the colon: a name, one of some words, a length of time (kept in nanoseconds), a number. */
  readonly takes: "name" | readonly string[] | "duration" | "count";
  readonly meaning: string;
  readonly example: string;
}

export const FIELDS = {
  function: { takes: "name", meaning: "a function that took part", example: "function:checkout" },
  service: { takes: "name", meaning: "a `service.name` that took part", example: "service:shop-*" },
  name: { takes: "name", meaning: "the name of any of its spans", example: 'name:"POST /orders"' },
  status: {
    takes: ["ok", "error"],
    meaning: "`error`: some span of it failed; `ok`: none did",
    example: "status:error",
  },
  error: {
    takes: "name",
    meaning: "the type of an error: of the exception of a failed span, else its `error.type`, else `_OTHER`",
    example: "error:CardDeclined,Timeout*",
  },
  duration: {
    takes: "duration",
    meaning: "from its first start to its last end",
    example: "duration:>1s",
  },
  cold: { takes: ["true", "false"], meaning: "whether a function started cold in it", example: "cold:true" },
  trigger: {
    takes: "name",
    meaning: "what invoked a function in it (`mayfly.trigger`, else `faas.trigger`)",
    example: "trigger:sqs",
  },
  spans: { takes: "count", meaning: "how many spans it has", example: "spans:>=100" },
  gaps: { takes: "count", meaning: "in how many places its story is incomplete", example: "gaps:>0" },
  request: { takes: "name", meaning: "a request id in it", example: "request:8f507cfc-*" },
  trace: { takes: "name", meaning: "a W3C trace id in it", example: "trace:6956b300*" },
} as const satisfies Record<string, FieldMeaning>;

/** Names that will be fields: nobody's query changes its meaning when they are. */
export const RESERVED: ReadonlySet<string> = new Set(["cost"]);

export const isField = (name: string): name is Field => Object.hasOwn(FIELDS, name);

/** What one query may ask, so that reading and running it is bounded. */
export const QUERY_BOUNDS = { length: 2000, terms: 64, depth: 16 };

export const EVERYTHING: Query = { kind: "and", parts: [] };
