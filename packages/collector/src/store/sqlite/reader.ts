/**
 * Answers questions over all partitions, oldest first, so in the order in which things arrived.
 *
 * A term leads to records that probably hold what is asked for; every one is read and compared. Copies of a span that
 * came in different requests are one.
 *
 * Bounds  RECORDS_PER_TURN records are decoded before whoever else waits is served.
 */
import type { StitchKey } from "@mayfly/api";
import { type SpanId, type TraceId, spanPath } from "../../model/ids.ts";
import { matchesLog } from "../../model/log-filter.ts";
import { type LogRecord, lineName } from "../../model/log-record.ts";
import type { LinkTarget, SpanRecord } from "../../model/span.ts";
import { type StitchKeyIdentity, stitchKeyIdentity } from "../../model/stitch-key.ts";
import type { KeyHolder, SeedReader, StepReader, StoreReader } from "../store.ts";
import { keyIdPlace, keyPlace, linkPlace, requestPlace, tracePlace } from "../terms.ts";
import { createChanges } from "./changes.ts";
import { type Found, createFinder } from "./found.ts";
import { createTrail, type Trail } from "./inquiry.ts";
import { createLogSearch } from "./log-search.ts";
import { createMetricSearch } from "./metric-search.ts";
import { type OpenPartition, type OpenSealed, openPartitionSet } from "./partition-set.ts";
import { createRecords } from "./records.ts";
import { forgetRemoval, removalAfter } from "./removals.ts";
import { SoughtTerms } from "./sought-terms.ts";
import { unindexedEver } from "./unindexed.ts";
import { createWordSearch } from "./word-search.ts";

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
  const tracesWith = createWordSearch({ finder, records, unindexed: unindexedEver(dataDir) });
  const changes = createChanges(finder);

  /** The first spans at these places, in order of arrival, of which `matches` is true. */
  const spansAt = async (
    { all, trail }: Asker,
    terms: readonly number[],
    matches: (span: SpanRecord) => boolean,
    limit = Infinity,
  ): Promise<readonly SpanRecord[]> => {
    const spans: SpanRecord[] = [];
    if (limit <= 0) return spans;
    trail?.note("spans", terms);
    const isCopy = createCopies();
    let count = 0;
    for (const found of finder.places(all(), "spans", terms, trail?.found)) {
      if ((count += 1) % RECORDS_PER_TURN === 0) await turn();
      const span = records.span(found.block, found.row);
      if (!matches(span) || isCopy(span, found)) continue;
      trail?.took(lengthOf(found));
      if (spans.push(span) >= limit) break;
    }
    return spans;
  };

  const steps = (asker: Asker): StepReader => ({
    async spansOfTraces(traceIds, limit) {
      const asked = new Set(traceIds);
      return spansAt(asker, [...asked].map(tracePlace), (span) => asked.has(span.traceId), limit);
    },

    async holdersOfKeys(identities, limit) {
      const asked = new Set(identities);
      const isAsked = (key: StitchKey): boolean => asked.has(stitchKeyIdentity(key));
      const holds = ({ produced, consumed }: SpanRecord): boolean => produced.some(isAsked) || consumed.some(isAsked);
      const spans = await spansAt(asker, [...asked].map(keyPlace), holds, limit);
      const holders: KeyHolder[] = [];
      for (const span of spans) addHolders(span, asked, holders);
      return holders.slice(0, limit);
    },

    async linksToTraces(traceIds, limit) {
      const asked = new Set(traceIds);
      const isAsked = ({ traceId }: LinkTarget): boolean => asked.has(traceId);
      const spans = await spansAt(asker, [...asked].map(linkPlace), ({ links }) => links.some(isAsked), limit);
      return spans
        .flatMap(({ traceId, path, links }) =>
          links.filter(isAsked).map((link) => ({ traceId, path, target: spanPath(link.traceId, link.spanId) })),
        )
        .slice(0, limit);
    },
  });

  const seeds = (asker: Asker): SeedReader => ({
    async keysWithId(id, limit) {
      const keys = new Map<StitchKeyIdentity, StitchKey>();
      const isNew = (key: StitchKey): boolean => key.id === id && !keys.has(stitchKeyIdentity(key));
      const tells = ({ produced, consumed }: SpanRecord): boolean => {
        const told = [...produced, ...consumed].filter(isNew);
        for (const key of told) keys.set(stitchKeyIdentity(key), key);
        return told.length > 0;
      };
      await spansAt(asker, [keyIdPlace(id)], tells, limit);
      return [...keys.values()].slice(0, limit);
    },

    async tracesOfRequest(requestId, limit) {
      const starts = new Map<TraceId, bigint>();
      // Of an id that millions of spans have, none is kept.
      await spansAt(asker, [requestPlace(requestId)], (span) => {
        const known = starts.get(span.traceId);
        if (span.requestId === requestId && (known === undefined || span.start < known))
          starts.set(span.traceId, span.start);
        return false;
      });
      return [...starts]
        .toSorted(([a, atA], [b, atB]) => Number(atB - atA) || (a < b ? 1 : -1))
        .slice(0, limit)
        .map(([traceId]) => traceId);
    },

    async logs({ traceIds = [], requestIds = [], limit, ...filter }) {
      const terms = [...traceIds.map(tracePlace), ...requestIds.map(requestPlace)];
      const [traces, requests] = [new Set(traceIds), new Set(requestIds)];
      const logs: LogRecord[] = [];
      asker.trail?.note("logs", terms);
      for (const { block, row } of finder.places(asker.all(), "logs", terms, asker.trail?.found)) {
        const log = records.log(block, row);
        const isOfTrace = log.traceId !== undefined && traces.has(log.traceId);
        const isAsked = isOfTrace || (log.requestId !== undefined && requests.has(log.requestId));
        if (isAsked && matchesLog(log, filter)) logs.push(log);
        if (logs.length % RECORDS_PER_TURN === RECORDS_PER_TURN - 1) await turn();
      }
      return eachLineOnce(logs)
        .toSorted((a, b) => Number(a.time > b.time) - Number(a.time < b.time))
        .slice(0, limit);
    },
  });

  /** The partitions as they are now, for many steps. */
  const asOfNow = (): (() => readonly OpenPartition[]) => {
    let all = partitions.all();
    let { closings } = partitions;
    return () => {
      if (partitions.closings !== closings) {
        all = partitions.all();
        ({ closings } = partitions);
      }
      return all;
    };
  };

  const always: Asker = { all: () => partitions.all() };

  return {
    ...steps(always),
    ...seeds(always),
    asOfNow: () => steps({ all: asOfNow() }),
    inquire() {
      const all = asOfNow();
      const trail = createTrail(partitions, all());
      const asker = { all, trail };
      return {
        ...steps(asker),
        ...seeds(asker),
        isCurrent: async () => trail.isCurrent(),
        get bytes() {
          return trail.bytes;
        },
      };
    },

    async damage() {
      partitions.list(); // opens what is new
      return [...partitions.setAside]
        .toSorted(([a], [b]) => a - b)
        .map(([partition, { code, message }]) => ({ partition, code, message }));
    },
    tracesWith,
    logsWith: createLogSearch({ finder, records }),
    ...createMetricSearch({ finder, records }),
    changedTraces: async (...asked) => changes.traces(...asked),
    removalAfter: async (mark) => removalAfter(dataDir, mark),
    forgetRemoval: async (removal) => forgetRemoval(dataDir, removal),
    async absentTraces(traceIds) {
      const absent = Map.groupBy(traceIds, tracePlace);
      for (const partition of partitions.list()) {
        const sought = new SoughtTerms(absent.keys());
        const leading = partitions.ask(partition, (reader) => reader.leading("spans", sought)) ?? [];
        for (const term of leading) absent.delete(term);
      }
      return [...absent.values()].flat();
    },
    spansAfter: async (checkpoint) => changes.countSpans(checkpoint),
    async close() {
      partitions.close();
    },
  };
};

/** Who asks: of these partitions, and where that leads is noted. */
interface Asker {
  readonly all: () => readonly OpenPartition[];
  readonly trail?: Trail;
}

const lengthOf = ({ block: { ends }, row }: Found): number => ends[row]! - (row === 0 ? 0 : ends[row - 1]!);

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const addHolders = (span: SpanRecord, asked: ReadonlySet<StitchKeyIdentity>, holders: KeyHolder[]): void => {
  for (const side of SIDES) {
    for (const key of span[side]) {
      const identity = stitchKeyIdentity(key);
      if (asked.has(identity)) holders.push({ identity, key, side, traceId: span.traceId, path: span.path, by: span });
    }
  }
};

const SIDES = ["produced", "consumed"] as const;

/** Whether the same bytes in the same origin were seen before. */
const createCopies = (): ((span: SpanRecord, found: Found) => boolean) => {
  const seen = new Map<SpanId, Seen>();
  return (span, found) => {
    const before = seen.get(span.spanId);
    for (let one = before; one; one = one.before) if (isSame(one, span, found)) return true;
    seen.set(span.spanId, { span, found, before });
    return false;
  };
};

/** Nearly every id is seen once: then this is all that is kept of it. */
interface Seen {
  readonly span: SpanRecord;
  readonly found: Found;
  readonly before: Seen | undefined;
}

const isSame = (one: Seen, span: SpanRecord, { block, row }: Found): boolean =>
  one.span === span ||
  (one.span.origin === span.origin && Buffer.compare(one.found.block.record(one.found.row), block.record(row)) === 0);

/** Of a line that came by two ways the first stands for it. */
const eachLineOnce = (logs: readonly LogRecord[]): LogRecord[] => {
  const seen = new Set<string>();
  return logs.filter((log) => {
    const name = lineName(log);
    return name === undefined || (!seen.has(name) && seen.add(name));
  });
};
