/**
 * Query → where to look: what narrows the rows down before each is asked whether the query holds for it.
 *
 * Everything here is a superset of what matches; `match.ts` decides. Only parts that all must hold (the query itself, or
 * parts of an outermost `and`) narrow.
 *
 *   all        terms of the summaries: each group holds any of its terms
 *   candidates ids that lead to traces by an index of the store: an attribute's value, a request, a trace
 */
import type { Word } from "../model/attribute-words.ts";
import { MAX_LENGTH, type SummaryTerm, type SummaryTermKind, lengthOf } from "../store/summaries.ts";
import type { Field, Query, Test } from "./grammar.ts";

export interface Plan {
  readonly all: readonly (readonly SummaryTerm[])[];
  /** Of each, any; one of them that leads to few traces is enough to look at. */
  readonly candidates: readonly (readonly Candidate[])[];
  /** Names that begin so: the summaries know which there are. */
  readonly prefixes: readonly { readonly kind: SummaryTermKind; readonly prefix: string }[];
}

export type Candidate =
  | { readonly by: "word"; readonly word: Word }
  | { readonly by: "request" | "trace"; readonly id: string };

export const planOf = (query: Query): Plan => {
  const parts = query.kind === "and" ? query.parts : [query];
  return {
    all: parts.flatMap((part) => present(groupOf(part))),
    candidates: parts.flatMap((part) => present(candidatesOf(part))),
    prefixes: parts.flatMap((part) => present(prefixOf(part))),
  };
};

const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

/** undefined: terms cannot tell. */
const groupOf = (query: Query): readonly SummaryTerm[] | undefined => {
  if (query.kind === "or") return united(query.parts.map(groupOf));
  if (query.kind === "not" && query.part.kind === "field") return oppositeOf(query.part.field, groupOf(query.part));
  if (query.kind !== "field") return undefined;
  const { field, tests } = query;
  return united(tests.map((test) => termsOf(field, test)));
};

const united = <T>(groups: readonly (readonly T[] | undefined)[]): readonly T[] | undefined =>
  groups.every((group) => group !== undefined) ? groups.flat() : undefined;

const KINDS: Partial<Record<Field, SummaryTermKind>> = {
  function: "function",
  service: "service",
  trigger: "trigger",
  error: "error",
  status: "status",
  cold: "cold",
};

const termsOf = (field: Field, test: Test): readonly SummaryTerm[] | undefined => {
  if (field === "duration") return lengthsOf(test);
  const kind = KINDS[field];
  return kind !== undefined && test.is === "equal" ? [{ kind, value: test.text }] : undefined;
};

/** The two fields of which a trace has one value of two. */
const oppositeOf = (field: Field, terms: readonly SummaryTerm[] | undefined): readonly SummaryTerm[] | undefined => {
  const [term] = terms ?? [];
  if (term === undefined || terms?.length !== 1 || (field !== "status" && field !== "cold")) return undefined;
  const values = field === "status" ? ["ok", "error"] : ["true", "false"];
  return values.filter((value) => value !== term.value).map((value) => ({ kind: term.kind, value }));
};

const lengthsOf = (test: Test): readonly SummaryTerm[] | undefined => {
  const [least, most] = boundsOf(test);
  if (least === undefined && most === undefined) return undefined;
  const first = lengthOf(least ?? 0);
  const last = Math.min(MAX_LENGTH, most === undefined ? MAX_LENGTH : lengthOf(most));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => ({
    kind: "length",
    value: String(first + n),
  }));
};

const boundsOf = (test: Test): readonly [least: number | undefined, most: number | undefined] => {
  switch (test.is) {
    case "between":
      return [test.least, test.most];
    case ">":
    case ">=":
      return [test.number, undefined];
    case "<":
    case "<=":
      return [undefined, test.number];
    case "there":
    case "equal":
    case "prefix":
      return [undefined, undefined];
  }
};

const prefixOf = (query: Query): Plan["prefixes"][number] | undefined => {
  if (query.kind !== "field" || query.tests.length !== 1) return undefined;
  const [test] = query.tests;
  const kind = KINDS[query.field];
  return kind !== undefined && test?.is === "prefix" ? { kind, prefix: test.text } : undefined;
};

const candidatesOf = (query: Query): readonly Candidate[] | undefined => {
  switch (query.kind) {
    case "or":
      return united(query.parts.map(candidatesOf));
    case "and": {
      const known = query.parts.map(candidatesOf).filter((part) => part !== undefined);
      return known.toSorted((a, b) => a.length - b.length)[0];
    }
    case "attribute":
      return united(
        query.tests.map((test) =>
          test.is === "equal" ? [{ by: "word", word: { attribute: query.key, value: test.text } }] : undefined,
        ),
      );
    case "field": {
      const by = query.field;
      if (by !== "request" && by !== "trace") return undefined;
      return united(query.tests.map((test) => (test.is === "equal" ? [{ by, id: test.text }] : undefined)));
    }
    case "not":
    case "text":
      return undefined;
  }
};
