/**
 * How many data points a metric has: OTLP counts what it rejects by them. A metric that is left out counts one at least,
 * so that it does not vanish.
 */
import { ProtobufReader } from "./protobuf/reader.ts";
import { MESSAGES } from "./schema.ts";
import type { Metric } from "./types.ts";

const CASES = MESSAGES.Metric.fields.filter(({ isCase }) => isCase);
const CASE_NUMBERS: ReadonlySet<number> = new Set(CASES.map(({ number }) => number));

export const pointsOf = ({ gauge, sum, histogram, exponentialHistogram, summary }: Metric): number =>
  (gauge ?? sum ?? histogram ?? exponentialHistogram ?? summary)?.dataPoints.length ?? 0;

/** Of bytes that may not decode, those found before what is broken. The last kind of data counts, as in decoding. */
export const pointsInProtobuf = (metric: Uint8Array): number => {
  const reader = new ProtobufReader(metric);
  let points = 0;
  let kind = 0;
  reader.attempt(() => {
    while (reader.next()) {
      if (!CASE_NUMBERS.has(reader.fieldNumber)) continue;
      if (reader.fieldNumber !== kind) points = 0;
      kind = reader.fieldNumber;
      const outer = reader.enter("data");
      while (reader.next()) if (reader.fieldNumber === 1) points++;
      reader.leave(outer);
    }
  });
  return points;
};

/** Of parsed JSON that may not be a metric. */
export const pointsInJson = (metric: unknown): number => {
  const data = CASES.map(({ name }) => at(metric, name)).find((one) => one !== undefined && one !== null);
  const points = at(data, "dataPoints");
  return Array.isArray(points) ? points.length : 0;
};

const at = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
