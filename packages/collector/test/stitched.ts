/** Spans in a real store, and what questions about them answer, in span names. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { SpanRecord } from "../src/model/span.ts";
import { WALK_BOUNDS, findTrace } from "../src/query/find.ts";
import { type ListDeps, type ListQuery, listTraces } from "../src/query/list.ts";
import { createSummarizer } from "../src/query/summarize.ts";
import { gapsOf } from "../src/stitch/gaps.ts";
import { openStore } from "../src/store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../src/store/sqlite/summaries.ts";
import type { Store } from "../src/store/store.ts";
import { type SpanSpec, START, batch, span, spanId, traceId } from "./builders.ts";

export const LATER = START + 3_600_000_000_000n;

/** What a question answers, in span names. */
export interface Answer {
  readonly id: string;
  readonly spans: readonly string[];
  readonly joins: readonly string[];
  readonly gaps: readonly string[];
  readonly memberOf: number;
  readonly placeholder?: string;
}

/** One request per span: the order of arrival is part of the question. */
export const stored = (...spans: readonly SpanRecord[]) => arrived(spans.map((one) => [one]));

export interface Stored extends ListDeps {
  readonly store: Store;
}

const open: (() => Promise<void>)[] = [];

/** After each run of a property: a thousand open stores are more files than a process may have. */
export const closeOpened = async (): Promise<void> => {
  for (const close of open.splice(0)) await close();
};

/** An empty store with its summaries. */
export const opened = async (bounds = WALK_BOUNDS, clock = () => LATER, same?: Stored): Promise<Stored> => {
  if (same) return { ...same, summarizer: createSummarizer({ ...same, clock, bounds }) };
  const folder = await mkdtemp(join(tmpdir(), "mayfly-stitch-"));
  const store = openStore({ dataDir: folder });
  const summaries = createSqliteSummaries({ dataDir: folder });
  open.push(async () => {
    await summaries.close();
    await store.close();
    await rm(folder, { recursive: true });
  });
  onTestFinished(closeOpened);
  return { store, summaries, summarizer: createSummarizer({ store, summaries, clock, bounds }) };
};

/** One request per list. */
export const arrived = async (requests: readonly (readonly SpanRecord[])[], bounds = WALK_BOUNDS) => {
  const deps = await opened(bounds);
  const { store } = deps;
  for (const request of requests) await store.append(batch(request));
  const list = (query: ListQuery) => listTraces(query, deps, LATER);
  const rows = async (): Promise<string[]> =>
    (await list({ limit: 100 })).traces.map((row) => `${row.name} (${row.spanCount})`);
  const ask = async (id: string): Promise<Answer | undefined> => {
    const found = await findTrace(store, id);
    if (!found) return undefined;
    const name = (one: SpanRecord): string => one.wire.name;
    return {
      id: found.trace.id,
      spans: found.trace.parts.flatMap((part) => part.spans.map(name)).toSorted(),
      joins: found.trace.joins
        .map(
          (one) =>
            `${name(one.from)} ${one.relation} ${name(one.to.root)} by ${[one.kind, ...one.keys.map((key) => key.kind)].join("+")}`,
        )
        .toSorted(),
      gaps: gapsOf(found.trace, found.graph, LATER).map((gap) => gap.reason),
      memberOf: found.memberOf.length,
      ...(found.trace.missing[0] && { placeholder: found.trace.missing[0].placeholder.reason }),
    };
  };
  return { ...deps, ask, rows, list };
};

export const id = (trace: string, name: string): string => `${traceId(trace)}.${spanId(name)}`;
export const at = (startMs: number, endMs = startMs + 10): SpanSpec["at"] => [startMs, endMs];

/** Two orders, each in a trace of its own, which send the messages `m1` and `m2`. */
export const sentOrders: readonly SpanRecord[] = [1, 2].flatMap((n) => [
  span(`order ${n}`, { trace: `t${n}`, in: "api", request: `r${n}`, at: at(n) }),
  span(`send ${n}`, {
    trace: `t${n}`,
    parent: `order ${n}`,
    in: "api",
    produces: [`sqs-message m${n}`],
    at: at(n + 3),
  }),
]);

/** api sends one message; payment handles it alone, with a record span of its own. */
export const hop = [
  span("POST /orders", { in: "api", request: "r-api", at: at(0) }),
  span("send", { parent: "POST /orders", in: "api", produces: ["sqs-message m"], kind: 4, at: at(5) }),
  span("payment", {
    parent: "send",
    in: "payment",
    isRemote: true,
    request: "r-pay",
    consumes: ["sqs-message m", "lambda-request r-pay"],
    at: at(20),
  }),
  span("record", {
    parent: "send",
    in: "payment",
    isRemote: true,
    request: "r-pay",
    consumes: ["sqs-message m"],
    links: ["invocation:t/payment"],
    at: at(21),
  }),
  span("charge", { parent: "record", in: "payment", at: at(22) }),
];

/** The same, where payment waited for its environment, and has no record span. */
export const coldHop = [
  ...hop.slice(0, 2),
  span("payment", {
    parent: "send",
    isRemote: true,
    in: "payment",
    request: "r-pay",
    cold: true,
    consumes: ["sqs-message m"],
    at: at(400, 420),
  }),
  span("init", { parent: "payment", in: "payment", cold: true, kind: 1, at: at(100, 390) }),
];
