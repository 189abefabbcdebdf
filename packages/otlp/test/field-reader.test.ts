/** What the collector does on its hot path: walk the fields, keep slices, decode nothing. */
import { decodeTraces, ProtobufReader } from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { messageField } from "./protobuf-fields.ts";
import { tracesData } from "./arbitraries.ts";
import { encodeWithProtobufjs } from "./protobufjs-oracle.ts";

interface Scanned {
  readonly traceId: string;
  readonly startTimeUnixNano: bigint;
  readonly attributeCount: number;
  readonly bytes: Uint8Array;
}

const inEach = (reader: ProtobufReader, fieldNumber: number, visit: () => void): void => {
  let index = 0;
  while (reader.next()) {
    if (reader.fieldNumber !== fieldNumber) continue;
    const outer = reader.enter("message", index++);
    visit();
    reader.leave(outer);
  }
};

const scan = (bytes: Uint8Array): Scanned[] => {
  const reader = new ProtobufReader(bytes);
  const spans: Scanned[] = [];
  inEach(reader, 1, () => inEach(reader, 2, () => inEach(reader, 2, () => spans.push(scanSpan(reader, bytes)))));
  return spans;
};

const scanSpan = (reader: ProtobufReader, bytes: Uint8Array): Scanned => {
  const slice = bytes.subarray(reader.start, reader.end);
  let traceId = "";
  let startTimeUnixNano = 0n;
  let attributeCount = 0;
  while (reader.next()) {
    if (reader.fieldNumber === 1) traceId = reader.hex();
    if (reader.fieldNumber === 7) startTimeUnixNano = reader.fixed64();
    if (reader.fieldNumber === 9) attributeCount++;
  }
  return { traceId, startTimeUnixNano, attributeCount, bytes: slice };
};

const decodeSlice = (span: Uint8Array) =>
  decodeTraces(messageField(1, messageField(2, messageField(2, Buffer.from(span))))).resourceSpans[0]?.scopeSpans[0]
    ?.spans[0];

test("a scan finds the spans that decoding finds, and each slice is its span", () => {
  fc.assert(
    fc.property(tracesData, (traces) => {
      const bytes = encodeWithProtobufjs("TracesData", traces);
      const spans = decodeTraces(bytes).resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap((group) => group.spans),
      );

      const scanned = scan(bytes);

      expect(scanned.map((span) => decodeSlice(span.bytes))).toStrictEqual(spans);
      expect(scanned).toMatchObject(
        spans.map(({ traceId, startTimeUnixNano, attributes }) => ({
          traceId,
          startTimeUnixNano,
          attributeCount: attributes.length,
        })),
      );
    }),
  );
});
