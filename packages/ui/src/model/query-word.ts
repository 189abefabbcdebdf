/**
 * The word of a query at the caret, and the query with it completed: what the search bar needs to know of the language
 * (docs/reference/query.md). Whether a query is right, the collector says.
 */
export interface QueryWord {
  /** The field or attribute whose value it is; undefined: a name, or text. */
  readonly of?: string;
  readonly prefix: string;
  /** What a completion takes the place of. */
  readonly start: number;
  readonly end: number;
}

export interface Completion {
  readonly kind: "field" | "attribute" | "value";
  readonly text: string;
  /** Of a value that was suggested where no name was written yet. */
  readonly of?: string;
}

interface Written {
  readonly text: string;
  readonly caret: number;
}

const BREAK = /[\s()]/;

/** undefined where nothing can be completed: in quoted text, after an operator, on a keyword. */
export const queryWordAt = (text: string, caret: number): QueryWord | undefined => {
  let start = 0;
  let colon = -1;
  let quote = -1;
  for (let at = 0; at < caret; at += 1) {
    const char = text[at] ?? "";
    if (quote >= 0) {
      if (char === "\\") at += 1;
      else if (char === '"') quote = -1;
    } else if (char === '"') quote = at;
    else if (BREAK.test(char)) {
      start = at + 1;
      colon = -1;
    } else if (char === ":" && colon < 0) colon = at;
    else if (char === "," && colon >= 0) start = at + 1;
    else if (char === "-" && at === start) start += 1;
  }
  if (colon < 0) {
    const prefix = text.slice(start, caret);
    const isName = quote < 0 && !/["*,<>]/.test(prefix) && !["AND", "OR", "NOT"].includes(prefix);
    return isName ? { prefix, start, end: endOf(text, caret) } : undefined;
  }
  const of = unquoted(text.slice(nameStart(text, colon), colon));
  const valueStart = Math.max(start, colon + 1);
  const value = text.slice(valueStart, caret);
  if (quote >= 0 && quote !== valueStart) return undefined;
  return { of, prefix: value.replace(/^"/, ""), start: valueStart, end: endOf(text, caret) };
};

/** The word goes on behind the caret up to a break, a comma, or the quote that closes it. */
const endOf = (text: string, caret: number): number => {
  const rest = /[\s(),":]/.exec(text.slice(caret));
  return rest ? caret + rest.index : text.length;
};

const nameStart = (text: string, colon: number): number => {
  if (text[colon - 1] === '"') return text.lastIndexOf('"', colon - 2);
  let at = colon;
  while (at > 0 && !BREAK.test(text[at - 1] ?? "")) at -= 1;
  while (text[at] === "-") at += 1;
  return at;
};

const unquoted = (name: string): string => {
  if (!name.startsWith('"')) return name;
  try {
    return String(JSON.parse(name));
  } catch {
    return name.slice(1, -1);
  }
};

export const completedQuery = (text: string, word: QueryWord, completion: Completion): Written => {
  const isName = completion.kind !== "value";
  const written = isName ? `${nameOf(completion)}:` : `${valueBehind(word, completion)} `;
  const rest = text.slice(word.end).replace(isName ? /^:/ : /^[" ]/, "");
  const before = text.slice(0, word.start) + written;
  return { text: before + rest, caret: before.length };
};

const NAME = /^[\p{L}_$@](?:[\p{L}\p{N}_.$@/-]*[\p{L}\p{N}_])?$/u;
/** An attribute may be called as no field is, or as nothing that stands by itself. */
const nameOf = ({ text }: Completion): string => (NAME.test(text) ? text : JSON.stringify(text));

const valueBehind = ({ of }: QueryWord, { text, of: field }: Completion): string =>
  field === undefined ? valueOf(of, text) : `${field}:${valueOf(field, text)}`;

/** Fields that compare are written as they are; everywhere else an operator, a star or a range would be taken for one. */
const COMPARING = new Set(["duration", "spans", "gaps"]);
const valueOf = (of: string | undefined, text: string): string =>
  (of !== undefined && COMPARING.has(of)) || (!/[\s()",*]|^[<>]|\.\./.test(text) && text !== "")
    ? text
    : JSON.stringify(text);

/** The term of a field's value, added to what is asked already. */
export const withTerm = (text: string, field: string, value: string): string =>
  `${text.trim()} ${field}:${valueOf(field, value)}`.trim();
