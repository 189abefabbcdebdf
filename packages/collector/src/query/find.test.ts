import { expect, test } from "vitest";
import { type LogSpec, log, logBatch, span, traceId } from "../../test/builders.ts";
import { at, id, stored } from "../../test/stitched.ts";
import { findUnits } from "./find.ts";

/** Functions whose spans name no request, as of an instrumentation that knows nothing of Lambda; one sends to the other. */
const spans = [
  span("order", { in: "api", kind: 3, produces: ["sqs-message m"], at: at(0) }),
  span("ship", { trace: "u", in: "ship", kind: 5, consumes: ["sqs-message m"], at: at(50) }),
  span("label", { trace: "u", parent: "ship", in: "ship", at: at(55) }),
  span("other", { trace: "v", in: "other", at: at(60) }),
];
const withLines = async (...lines: readonly LogSpec[]) => {
  const held = await stored(...spans);
  await held.store.append(logBatch(lines.map((line) => log("hello", line))));
  return held;
};

test.each([
  ["the span in which they were written", { trace: "u", span: "label", request: "r-9" }],
  ["the trace alone", { trace: "u", request: "r-9" }],
  ["a span of the trace that never came", { trace: "u", span: "lost", request: "r-9" }],
])("a request that only log lines name is found by them: they tell %s", async (_what, line) => {
  const { ask, store } = await withLines({ request: "r-9" }, line, { trace: "v", request: "r-8" });
  expect(await ask("r-9")).toMatchObject({ id: id("t", "order"), spans: ["label", "order", "ship"] });
  const bare = await findUnits(store, "r-9");
  expect(bare.units.map(({ root }) => root.traceId)).toEqual([traceId("u")]);
});

test("lines that name no trace, or one of which nothing arrived, lead nowhere", async () => {
  const { ask } = await withLines({ request: "r-9" }, { trace: "gone", span: "x", request: "r-9" });
  expect(await ask("r-9")).toBeUndefined();
});

test("what a span says of a request counts before what lines say", async () => {
  const { ask, store } = await stored(...spans, span("real", { trace: "w", in: "real", request: "r-9", at: at(70) }));
  await store.append(logBatch([log("hello", { trace: "u", span: "ship", request: "r-9" })]));
  expect((await ask("r-9"))?.spans).toEqual(["real"]);
});

test("attempts that only lines name are all found, the newest first", async () => {
  const { ask } = await withLines(
    { trace: "u", span: "ship", request: "r-9" },
    { trace: "v", span: "other", request: "r-9" },
  );
  expect((await ask("r-9"))?.spans).toEqual(["other"]);
});
