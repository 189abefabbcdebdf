/** However the spans of a story arrive, it is the same story. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SpanRecord } from "../model/span.ts";
import { span, traceId } from "../../test/builders.ts";
import { arrived, at, closeOpened, hop } from "../../test/stitched.ts";

/** Two orders in one batch, one of them on over a bus; a redelivery; an orphan; a circle; one id with two contents. */
const STORY: readonly SpanRecord[] = [
  ...hop,
  span("put", { parent: "record", in: "payment", produces: ["eventbridge-event e"], at: at(25) }),
  span("fulfil", { trace: "u", in: "fulfil", request: "r-ful", consumes: ["eventbridge-event e"], at: at(50) }),
  span("order 2", { trace: "o2", in: "api", request: "r-o2", produces: ["sqs-message n"], at: at(1) }),
  span("batch", { trace: "b", in: "ship", request: "r-b", batch: 2, links: ["o2/order 2", "t/charge"], at: at(60) }),
  span("ship 2", {
    trace: "o2",
    parent: "order 2",
    isRemote: true,
    in: "ship",
    request: "r-b",
    consumes: ["sqs-message n"],
    links: ["invocation:b/batch"],
    at: at(61),
  }),
  span("again", {
    trace: "v",
    in: "payment",
    environment: "2",
    request: "r-2",
    consumes: ["sqs-message m"],
    at: at(90),
  }),
  span("orphan", { trace: "w", parent: "never came", isRemote: true, in: "w", request: "r-w", at: at(3) }),
  span("ping", { trace: "x", parent: "pong", in: "x", request: "r-x", at: at(4) }),
  span("pong", { trace: "x", parent: "ping", in: "x", at: at(5) }),
  span("twice", { trace: "y", in: "y", request: "r-y", consumes: ["sns-message s"], at: at(6) }),
  span("twice", { trace: "y", in: "y", request: "r-y", at: at(6, 30) }),
  span("publish", { trace: "z", in: "z", request: "r-z", produces: ["sns-message s"], at: at(2) }),
];
const IDS = ["r-api", "r-ful", "r-o2", "r-b", "r-2", "r-w", "r-x", "r-y", "m", "n", "e", "s", traceId("u")];

const answers = async (requests: readonly (readonly SpanRecord[])[]) => {
  const { ask, rows } = await arrived(requests);
  const told = [];
  for (const one of IDS) told.push(await ask(one));
  return { told, rows: await rows() };
};

/** In any order, some spans twice, in requests of one to five spans. */
const arrivals = fc
  .tuple(
    fc.shuffledSubarray([...STORY], { minLength: STORY.length }),
    fc.subarray([...STORY]),
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 60, maxLength: 60 }),
  )
  .map(([shuffled, repeated, sizes]) => {
    const spans = [...shuffled, ...repeated];
    const requests: SpanRecord[][] = [];
    for (const size of sizes) if (spans.length > 0) requests.push(spans.splice(0, size));
    return requests;
  });

test("order, repetition and the cut into requests change nothing", async () => {
  const expected = await answers([STORY]);
  expect(expected.told.filter((answer) => answer === undefined)).toEqual([]);
  await fc.assert(
    fc
      .asyncProperty(arrivals, async (requests) => {
        expect(await answers(requests)).toEqual(expected);
      })
      .afterEach(closeOpened),
    { numRuns: 25, endOnFailure: true },
  );
});
