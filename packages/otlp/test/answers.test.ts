import { encodeExportResponse, encodeStatus } from "@mayfly/otlp";
import {
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeWithProtobufjs } from "./protobufjs-oracle.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("a full success is no bytes in protobuf and {} in JSON", () => {
  expect(encodeExportResponse("protobuf", "traces")).toHaveLength(0);
  expect(text(encodeExportResponse("json", "logs"))).toBe("{}");
});

test("a partial success names the signal's own count, as a string in JSON", () => {
  const partial = { rejected: 3, errorMessage: "span id is empty" };

  expect(text(encodeExportResponse("json", "traces", partial))).toBe(
    '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"span id is empty"}}',
  );
  expect(text(encodeExportResponse("json", "logs", partial))).toBe(
    '{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"span id is empty"}}',
  );
  expect(text(encodeExportResponse("json", "metrics", partial))).toBe(
    '{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"span id is empty"}}',
  );
});

test("a warning rejects nothing and still speaks", () => {
  const warning = { rejected: 0, errorMessage: "careful" };

  expect(text(encodeExportResponse("json", "traces", warning))).toBe('{"partialSuccess":{"errorMessage":"careful"}}');
  expect(
    decodeWithProtobufjs("ExportTraceServiceResponse", encodeExportResponse("protobuf", "traces", warning)),
  ).toEqual({ partialSuccess: { errorMessage: "careful" } });
});

test("protobufjs reads whatever is answered", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1 }),
      fc.string({ unit: "binary", minLength: 1, maxLength: 200 }),
      (rejected, errorMessage) => {
        const traces = encodeExportResponse("protobuf", "traces", { rejected, errorMessage });
        const logs = encodeExportResponse("protobuf", "logs", { rejected, errorMessage });
        const status = encodeStatus("protobuf", { code: rejected, message: errorMessage });

        expect(decodeWithProtobufjs("ExportTraceServiceResponse", traces)).toEqual({
          partialSuccess: { rejectedSpans: rejected, errorMessage },
        });
        expect(decodeWithProtobufjs("ExportLogsServiceResponse", logs)).toEqual({
          partialSuccess: { rejectedLogRecords: rejected, errorMessage },
        });
        expect(decodeWithProtobufjs("RpcStatus", status)).toEqual({ code: rejected, message: errorMessage });
      },
    ),
  );
});

test("OpenTelemetry's exporters read the answers", () => {
  const partial = { rejected: 300, errorMessage: "too many" };

  expect(ProtobufTraceSerializer.deserializeResponse(encodeExportResponse("protobuf", "traces", partial))).toEqual({
    partialSuccess: { rejectedSpans: 300, errorMessage: "too many" },
  });
  expect(ProtobufLogsSerializer.deserializeResponse(encodeExportResponse("protobuf", "logs", partial))).toEqual({
    partialSuccess: { rejectedLogRecords: 300, errorMessage: "too many" },
  });
  expect(ProtobufMetricsSerializer.deserializeResponse(encodeExportResponse("protobuf", "metrics", partial))).toEqual({
    partialSuccess: { rejectedDataPoints: 300, errorMessage: "too many" },
  });
  expect(JsonTraceSerializer.deserializeResponse(encodeExportResponse("json", "traces", partial))).toEqual({
    partialSuccess: { rejectedSpans: "300", errorMessage: "too many" },
  });
});

test("a refusal is a Status with its message, code left out where it is 0", () => {
  expect(text(encodeStatus("json", { code: 3, message: "cannot decode" }))).toBe(
    '{"code":3,"message":"cannot decode"}',
  );
  expect(text(encodeStatus("json", { code: 0, message: "cannot decode" }))).toBe('{"message":"cannot decode"}');
  expect(Buffer.from(encodeStatus("protobuf", { code: 3, message: "no" })).toString("hex")).toBe("080312026e6f");
});
