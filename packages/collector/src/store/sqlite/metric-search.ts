/** Data points of a metric, newest first, as newest-first.ts reads them; and which metrics there are. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { metricFromProtobuf } from "@mayfly/otlp";
import { type MetricPoint, dataPointsOf, metricKindOf, pointHoldsWord } from "../../model/metric-point.ts";
import type { UnixNano } from "../../model/time.ts";
import type { MetricHits, MetricNames, MetricSearch, MetricSummary, StoreReader } from "../store.ts";
import { FUNCTION_WORD, MAX_WORD_BYTES, NAME_WORD } from "../terms.ts";
import { Walk, tagOf } from "../walk.ts";
import type { Block } from "./block.ts";
import type { Finder } from "./found.ts";
import { newestFirst } from "./newest-first.ts";
import type { Records } from "./records.ts";

interface Deps {
  readonly finder: Finder;
  readonly records: Records;
}

type MetricReads = Pick<StoreReader, "metricPoints" | "metricNames">;

export const createMetricSearch = (deps: Deps): MetricReads => ({
  metricPoints: (search) => pointsOf(search, deps),
  metricNames: (bounds) => namesOf(bounds, deps.finder),
});

const pointsOf = async (search: MetricSearch, { finder, records }: Deps): Promise<MetricHits> => {
  const { name, functionName, words, from, to, limit, cursor } = search;
  const isNamed = createNameTest(name);
  const { items, cursor: next } = await newestFirst<MetricPoint>(
    {
      signal: "metrics",
      all: [
        ...(Buffer.byteLength(name) <= MAX_WORD_BYTES ? [{ attribute: NAME_WORD, value: name }] : []),
        ...(functionName === undefined ? [] : [{ attribute: FUNCTION_WORD, value: functionName }]),
      ],
      any: [],
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      limit,
      ...(cursor !== undefined && { cursor }),
      *itemsOf(block, row, isWanted) {
        const bytes = block.record(row);
        if (!isNamed(bytes)) return;
        const origin = records.origin(block.origin(row));
        if (functionName !== undefined && origin.functionName !== functionName) return;
        const metric = metricFromProtobuf(bytes);
        const tie = crc32(bytes);
        let digest: string | undefined;
        for (const [index, point] of dataPointsOf(metric).entries()) {
          const time = point.timeUnixNano || block.arrivedAt(row);
          if (!isWanted(time)) continue;
          const value: MetricPoint = { time, origin, metric, point };
          if (!words.every((word) => pointHoldsWord(value, word))) continue;
          digest ??= digestOf(block, row);
          yield { time, tie: (tie + index) >>> 0, name: `${index} ${digest}`, value };
        }
      },
    },
    finder,
  );
  return { points: items, ...(next !== undefined && { cursor: next }) };
};

/** Equal for copies, which other requests brought. */
const digestOf = (block: Block, row: number): string =>
  createHash("sha256").update(block.origin(row)).update(block.record(row)).digest("base64");

const NAME = tagOf(1, "delimited");

/** Before the rest is decoded. */
const createNameTest = (name: string): ((record: Uint8Array) => boolean) => {
  const wanted = Buffer.from(name);
  const walk = new Walk();
  return (record) => {
    let isNamed = wanted.length === 0;
    walk.position = 0;
    while (walk.next(record, record.length))
      if (walk.tag === NAME) isNamed = wanted.equals(record.subarray(walk.start, walk.end));
    return isNamed;
  };
};

const MOST_READ = 10_000;

const namesOf = async (
  { from, to }: { readonly from?: UnixNano; readonly to?: UnixNano },
  finder: Finder,
): Promise<MetricNames> => {
  const known = new Map<string, MetricSummary>();
  const isWithin = (time: UnixNano): boolean =>
    (from === undefined || time >= from) && (to === undefined || time <= to);
  let read = 0;
  for (const partition of finder.partitions.list().toReversed()) {
    for (const { id, minTime, maxTime } of finder.blocks(partition, "metrics", []).toReversed()) {
      if ((from !== undefined && maxTime < from) || (to !== undefined && minTime > to)) continue;
      if (read >= MOST_READ) return { metrics: [...known.values()], isAll: false };
      const block = finder.block(partition, id);
      if (block === undefined) break;
      for (let row = block.count - 1; row >= 0; row -= 1) count(block, row, isWithin, known);
      read += block.count;
      await letOthersRun();
    }
  }
  return { metrics: [...known.values()], isAll: true };
};

const count = (
  block: Block,
  row: number,
  isWithin: (time: UnixNano) => boolean,
  known: Map<string, MetricSummary>,
): void => {
  const metric = metricFromProtobuf(block.record(row));
  const kind = metricKindOf(metric);
  if (kind === undefined) return;
  const times = dataPointsOf(metric)
    .map((point) => point.timeUnixNano || block.arrivedAt(row))
    .filter(isWithin);
  if (times.length === 0) return;
  const { name, unit, description } = metric;
  const key = JSON.stringify([name, kind, unit]);
  const before = known.get(key) ?? { name, kind, unit, description, points: 0, lastSeen: 0n };
  const lastSeen = times.reduce((last, time) => (time > last ? time : last), before.lastSeen);
  known.set(key, { ...before, points: before.points + times.length, lastSeen });
};

const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
