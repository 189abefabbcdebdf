import {
  decodeLogs,
  decodeLogsJson,
  decodeMetrics,
  decodeMetricsJson,
  decodeTraces,
  decodeTracesJson,
  logsToJson,
  metricsToJson,
  tracesToJson,
} from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { logsData, metricsData, tracesData } from "./arbitraries.ts";
import { encodeWithProtobufjs } from "./protobufjs-oracle.ts";

test("any traces that protobufjs encodes are decoded as they were, and from their JSON too", () => {
  fc.assert(
    fc.property(tracesData, (traces) => {
      expect(decodeTraces(encodeWithProtobufjs("TracesData", traces))).toStrictEqual(traces);
      expect(decodeTracesJson(JSON.stringify(tracesToJson(traces)))).toStrictEqual(traces);
    }),
  );
});

test("any logs that protobufjs encodes are decoded as they were, and from their JSON too", () => {
  fc.assert(
    fc.property(logsData, (logs) => {
      expect(decodeLogs(encodeWithProtobufjs("LogsData", logs))).toStrictEqual(logs);
      expect(decodeLogsJson(JSON.stringify(logsToJson(logs)))).toStrictEqual(logs);
    }),
  );
});

test("any metrics that protobufjs encodes are decoded as they were, and from their JSON too", () => {
  fc.assert(
    fc.property(metricsData, (metrics) => {
      expect(decodeMetrics(encodeWithProtobufjs("MetricsData", metrics))).toStrictEqual(metrics);
      expect(decodeMetricsJson(JSON.stringify(metricsToJson(metrics)))).toStrictEqual(metrics);
    }),
  );
});
