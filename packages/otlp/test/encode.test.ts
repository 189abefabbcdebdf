import {
  logRecordFromProtobuf,
  logRecordToProtobuf,
  metricFromProtobuf,
  metricToProtobuf,
  originFromProtobuf,
  originToProtobuf,
  spanFromJson,
  spanFromProtobuf,
  spanReader,
  spanToProtobuf,
} from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { logRecord, metric, origin, span } from "./arbitraries.ts";
import { decodeWithProtobufjs, encodeWithProtobufjs } from "./protobufjs-oracle.ts";

test("any span comes back from its protobuf, and protobufjs reads the same as from its own", () => {
  fc.assert(
    fc.property(span, (one) => {
      const bytes = spanToProtobuf(one);
      expect(spanFromProtobuf(bytes)).toStrictEqual(one);
      expect(decodeWithProtobufjs("Span", bytes)).toEqual(
        decodeWithProtobufjs("Span", encodeWithProtobufjs("Span", one)),
      );
    }),
  );
});

test("spans that lie in the same bytes are read one by one, in any order, also where they share ids", () => {
  const sharing = fc.tuple(fc.array(span, { minLength: 1 }), fc.array(fc.nat())).map(([spans, order]) => {
    const parentOf = (n: number) => spans[Math.floor(n / 2)]!;
    const all = spans.map((one, n) => ({ ...one, traceId: spans[0]!.traceId, parentSpanId: parentOf(n).spanId }));
    return { all, order: [...all.keys(), ...order.map((n) => n % all.length)] };
  });
  fc.assert(
    fc.property(sharing, ({ all, order }) => {
      const parts = all.map(spanToProtobuf);
      const starts = parts.map((_, n) => parts.slice(0, n).reduce((sum, { length }) => sum + length, 0));
      const read = spanReader(Buffer.concat(parts));
      for (const n of order) expect(read(starts[n]!, starts[n]! + parts[n]!.length)).toStrictEqual(all[n]);
    }),
  );
});

test("any log record does", () => {
  fc.assert(
    fc.property(logRecord, (one) => {
      const bytes = logRecordToProtobuf(one);
      expect(logRecordFromProtobuf(bytes)).toStrictEqual(one);
      expect(decodeWithProtobufjs("LogRecord", bytes)).toEqual(
        decodeWithProtobufjs("LogRecord", encodeWithProtobufjs("LogRecord", one)),
      );
    }),
  );
});

test("any metric does", () => {
  fc.assert(
    fc.property(metric, (one) => {
      const bytes = metricToProtobuf(one);
      expect(metricFromProtobuf(bytes)).toStrictEqual(one);
      expect(decodeWithProtobufjs("Metric", bytes)).toEqual(
        decodeWithProtobufjs("Metric", encodeWithProtobufjs("Metric", one)),
      );
    }),
  );
});

test("any origin does", () => {
  fc.assert(
    fc.property(origin, (one) => {
      expect(originFromProtobuf(originToProtobuf(one))).toStrictEqual(one);
    }),
  );
});

test("what is at its default takes no bytes, and a message that is there does", () => {
  expect(spanToProtobuf(spanFromJson({}))).toHaveLength(0);
  expect(Buffer.from(spanToProtobuf(spanFromJson({ status: {} }))).toString("hex")).toBe("7a00");
});

test("long messages and long text have their lengths", () => {
  const one = spanFromJson({
    name: "x".repeat(20_000),
    attributes: [{ key: "k", value: { stringValue: "ü".repeat(100_000) } }],
    events: Array.from({ length: 100 }, (_, index) => ({ name: `event ${index}`.repeat(index) })),
  });

  expect(spanFromProtobuf(spanToProtobuf(one))).toStrictEqual(one);
});

test("a lone surrogate is written as the replacement character, an id that is no hex not at all", () => {
  const one = spanFromJson({ name: "a\ud800b", parentSpanId: "no such id", spanId: "abc" });

  expect(spanFromProtobuf(spanToProtobuf(one))).toMatchObject({ name: "a\ufffdb", parentSpanId: "", spanId: "" });
});
