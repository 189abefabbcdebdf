import { expect, test } from "vitest";
import { span, spanId } from "../../test/builders.ts";
import type { SpanRecord } from "../model/span.ts";
import { type Unit, unitsOf } from "./units.ts";

/** Units as sorted lists of span names, root first. */
const shape = (spans: readonly SpanRecord[]): string[] =>
  unitsOf(spans)
    .map((unit) => unit.spans.map((one) => one.wire.name).join(" "))
    .toSorted();

const unitOf = (name: string, spans: readonly SpanRecord[]): Unit | undefined =>
  unitsOf(spans).find((unit) => unit.root.spanId === spanId(name));

test("spans of one environment and one invocation are one unit", () => {
  expect(shape([span("a", { request: "r" }), span("b", { parent: "a" }), span("c", { parent: "b" })])).toEqual([
    "a b c",
  ]);
});

test("order of arrival does not matter", () => {
  expect(shape([span("c", { parent: "b" }), span("b", { parent: "a" }), span("a")])).toEqual(["a b c"]);
});

test("a parent in another resource starts a unit", () => {
  expect(shape([span("a"), span("b", { parent: "a", in: "g" }), span("c", { parent: "b", in: "g" })])).toEqual([
    "a",
    "b c",
  ]);
});

test("a parent in another environment of the same function starts a unit", () => {
  expect(shape([span("a"), span("b", { parent: "a", environment: "2" })])).toEqual(["a", "b"]);
});

test("a parent that the sender calls remote starts a unit, also in the same environment", () => {
  expect(shape([span("a"), span("b", { parent: "a", isRemote: true })])).toEqual(["a", "b"]);
});

test("a parent in another invocation of the same environment starts a unit", () => {
  expect(
    shape([span("a", { request: "r1" }), span("s", { parent: "a" }), span("b", { parent: "s", request: "r2" })]),
  ).toEqual(["a s", "b"]);
});

test("an orphan becomes a root", () => {
  expect(shape([span("b", { parent: "never arrived" }), span("c", { parent: "b" })])).toEqual(["b c"]);
});

test("a record span with a context of its own is a unit, and knows the invocation it ran in", () => {
  const spans = [
    span("send", { in: "api" }),
    span("record", { parent: "send", request: "r", consumes: ["sqs-message m"], links: ["invocation:b/invocation"] }),
    span("work", { parent: "record" }),
  ];
  expect(shape(spans)).toEqual(["record work", "send"]);
  expect(unitOf("record", spans)?.invocation).toBe(
    `${unitsOf([span("x", { trace: "b" })])[0]?.root.traceId}.${spanId("invocation")}`,
  );
});

test("a record span without a context is a unit too: it consumes again what its invocation consumed", () => {
  const spans = [
    span("invocation", { request: "r", consumes: ["sqs-message m1", "sqs-message m2"] }),
    span("record 1", { parent: "invocation", consumes: ["sqs-message m1"] }),
    span("work", { parent: "record 1" }),
    span("record 2", { parent: "invocation", consumes: ["sqs-message m2"] }),
  ];
  expect(shape(spans)).toEqual(["invocation", "record 1 work", "record 2"]);
  expect(unitOf("record 2", spans)?.requestId).toBe("r");
});

test("only an invocation of several messages is a batch; one message wrapped three times is one", () => {
  const batchOf = (consumes: string[], batch?: number): boolean | undefined =>
    unitOf("i", [span("i", { consumes, ...(batch !== undefined && { batch }) })])?.isBatch;
  expect(batchOf(["sqs-message m1", "sqs-message m2"])).toBe(true);
  expect(batchOf(["sqs-message m", "lambda-request r"])).toBe(false);
  expect(batchOf(["sqs-message m", "sns-message n", "eventbridge-event e"], 1)).toBe(false);
  expect(batchOf([], 3)).toBe(true);
  expect(unitOf("i", [span("i", { links: ["x/1", "y/2"] })])?.isBatch).toBe(true);
});

test("a span that was sent twice counts once; the same id with another content is kept", () => {
  const twice = [span("a"), span("a"), span("a", { at: [0, 9] })];
  expect(unitsOf(twice).map((unit) => unit.spans.length)).toEqual([2]);
});

test("a span that came unfinished and then finished is the finished one, in either order", () => {
  const [unfinished, finished] = [span("a", { unfinished: true }), span("a", { at: [0, 9] })];
  for (const both of [
    [unfinished, finished],
    [finished, unfinished],
  ])
    expect(unitsOf(both).map((unit) => unit.spans)).toEqual([[finished]]);
});

test("what a span received and sent is what any copy of it says, also one of before it had finished", () => {
  const early = span("a", { unfinished: true, consumes: ["sqs-message m"], produces: ["sns-message n"] });
  const [one, ...others] = unitsOf([early, span("a", { at: [0, 9] })]);

  expect([one?.root.isUnfinished, one?.consumed, one?.produced.map(({ key }) => key), others]).toEqual([
    false,
    [{ kind: "sqs-message", id: "m" }],
    [{ kind: "sns-message", id: "n" }],
    [],
  ]);
});

test("a span that came only unfinished stays, beside finished ones", () => {
  const spans = [span("a", { unfinished: true }), span("b", { parent: "a" })];
  expect(shape(spans)).toEqual(["a b"]);
});

test("a cycle of parents is cut and nothing is lost", () => {
  expect(
    shape([span("a", { parent: "b" }), span("b", { parent: "a" })])
      .join(" ")
      .split(" ")
      .toSorted(),
  ).toEqual(["a", "b"]);
});

test("a chain of 20,000 spans does not overflow the stack", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) =>
    span(`s${i}`, i === 0 ? {} : { parent: `s${i - 1}` }),
  ).toReversed();
  expect(unitsOf(chain).map((unit) => unit.spans.length)).toEqual([20_000]);
});
