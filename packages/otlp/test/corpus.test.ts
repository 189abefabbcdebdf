/** Other projects' OTLP files, where they are present. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeLogsJson, decodeTracesJson, logsToJson, type Span, tracesToJson } from "@mayfly/otlp";
import { describe, expect, test } from "vitest";

const corpusDir = process.env["MAYFLY_CORPUS_DIR"];
const read = (path: string): Uint8Array => readFileSync(join(corpusDir ?? "", "fixtures/otlp", path));
const spansOf = (text: string | Uint8Array): readonly Span[] =>
  decodeTracesJson(text).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

describe.skipIf(corpusDir === undefined)("files of other projects", () => {
  test("the canonical trace is read, its upper-case ids in lower case", () => {
    expect(spansOf(read("opentelemetry-proto/examples/trace.json"))).toMatchObject([
      {
        traceId: "5b8efff798038103d269b633813fc60c",
        spanId: "eee19b7ec3c1b174",
        parentSpanId: "eee19b7ec3c1b173",
        kind: 2,
        startTimeUnixNano: 1_544_712_660_000_000_000n,
        endTimeUnixNano: 1_544_712_661_000_000_000n,
      },
    ]);
  });

  test.each([
    ["logs.json", { severityNumber: 10, spanId: "eee19b7ec3c1b174" }],
    ["events.json", { severityNumber: 9, eventName: "browser.page_view" }],
  ])("the canonical %s is read, and comes back from its JSON", (file, record) => {
    const logs = decodeLogsJson(read(`opentelemetry-proto/examples/${file}`));

    expect(logs.resourceLogs[0]?.scopeLogs[0]?.logRecords).toMatchObject([record]);
    expect(decodeLogsJson(JSON.stringify(logsToJson(logs)))).toStrictEqual(logs);
  });

  test("one document and its parts as lines hold the same spans", () => {
    const lines = Buffer.from(read("jaeger-ui/utils/fixtures/otlp2jaeger-multi-in.json.txt"))
      .toString()
      .trim()
      .split("\n");

    const fromLines = lines.flatMap(spansOf);

    expect(fromLines).toHaveLength(4);
    expect(new Set(fromLines.map(({ traceId }) => traceId)).size).toBe(1);
    expect(spansOf(read("jaeger-ui/utils/fixtures/otlp2jaeger-multi-in-combined.json"))).toStrictEqual(fromLines);
  });

  test.each([
    "opentelemetry-proto/examples/trace.json",
    "jaeger-ui/utils/fixtures/otlp2jaeger-in.json",
    "jaeger-ui/utils/fixtures/otlp2jaeger-in-error.json",
    "hyperdx/traces/basic-insert/input.json",
  ])("%s comes back from its JSON", (path) => {
    const traces = decodeTracesJson(read(path));

    expect(traces.resourceSpans).not.toEqual([]);
    expect(decodeTracesJson(JSON.stringify(tracesToJson(traces)))).toStrictEqual(traces);
  });
});
