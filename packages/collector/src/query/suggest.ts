/**
 * What can be written next in a query: names of fields and attributes, and values of either.
 *
 * Fields know their values from the summaries. Attributes are told from a sample: the spans of the newest traces, read anew at most every
 * `SAMPLE_FOR_MS`; a value that is in none of them is not suggested and is found all the same.
 *
 * Bounds  `SAMPLED_ROWS` traces, `SAMPLED_SPANS` spans, values of up to `MAX_VALUE_LENGTH` characters.
 */
import { attributesOf, attributeValues, wordOf } from "../model/attribute-words.ts";
import type { Store } from "../store/store.ts";
import type { Summaries, SummaryTermKind } from "../store/summaries.ts";
import { FIELDS, type Field, isField } from "./grammar.ts";

const SAMPLED_ROWS = 200;
const SAMPLED_SPANS = 2_000;
const SAMPLE_FOR_MS = 10_000;
const MAX_VALUE_LENGTH = 200;

export interface Suggestion {
  readonly kind: "field" | "attribute" | "value";
  readonly text: string;
  /** Of a value that was suggested where no field was named. */
  readonly of?: string;
  /** Of a field: what it means. */
  readonly meaning?: string;
  /** Traces (of a field's value) or sampled spans (of an attribute or its value) that have it. */
  readonly count?: number;
}

export interface Suggester {
  names(prefix: string, limit: number): Promise<readonly Suggestion[]>;
  values(of: string, prefix: string, limit: number): Promise<readonly Suggestion[]>;
}

interface Deps {
  readonly store: Pick<Store, "spansOfTraces">;
  readonly summaries: Pick<Summaries, "page" | "terms">;
  readonly nowMs: () => number;
}

/** Attribute → value → how many spans have it. */
type Sample = ReadonlyMap<string, ReadonlyMap<string, number>>;

export const createSuggester = (deps: Deps): Suggester => {
  let known: { readonly sample: Promise<Sample>; readonly atMs: number } | undefined;
  const sample = (): Promise<Sample> => {
    const atMs = deps.nowMs();
    if (known === undefined || atMs - known.atMs >= SAMPLE_FOR_MS) known = { sample: takeSample(deps), atMs };
    return known.sample;
  };
  return {
    async names(prefix, limit) {
      const fields = Object.entries(FIELDS).map(([text, { meaning }]) => ({ kind: "field", text, meaning }) as const);
      const attributes = [...(await sample())]
        .map(([text, values]) => ({ kind: "attribute", text, count: spansWith(values) }) as const)
        .filter(({ text }) => !isField(text));
      return [
        ...fields.filter(startsWith(prefix)),
        ...(prefix === "" ? [] : await namedValues(prefix, deps.summaries)),
        ...mostFirst(attributes.filter(startsWith(prefix))),
      ].slice(0, limit);
    },
    async values(of, prefix, limit) {
      if (isField(of)) return fieldValues(of, prefix, limit, deps.summaries);
      const values = [...((await sample()).get(of) ?? [])].map(
        ([text, count]) => ({ kind: "value", text, count }) as const,
      );
      return mostFirst(values.filter(startsWith(prefix))).slice(0, limit);
    },
  };
};

/** Whatever its case: what is typed quickly is typed small. */
const startsWith = (prefix: string) => {
  const wanted = prefix.toLowerCase();
  return ({ text }: { readonly text: string }): boolean => text.toLowerCase().startsWith(wanted);
};

const mostFirst = <T extends { readonly text: string; readonly count: number }>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));

const spansWith = (values: ReadonlyMap<string, number>): number =>
  [...values.values()].reduce((sum, count) => sum + count, 0);

const KINDS: Partial<Record<Field, SummaryTermKind>> = {
  function: "function",
  service: "service",
  trigger: "trigger",
  error: "error",
};

/** A function or an error is as good as found by its name alone. */
const NAMED = ["function", "error"] as const;
const MAX_NAMED = 3;

const namedValues = async (prefix: string, summaries: Deps["summaries"]): Promise<readonly Suggestion[]> => {
  const found = await Promise.all(NAMED.map((of) => summaries.terms(of, prefix, MAX_NAMED)));
  return found.flat().map(({ kind, value, rows }) => ({ kind: "value", of: kind, text: value, count: rows }));
};

const DURATIONS = [">100ms", ">500ms", ">1s", ">5s", "100ms..1s"];
const COUNTS = [">0", ">10", ">=100"];

const fieldValues = async (
  field: Field,
  prefix: string,
  limit: number,
  summaries: Deps["summaries"],
): Promise<readonly Suggestion[]> => {
  const { takes } = FIELDS[field];
  if (takes !== "name") {
    const texts = takes === "duration" ? DURATIONS : takes === "count" ? COUNTS : takes;
    return texts
      .map((text) => ({ kind: "value", text }) as const)
      .filter(startsWith(prefix))
      .slice(0, limit);
  }
  const kind = KINDS[field];
  const terms = kind ? await summaries.terms(kind, prefix, limit) : await newest(field, summaries);
  return terms
    .map(({ value, rows }) => ({ kind: "value", text: value, count: rows }) as const)
    .filter(startsWith(prefix))
    .slice(0, limit);
};

/** Names of spans, requests and traces are too many to be kept as terms. */
const newest = async (field: Field, summaries: Deps["summaries"]): Promise<{ value: string; rows: number }[]> => {
  const { rows } = await summaries.page({ all: [], limit: SAMPLED_ROWS });
  const counts = new Map<string, number>();
  for (const { row } of rows) {
    const values = field === "name" ? (row.spanNames ?? []) : field === "request" ? row.requestIds : row.traceIds;
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].map(([value, count]) => ({ value, rows: count })).toSorted((a, b) => b.rows - a.rows);
};

const takeSample = async ({ store, summaries }: Deps): Promise<Sample> => {
  const { rows } = await summaries.page({ all: [], limit: SAMPLED_ROWS });
  const traceIds = new Set(rows.flatMap(({ row }) => row.traceIds));
  const sample = new Map<string, Map<string, number>>();
  for (const span of await store.spansOfTraces([...traceIds].slice(0, SAMPLED_ROWS), SAMPLED_SPANS)) {
    for (const key of new Set(attributesOf(span).map((one) => one.key))) {
      const values = sample.get(key) ?? new Map<string, number>();
      sample.set(key, values);
      for (const value of new Set(attributeValues(span, key).map(wordOf)))
        if (value.length <= MAX_VALUE_LENGTH) values.set(value, (values.get(value) ?? 0) + 1);
    }
  }
  return sample;
};
