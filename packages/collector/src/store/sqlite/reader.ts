/**
 * Answers questions over all partitions, oldest first, so in the order in which things arrived.
 *
 * A term leads to records that probably hold what is asked for; every one is read and compared. Copies of a span that
 * came in different requests are one.
 *
 * Bounds  RECORDS_PER_TURN records are decoded before whoever else waits is served.
 */
import type { StitchKey } from "@mayfly/api";
import type { SpanId, TraceId } from "../../model/ids.ts";
import { matchesLog } from "../../model/log-filter.ts";
import type { LogRecord } from "../../model/log-record.ts";
import type { SpanRecord } from "../../model/span.ts";
import { type StitchKeyIdentity, stitchKeyIdentity } from "../../model/stitch-key.ts";
import type { KeyHolder, LinkHolder, StoreReader } from "../store.ts";
import { keyIdPlace, keyPlace, linkPlace, requestPlace, tracePlace } from "../terms.ts";
import { createChanges } from "./changes.ts";
import { type Found, createFinder } from "./found.ts";
import { createLogSearch } from "./log-search.ts";
import { createMetricSearch } from "./metric-search.ts";
import { type OpenSealed, openPartitionSet } from "./partition-set.ts";
import { createRecords } from "./records.ts";
import { createSpanSearch } from "./span-search.ts";
import { unindexedEver } from "./unindexed.ts";

export interface ReaderOptions {
  readonly dataDir: string;
  readonly openSealed: OpenSealed;
  /** Decoded spans in memory. */
  readonly maxKnownSpans?: number;
}

const RECORDS_PER_TURN = 1_000;

export const openReader = ({ dataDir, openSealed, maxKnownSpans }: ReaderOptions): StoreReader => {
  const partitions = openPartitionSet(dataDir, openSealed);
  const finder = createFinder(partitions);
  const records = createRecords(maxKnownSpans);
  const spansWith = createSpanSearch({ finder, records, unindexed: unindexedEver(dataDir) });
  const changes = createChanges(finder);

  /** Spans at these places, in order of arrival, of which `matches` is true. */
  async function* spansAt(
    terms: readonly number[],
    matches: (span: SpanRecord) => boolean,
  ): AsyncGenerator<SpanRecord> {
    const isCopy = createCopies();
    let count = 0;
    for (const found of finder.places("spans", terms)) {
      if ((count += 1) % RECORDS_PER_TURN === 0) await new Promise((resolve) => void setImmediate(resolve));
      const span = records.span(found.block, found.row);
      if (matches(span) && !isCopy(span, found)) yield span;
    }
  }

  return {
    async spansOfTraces(traceIds, limit) {
      const asked = new Set(traceIds);
      return firstOf(
        limit,
        spansAt([...asked].map(tracePlace), (span) => asked.has(span.traceId)),
      );
    },

    async holdersOfKeys(identities, limit) {
      const asked = new Set(identities);
      const holders: KeyHolder[] = [];
      for await (const span of spansAt([...asked].map(keyPlace), () => true)) {
        for (const holder of holdersIn(span, asked)) if (holders.push(holder) >= limit) return holders;
      }
      return holders;
    },

    async keysWithId(id, limit) {
      const keys = new Map<StitchKeyIdentity, StitchKey>();
      for await (const span of spansAt([keyIdPlace(id)], () => true)) {
        for (const key of [...span.produced, ...span.consumed]) {
          const identity = stitchKeyIdentity(key);
          if (key.id === id && !keys.has(identity)) keys.set(identity, key);
        }
        if (keys.size >= limit) break;
      }
      return [...keys.values()].slice(0, limit);
    },

    async tracesOfRequest(requestId, limit) {
      const starts = new Map<TraceId, bigint>();
      for await (const span of spansAt([requestPlace(requestId)], (one) => one.requestId === requestId)) {
        const known = starts.get(span.traceId);
        if (known === undefined || span.start < known) starts.set(span.traceId, span.start);
      }
      return [...starts]
        .toSorted(([a, atA], [b, atB]) => Number(atB - atA) || (a < b ? 1 : -1))
        .slice(0, limit)
        .map(([traceId]) => traceId);
    },

    async linksToTraces(traceIds, limit) {
      const asked = new Set(traceIds);
      const holders: LinkHolder[] = [];
      for await (const span of spansAt([...asked].map(linkPlace), () => true)) {
        for (const { traceId, spanId } of span.links) {
          if (!asked.has(traceId)) continue;
          const holder = { traceId: span.traceId, spanId: span.spanId, target: { traceId, spanId } };
          if (holders.push(holder) >= limit) return holders;
        }
      }
      return holders;
    },

    async logs({ traceIds = [], requestIds = [], limit, ...filter }) {
      const terms = [...traceIds.map(tracePlace), ...requestIds.map(requestPlace)];
      const [traces, requests] = [new Set(traceIds), new Set(requestIds)];
      const logs: LogRecord[] = [];
      for (const { block, row } of finder.places("logs", terms)) {
        const log = records.log(block, row);
        const isOfTrace = log.traceId !== undefined && traces.has(log.traceId);
        const isAsked = isOfTrace || (log.requestId !== undefined && requests.has(log.requestId));
        if (isAsked && matchesLog(log, filter)) logs.push(log);
        if (logs.length % RECORDS_PER_TURN === RECORDS_PER_TURN - 1)
          await new Promise((resolve) => void setImmediate(resolve));
      }
      return eachLineOnce(logs)
        .toSorted((a, b) => Number(a.time > b.time) - Number(a.time < b.time))
        .slice(0, limit);
    },

    async damage() {
      partitions.list(); // opens what is new
      return [...partitions.setAside]
        .toSorted(([a], [b]) => a - b)
        .map(([partition, { code, message }]) => ({ partition, code, message }));
    },
    spansWith,
    logsWith: createLogSearch({ finder, records }),
    ...createMetricSearch({ finder, records }),
    changedTraces: async (...asked) => changes.traces(...asked),
    async oldestArrival() {
      for (const partition of partitions.list()) {
        const first = partitions.ask(partition, (reader) => reader.firstArrival());
        if (first !== undefined) return first;
      }
      return undefined;
    },
    async absentTraces(traceIds) {
      const sought = Map.groupBy(traceIds, tracePlace);
      for (const partition of partitions.list())
        for (const place of sought.keys())
          if (partitions.ask(partition, (reader) => reader.places("spans", place).length > 0)) sought.delete(place);
      return [...sought.values()].flat();
    },
    spansAfter: async (checkpoint) => changes.countSpans(checkpoint),
    async close() {
      partitions.close();
    },
  };
};

const firstOf = async <T>(limit: number, all: AsyncIterable<T>): Promise<readonly T[]> => {
  const first: T[] = [];
  if (limit > 0) for await (const one of all) if (first.push(one) >= limit) break;
  return first;
};

const holdersIn = (span: SpanRecord, asked: ReadonlySet<StitchKeyIdentity>): KeyHolder[] =>
  (["produced", "consumed"] as const).flatMap((side) =>
    span[side].flatMap((key) => {
      const identity = stitchKeyIdentity(key);
      return asked.has(identity) ? [{ identity, key, side, traceId: span.traceId, spanId: span.spanId }] : [];
    }),
  );

/** Whether the same bytes in the same origin were seen before. */
const createCopies = (): ((span: SpanRecord, found: Found) => boolean) => {
  const seen = new Map<SpanId, { readonly origin: SpanRecord["origin"]; readonly record: Uint8Array }[]>();
  return (span, { block, row }) => {
    const record = block.record(row);
    const others = seen.get(span.spanId) ?? [];
    const isCopy = others.some((one) => one.origin === span.origin && Buffer.compare(one.record, record) === 0);
    if (!isCopy) seen.set(span.spanId, [...others, { origin: span.origin, record }]);
    return isCopy;
  };
};

/** A line that came by two ways has the same number in its invocation; the first stands for it. */
const eachLineOnce = (logs: readonly LogRecord[]): LogRecord[] => {
  const seen = new Set<string>();
  return logs.filter(({ requestId, seq, time }) => {
    if (requestId === undefined || seq === undefined) return true;
    const name = `${seq} ${time} ${requestId}`;
    return !seen.has(name) && seen.add(name);
  });
};
