import { expect, test } from "vitest";
import { log, span, START } from "../../test/builders.ts";
import { normalizedSpan } from "../normalize/spans.ts";
import { unitsOf } from "../stitch/units.ts";
import { traceDataOf } from "./otlp-view.ts";
import { logView, spanView } from "./view.ts";

test("a span that ends before it starts lasts no time", () => {
  expect(spanView(span("a", { at: [5, 3] }))).toMatchObject({
    startTimeUnixNano: String(START + 5_000_000n),
    durationNs: 0,
  });
});

test("what is absent is an absent key of the answer", () => {
  const view = spanView({ ...span("a"), origin: { resourceId: "", resourceSchemaUrl: "", scopeSchemaUrl: "" } });
  expect(Object.keys(JSON.parse(JSON.stringify(view)))).toEqual([
    "traceId",
    "spanId",
    "name",
    "kind",
    "startTimeUnixNano",
    "durationNs",
    "status",
    "attributes",
    "events",
    "links",
  ]);
  expect(view.status).toEqual({ code: "unset" });
});

test("the request of its unit stands where the span names none, and its own where it does", () => {
  const [unit] = unitsOf([span("top", { request: "r-unit" }), span("a", { parent: "top" })]);
  expect(spanView(span("a"), unit).requestId).toBe("r-unit");
  expect(spanView(span("a", { request: "r-own" }), unit).requestId).toBe("r-own");
});

test("a span that stayed unfinished reads as an error, with its own error where it has one", () => {
  const unfinished = span("a", { unfinished: true });
  expect(spanView(unfinished).status).toEqual({ code: "error", message: "not finished when the timeout was near" });
  const wire = { ...unfinished.wire, status: { code: 2, message: "boom" } };
  expect(spanView({ ...unfinished, wire }).status).toEqual({ code: "error", message: "boom" });
});

test("what was imported while it ran is no error", () => {
  const { wire, origin } = span("a");
  const running = { ...wire, attributes: [{ key: "mayfly.in_progress", value: { boolValue: true } }] };
  expect(spanView(normalizedSpan(running, origin, START)).status).toEqual({ code: "unset" });
});

test("a kind that a later OTLP may have is unspecified", () => {
  expect(spanView(span("a", { kind: 3 })).kind).toBe("client");
  expect(spanView(span("a", { kind: 9 })).kind).toBe("unspecified");
});

test("attributes become an object of plain values", () => {
  const { wire } = span("a");
  const attributes = [
    { key: "big", value: { intValue: 2n ** 53n } },
    { key: "bytes", value: { bytesValue: new Uint8Array([1, 2]) } },
    { key: "twice", value: { stringValue: "first" } },
    { key: "twice", value: { stringValue: "last" } },
    { key: "__proto__", value: { boolValue: true } },
    { key: "none" },
  ];
  const view = spanView({ ...span("a"), wire: { ...wire, attributes } });
  expect(JSON.parse(JSON.stringify(view.attributes))).toEqual(
    JSON.parse('{"big":"9007199254740992","bytes":"AQI=","twice":"last","__proto__":true,"none":null}'),
  );
});

test("a log record keeps its ids and reads its body plainly", () => {
  expect(logView(log("paid", { trace: "t", span: "a", request: "r", at: 2 }))).toMatchObject({
    timeUnixNano: String(START + 2_000_000n),
    severityNumber: 9,
    severityText: "INFO",
    body: "paid",
    requestId: "r",
    functionName: "f",
    attributes: {},
  });
});

test("as OTLP, spans stand again in the surroundings that they came with", () => {
  const [a, b, other] = [span("a"), span("b"), span("c", { in: "g" })];
  const data = traceDataOf([a, other, { ...b, origin: a.origin }]);
  expect(data.resourceSpans.map((group) => group.scopeSpans.map((scope) => scope.spans))).toEqual([
    [[a.wire, b.wire]],
    [[other.wire]],
  ]);
  expect(data.resourceSpans[0]?.resource).toBe(a.origin.resource);
});
