/** Which row of the waterfall a log line belongs to: its span's, else its invocation's. */
import type { LogRecord } from "@mayfly/api";
import type { Row, SpanRow } from "./rows.ts";
import { textOfLine } from "./trace-logs.ts";
import type { LogView } from "./trace-view.ts";

export type RowOfLine = (record: Pick<LogRecord, "traceId" | "spanId" | "requestId">) => SpanRow | undefined;

export const rowOfLineAmong = (rows: readonly Row[]): RowOfLine => {
  const bySpan = new Map<string, SpanRow>();
  const byRequest = new Map<string, SpanRow>();
  for (const row of rows) {
    if (row.kind !== "span") continue;
    const { path, span } = row.view;
    if (!bySpan.has(path)) bySpan.set(path, row);
    const { requestId } = span;
    if (row.isInvocation && requestId !== undefined && !byRequest.has(requestId)) byRequest.set(requestId, row);
  }
  return ({ traceId, spanId, requestId }) => bySpan.get(`${traceId}.${spanId}`) ?? byRequest.get(requestId ?? "");
};

/** By row id, what the lines of that row say. */
export type LineTexts = ReadonlyMap<string, readonly string[]>;

export const lineTexts = (rowOfLine: RowOfLine, logs: readonly LogView[]): LineTexts => {
  const texts = new Map<string, string[]>();
  for (const { record } of logs) {
    const id = rowOfLine(record)?.id;
    if (id === undefined) continue;
    const known = texts.get(id);
    if (known) known.push(textOfLine(record));
    else texts.set(id, [textOfLine(record)]);
  }
  return texts;
};
