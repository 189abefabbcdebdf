/** What is said of metrics alone: number forms on the wire and in JSON, and how what is bad is counted. */
import {
  decodeMetrics,
  decodeMetricsJson,
  metricFromJson,
  metricFromProtobuf,
  metricToJson,
  type RawRecords,
  rawMetricsFromJson,
  skimMetrics,
} from "@mayfly/otlp";
import { describe, expect, test } from "vitest";
import { messageField, stringField, varintField } from "./protobuf-fields.ts";

const histogram = (...fields: Buffer[]): Buffer => messageField(9, messageField(1, Buffer.concat(fields)));
const exponential = (...fields: Buffer[]): Buffer => messageField(10, messageField(1, Buffer.concat(fields)));
const number = (...fields: Buffer[]): Buffer => messageField(5, messageField(1, Buffer.concat(fields)));
const histogramPoint = (...fields: Buffer[]) => metricFromProtobuf(histogram(...fields)).histogram?.dataPoints[0];
const exponentialPoint = (...fields: Buffer[]) =>
  metricFromProtobuf(exponential(...fields)).exponentialHistogram?.dataPoints[0];
const numberPoint = (...fields: Buffer[]) => metricFromProtobuf(number(...fields)).gauge?.dataPoints[0];

const fixed64 = (fieldNumber: number, value: bigint): Buffer => {
  const field = Buffer.alloc(9);
  field[0] = (fieldNumber << 3) | 1;
  field.writeBigInt64LE(value, 1);
  return field;
};

describe("protobuf", () => {
  test("repeated numbers are read packed, each on its own, and both in turn", () => {
    const packed = messageField(6, Buffer.concat([fixed64(1, 1n).subarray(1), fixed64(1, 2n).subarray(1)]));

    expect(histogramPoint(packed)?.bucketCounts).toEqual([1n, 2n]);
    expect(histogramPoint(fixed64(6, 3n), packed, fixed64(6, 4n))?.bucketCounts).toEqual([3n, 1n, 2n, 4n]);
    expect(
      exponentialPoint(messageField(8, Buffer.concat([messageField(2, Buffer.of(1, 0xac, 2)), varintField(2, 5n)])))
        ?.positive,
    ).toEqual({ offset: 0, bucketCounts: [1n, 300n, 5n] });
  });

  test("packed numbers that end in the middle of one are refused, by decoding and skimming alike", () => {
    const inMetrics = (metric: Buffer): Buffer => messageField(1, messageField(2, messageField(2, metric)));
    for (const metric of [
      histogram(messageField(6, Buffer.alloc(12))),
      exponential(messageField(8, messageField(2, Buffer.of(1, 0x80)))),
    ]) {
      expect(() => decodeMetrics(inMetrics(metric))).toThrow("truncated");
      expect(() => skimMetrics(inMetrics(metric))).toThrow("truncated");
    }
  });

  test("sint32 is zigzag, sfixed64 is signed", () => {
    expect(exponentialPoint(varintField(6, 1n))?.scale).toBe(-1);
    expect(exponentialPoint(varintField(6, 0xffff_ffffn))?.scale).toBe(-2_147_483_648);
    expect(exponentialPoint(varintField(6, 40n))?.scale).toBe(20);
    expect(numberPoint(fixed64(6, -5n))?.asInt).toBe(-5n);
  });

  test("of two values the last counts, and so does the last kind of data; equal kinds are merged", () => {
    expect(numberPoint(fixed64(4, 0n), fixed64(6, 7n))).not.toHaveProperty("asDouble");
    expect(numberPoint(fixed64(6, 7n), fixed64(4, 0n))).toMatchObject({ asDouble: 0 });

    const two = metricFromProtobuf(Buffer.concat([number(fixed64(6, 1n)), number(fixed64(6, 2n))]));
    const other = metricFromProtobuf(Buffer.concat([number(fixed64(6, 1n)), histogram()]));

    expect(two.gauge?.dataPoints.map(({ asInt }) => asInt)).toEqual([1n, 2n]);
    expect(other).not.toHaveProperty("gauge");
    expect(other.histogram?.dataPoints).toHaveLength(1);
  });

  test("an optional double that is 0 is there, an unset one is not", () => {
    expect(histogramPoint(fixed64(5, 0n))).toMatchObject({ sum: 0 });
    expect(histogramPoint()).not.toHaveProperty("sum");
  });
});

describe("JSON", () => {
  const gauge = (point: object) => metricFromJson({ gauge: { dataPoints: [point] } }).gauge?.dataPoints[0];
  const exponentialOf = (point: object) =>
    metricFromJson({ exponentialHistogram: { dataPoints: [point] } }).exponentialHistogram?.dataPoints[0];

  test("whole numbers of 64 bits are strings or numbers, exact either way", () => {
    const text =
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"timeUnixNano":1767225600315000001,' +
      '"count":"18446744073709551615","bucketCounts":["1",2,18446744073709551614]}]}}]}]}]}';

    expect(
      decodeMetricsJson(text).resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.histogram?.dataPoints,
    ).toMatchObject([
      {
        timeUnixNano: 1_767_225_600_315_000_001n,
        count: 18_446_744_073_709_551_615n,
        bucketCounts: [1n, 2n, 18_446_744_073_709_551_614n],
      },
    ]);
    expect(gauge({ asInt: "-9223372036854775808" })?.asInt).toBe(-9_223_372_036_854_775_808n);
  });

  test("doubles are numbers or named, also in lists", () => {
    expect(gauge({ asDouble: "NaN" })?.asDouble).toBeNaN();
    expect(
      metricFromJson({ histogram: { dataPoints: [{ explicitBounds: [-1, "0.5", "Infinity"], min: "-Infinity" }] } })
        .histogram?.dataPoints[0],
    ).toMatchObject({ explicitBounds: [-1, 0.5, Infinity], min: -Infinity });
  });

  test("the temporality is a number or its name; null is unset; unknown fields are ignored", () => {
    const sum = { aggregationTemporality: "AGGREGATION_TEMPORALITY_CUMULATIVE", isMonotonic: true, later: [{}] };

    expect(metricFromJson({ gauge: null, sum, description: null })).toEqual({
      name: "",
      description: "",
      unit: "",
      metadata: [],
      sum: { dataPoints: [], aggregationTemporality: 2, isMonotonic: true },
    });
    expect(exponentialOf({ scale: -3, positive: { offset: -7, bucketCounts: null } })).toMatchObject({
      scale: -3,
      positive: { offset: -7, bucketCounts: [] },
    });
  });

  test("a value at its default is written where its absence would say something else", () => {
    const metric = {
      gauge: { dataPoints: [{ asInt: "0" }, { asDouble: 0 }, { asDouble: "-0" }, {}] },
    };
    const summary = { summary: { dataPoints: [{ quantileValues: [{ quantile: 0.5, value: 3 }, {}], sum: 1.5 }] } };
    const withMin = { histogram: { dataPoints: [{ sum: 0, min: 0, max: 0, explicitBounds: [0, "Infinity"] }] } };

    for (const one of [metric, summary, withMin]) expect(metricToJson(metricFromJson(one))).toEqual(one);
  });

  test.each([
    [{ gauge: { dataPoints: {} } }, "gauge.dataPoints: expected an array, got an object"],
    [{ sum: { dataPoints: [{}, { asInt: "1.5" }] } }, 'sum.dataPoints[1].asInt: expected a 64-bit integer, got "1.5"'],
    [
      { histogram: { dataPoints: [{ bucketCounts: ["1", "-1"] }] } },
      'histogram.dataPoints[0].bucketCounts[1]: expected an unsigned 64-bit integer, got "-1"',
    ],
    [
      { histogram: { dataPoints: [{ bucketCounts: [null] }] } },
      "histogram.dataPoints[0].bucketCounts[0]: expected a value, got null",
    ],
    [
      { exponentialHistogram: { dataPoints: [{ scale: 2_147_483_648 }] } },
      "exponentialHistogram.dataPoints[0].scale: expected a 32-bit integer, got 2147483648",
    ],
  ])("%j is refused by its path", (metric, problem) => {
    const text = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });

    expect(() => decodeMetricsJson(text)).toThrow(
      `cannot decode resourceMetrics[0].scopeMetrics[0].metrics[0].${problem}`,
    );
  });
});

const names = ({ bytes, slices, items }: RawRecords) => ({
  names: Array.from(
    { length: slices.length / 3 },
    (_, index) => metricFromProtobuf(bytes.subarray(slices[index * 3], slices[index * 3 + 1])).name,
  ),
  items,
});

describe("a metric with a bad point is left out, its points counted, and the others are kept", () => {
  const told = (skim: (options: { onBadRecord: (error: Error, items: number) => void }) => RawRecords) => {
    const bad: [message: string, items: number][] = [];
    return { ...names(skim({ onBadRecord: ({ message }, items) => bad.push([message, items]) })), bad };
  };

  test("in protobuf", () => {
    const points = (...each: Buffer[]): Buffer =>
      messageField(7, Buffer.concat(each.map((one) => messageField(1, one))));
    const metrics = [
      Buffer.concat([stringField(1, "good"), points(fixed64(6, 1n), fixed64(6, 2n))]),
      points(Buffer.of(), varintField(6, 7n), Buffer.of()),
      varintField(1, 7n),
      stringField(1, "without points"),
    ];
    const bytes = messageField(1, messageField(2, Buffer.concat(metrics.map((metric) => messageField(2, metric)))));

    expect(told((options) => skimMetrics(bytes, options))).toEqual({
      names: ["good", "without points"],
      items: 2,
      bad: [
        [expect.stringContaining("metrics[1].sum.dataPoints[1]: field 6 has wire type 0"), 3],
        [expect.stringContaining("metrics[2]: field 1 has wire type 0"), 1],
      ],
    });
  });

  test("in JSON", () => {
    const metrics = [
      { name: "good", gauge: { dataPoints: [{ asInt: "1" }, { asInt: "2" }] } },
      { sum: { dataPoints: [{}, { asInt: "x" }, {}] } },
      7,
      { name: "without points" },
    ];
    const text = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });

    expect(told((options) => rawMetricsFromJson(text, options))).toEqual({
      names: ["good", "without points"],
      items: 2,
      bad: [
        [expect.stringContaining('metrics[1].sum.dataPoints[1].asInt: expected a 64-bit integer, got "x"'), 3],
        [expect.stringContaining("metrics[2]: expected an object"), 1],
      ],
    });
  });

  test("and a bad resource costs the points of all metrics under it", () => {
    const metrics = [{ gauge: { dataPoints: [{}, {}] } }, { name: "without points" }];
    const text = JSON.stringify({ resourceMetrics: [{ resource: 7, scopeMetrics: [{ metrics }] }] });

    expect(told((options) => rawMetricsFromJson(text, options))).toMatchObject({
      names: [],
      items: 0,
      bad: [
        ["cannot decode resourceMetrics[0].resource: expected an object, got 7", 2],
        ["cannot decode resourceMetrics[0].resource: expected an object, got 7", 1],
      ],
    });
  });
});
