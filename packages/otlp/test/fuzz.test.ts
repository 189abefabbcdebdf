/** Whatever arrives, the decoders answer with a message or a DecodeError. */
import {
  DecodeError,
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
import { logsData, metricsData, mutated, tracesData } from "./arbitraries.ts";
import { encodeWithProtobufjs } from "./protobufjs-oracle.ts";

const RUNS = { numRuns: 400 };

const validBytes = fc.oneof(
  tracesData.map((traces) => encodeWithProtobufjs("TracesData", traces)),
  logsData.map((logs) => encodeWithProtobufjs("LogsData", logs)),
  metricsData.map((metrics) => encodeWithProtobufjs("MetricsData", metrics)),
);
const validJson = fc.oneof(tracesData.map(tracesToJson), logsData.map(logsToJson), metricsData.map(metricsToJson));

const problem = (decode: () => unknown): DecodeError | undefined => {
  try {
    decode();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return error instanceof DecodeError ? error : undefined;
  }
};

const expectProtobufAnswer = (bytes: Uint8Array): void => {
  for (const decode of [decodeTraces, decodeLogs, decodeMetrics]) {
    const error = problem(() => decode(bytes));
    if (error === undefined) continue;
    expect(error.code).toBe("invalid-protobuf");
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(bytes.length);
  }
};

const expectJsonAnswer = (text: string | Uint8Array): void => {
  for (const decode of [decodeTracesJson, decodeLogsJson, decodeMetricsJson]) {
    const error = problem(() => decode(text));
    if (error !== undefined) expect(error.code).toBe("invalid-json");
  }
};

test("random bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectProtobufAnswer), RUNS);
});

test("damaged protobuf", () => {
  fc.assert(fc.property(mutated(validBytes), expectProtobufAnswer), RUNS);
});

/** Nothing else is thrown then, and what was good is the same. */
test("damaged protobuf, each bad record told", () => {
  const ignore = { onBadRecord: () => {} };
  fc.assert(
    fc.property(mutated(validBytes), (bytes) => {
      for (const decode of [decodeTraces, decodeLogs, decodeMetrics]) problem(() => decode(bytes, ignore));
      if (problem(() => decodeTraces(bytes)) === undefined)
        expect(decodeTraces(bytes, ignore)).toStrictEqual(decodeTraces(bytes));
    }),
    RUNS,
  );
});

test("protobuf cut anywhere", () => {
  fc.assert(
    fc.property(validBytes, (bytes) => {
      for (let end = 0; end < Math.min(bytes.length, 200); end++) expectProtobufAnswer(bytes.subarray(0, end));
    }),
    { numRuns: 50 },
  );
});

test("random text and damaged JSON text", () => {
  const damaged = mutated(validJson.map((value) => Buffer.from(JSON.stringify(value))));

  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), damaged), expectJsonAnswer), RUNS);
});

/** Any value in the place of any other: well-formed text of the wrong shape. */
test("JSON with one value swapped for another", () => {
  const swapped = fc.tuple(validJson, fc.nat(), fc.jsonValue({ maxDepth: 2 })).map(([valid, position, other]) => {
    let count = 0;
    JSON.stringify(valid, (_key, value: unknown) => (count++, value));
    const target = position % count;
    count = 0;
    return JSON.stringify(valid, (_key, value: unknown) => (count++ === target ? other : value));
  });

  fc.assert(fc.property(swapped, expectJsonAnswer), RUNS);
});
