import { type Metric, metricFromJson } from "@mayfly/otlp";
import { expect, test } from "vitest";
import { type MetricPoint, dataPointsOf } from "../model/metric-point.ts";
import { metricsView } from "./metric-view.ts";

const START = "1767225600000000000";
const origin = { resourceSchemaUrl: "", scopeSchemaUrl: "", resourceId: "", serviceName: "s" };
const pointsOf = (metric: Metric): MetricPoint[] =>
  dataPointsOf(metric).map((point) => ({ time: BigInt(START), origin, metric, point }));
const shown = (metric: object) => metricsView(pointsOf(metricFromJson({ name: "m", ...metric })));
const head = { name: "m", serviceName: "s", resource: {} };
const point = { timeUnixNano: START };

test("each kind is told with its own fields; what JSON's numbers cannot hold is text", () => {
  expect(
    shown({
      unit: "By",
      sum: {
        isMonotonic: true,
        aggregationTemporality: 2,
        dataPoints: [
          { ...point, asInt: "9007199254740993", startTimeUnixNano: "5" },
          { ...point, asDouble: "NaN", flags: 1 },
        ],
      },
    }),
  ).toEqual([
    {
      ...head,
      kind: "sum",
      unit: "By",
      temporality: "cumulative",
      isMonotonic: true,
      points: [
        { ...point, startTimeUnixNano: "5", attributes: {}, value: "9007199254740993" },
        { ...point, attributes: {}, isMissing: true, value: "NaN" },
      ],
    },
  ]);
  const buckets = { scale: 2, count: "5", zeroCount: "1", positive: { offset: -3, bucketCounts: ["4"] }, min: 0 };
  expect(
    shown({ exponentialHistogram: { aggregationTemporality: 1, dataPoints: [{ ...point, ...buckets }] } }),
  ).toEqual([
    {
      ...head,
      kind: "exponentialHistogram",
      temporality: "delta",
      points: [
        {
          ...point,
          attributes: {},
          count: 5,
          min: 0,
          scale: 2,
          zeroCount: 1,
          positive: { offset: -3, bucketCounts: [4] },
        },
      ],
    },
  ]);
  const quantiles = [{ quantile: 0.5, value: 2 }];
  expect(shown({ summary: { dataPoints: [{ ...point, count: "1", sum: 2, quantileValues: quantiles }] } })).toEqual([
    { ...head, kind: "summary", points: [{ ...point, attributes: {}, count: 1, sum: 2, quantiles }] },
  ]);
  const exemplars = [{ timeUnixNano: "7", asDouble: 1.5, traceId: "0AF7651916CD43DD8448EB211C80319C" }];
  expect(shown({ gauge: { dataPoints: [{ ...point, asInt: "3", exemplars }] } })).toMatchObject([
    {
      kind: "gauge",
      points: [
        { value: 3, exemplars: [{ timeUnixNano: "7", value: 1.5, traceId: "0af7651916cd43dd8448eb211c80319c" }] },
      ],
    },
  ]);
});
