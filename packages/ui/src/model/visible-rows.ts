/** Which of the waterfall's rows are shown: folded ones hide what is below them, a filter keeps matches and their causes. */
import { errorOf, type Row } from "./rows.ts";
import { joinText } from "./join-text.ts";

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

export interface Matches {
  readonly rows: readonly Row[];
  readonly count: number;
}

/** Rows that hold the text, in their place under their causes. */
export const matching = (rows: readonly Row[], text: string): Matches => {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return { rows, count: rows.length };
  const kept = new Set<number>();
  let count = 0;
  for (const [index, row] of rows.entries()) {
    if (!textOf(row).includes(wanted)) continue;
    count += 1;
    for (let at = index; at >= 0 && !kept.has(at); at = rows[at]?.parent ?? -1) kept.add(at);
  }
  return { rows: rows.filter((_, index) => kept.has(index)), count };
};

const textOf = (row: Row): string => wordsOf(row).join("\n").toLowerCase();

const wordsOf = (row: Row): readonly string[] => {
  switch (row.kind) {
    case "span": {
      const { span } = row.view;
      const values = Object.values(span.attributes).filter((value) => typeof value !== "object");
      return [
        span.name,
        row.functionName ?? "",
        span.spanId,
        span.requestId ?? "",
        errorOf(row) ?? "",
        ...values.map(String),
      ];
    }
    case "join":
      return row.joins.flatMap((join) => [joinText(join), join.key?.id ?? "", join.reason]);
    case "gap":
      return [row.gap.message, row.gap.advice, row.gap.key?.id ?? ""];
    case "placeholder":
      return row.gaps.flatMap((gap) => [gap.message, gap.advice]).concat(row.placeholder.key?.id ?? "");
  }
};
