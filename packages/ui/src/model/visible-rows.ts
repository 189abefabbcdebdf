/** Which of the waterfall's rows are shown: folded ones hide what is below them, a filter keeps matches and their causes. */
import type { StitchKey } from "@mayfly/api";
import { joinText, placeholderText } from "./join-text.ts";
import type { LineTexts } from "./log-rows.ts";
import { shownName } from "./platform.ts";
import { type Row, type SpanRow, errorOf } from "./rows.ts";

export const unfolded = (rows: readonly Row[], folded: ReadonlySet<string>): readonly Row[] => {
  if (folded.size === 0) return rows;
  const shown: Row[] = [];
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] as Row;
    shown.push(row);
    if (folded.has(row.id)) index += row.descendants;
  }
  return shown;
};

/** Where a row holds the text, when that is not in what the row shows. */
export interface Hit {
  readonly where?: { readonly name: string; readonly text: string };
}

export interface Matches {
  readonly rows: readonly Row[];
  /** By row id, in the order of the rows; the other rows only lead to one. */
  readonly hits: ReadonlyMap<string, Hit>;
}

/** Rows that hold the text, or one of whose log lines does, in their place under their causes. Blank text hits nothing and leaves all rows. */
export const matching = (rows: readonly Row[], text: string, lines: LineTexts = NO_LINES): Matches => {
  const wanted = text.trim().toLowerCase();
  const hits = new Map<string, Hit>();
  if (wanted === "") return { rows, hits };
  const kept = new Set<number>();
  for (const [index, row] of rows.entries()) {
    const isHit = (one: Field): boolean => one.text.toLowerCase().includes(wanted);
    const field = fieldsOf(row).find(isHit) ?? lineFields(lines.get(row.id)).find(isHit);
    if (field === undefined) continue;
    hits.set(row.id, field.name === undefined ? {} : { where: { name: field.name, text: field.text } });
    for (let at = index; at >= 0 && !kept.has(at); at = rows[at]?.parent ?? -1) kept.add(at);
  }
  return { rows: rows.filter((_, index) => kept.has(index)), hits };
};

const NO_LINES: LineTexts = new Map();

const lineFields = (texts: readonly string[] = []): readonly Field[] => texts.flatMap((text) => hidden("log", text));

/** The hit that comes after the row at `from` (or before it, for -1), round and round; -1 where nothing is hit. */
export const nextHit = ({ rows, hits }: Matches, from: number, by: 1 | -1): number => {
  const start = from < 0 && by < 0 ? 0 : from;
  for (let step = 1; step <= rows.length; step += 1) {
    const at = (start + by * step + rows.length * 2) % rows.length;
    if (hits.has(rows[at]?.id ?? "")) return at;
  }
  return -1;
};

interface Field {
  /** Absent where the row shows it. */
  readonly name?: string;
  readonly text: string;
}

const shown = (...texts: readonly (string | undefined)[]): readonly Field[] =>
  texts.flatMap((text) => (text === undefined ? [] : [{ text }]));

const hidden = (name: string, text: string | undefined): readonly Field[] =>
  text === undefined ? [] : [{ name, text }];

/** What is shown comes first: a hit there needs no word of where. */
const fieldsOf = (row: Row): readonly Field[] => {
  switch (row.kind) {
    case "span":
      return spanFields(row);
    case "join":
      return [
        ...shown(...row.joins.slice(0, 1).map(joinText)),
        ...row.joins.flatMap(({ key, reason }) => [...keyFields(key), ...hidden("evidence", reason)]),
      ];
    case "gap":
      return [...shown(row.gap.message, row.gap.advice), ...keyFields(row.gap.key)];
    case "placeholder":
      return [
        ...shown(row.gaps[0]?.message ?? placeholderText(row.placeholder), row.gaps[0]?.advice),
        ...row.gaps.slice(1).flatMap((gap) => [...hidden("gap", gap.message), ...hidden("advice", gap.advice)]),
        ...keyFields(row.placeholder.key),
      ];
  }
};

const keyFields = (key: StitchKey | undefined): readonly Field[] => (key ? hidden(key.kind, key.id) : []);

const spanFields = (row: SpanRow): readonly Field[] => {
  const { span } = row.view;
  return [
    ...shown(row.isInvocation ? row.functionName : undefined, shownName(span), errorOf(row)),
    ...hidden("function", row.functionName),
    ...hidden("name", shownName(span) === span.name ? undefined : span.name),
    ...hidden("span id", span.spanId),
    ...hidden("request id", span.requestId),
    ...Object.entries(span.attributes).flatMap(([key, value]) =>
      hidden(key, typeof value === "object" ? undefined : String(value)),
    ),
  ];
};

/** The text in parts, every second of which is a place where `wanted` stands. */
export const partsBy = (text: string, wanted: string): readonly string[] => {
  const [lower, sought] = [text.toLowerCase(), wanted.trim().toLowerCase()];
  if (sought === "" || lower.length !== text.length) return [text]; // of a few letters the lower case is longer
  const parts: string[] = [];
  let from = 0;
  for (let at = lower.indexOf(sought); at >= 0; at = lower.indexOf(sought, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + sought.length));
    from = at + sought.length;
  }
  return [...parts, text.slice(from)];
};
