/** Spans of few names, ids and keys, so that everything meets everything: parents, links, batches, circles, copies. */
import * as fc from "fast-check";
import type { SpanRecord } from "../src/model/span.ts";
import { span } from "./builders.ts";

/** By more than clocks may differ: of names, because copies of a span begin at about the same time. */
const LATER_MS: ReadonlyMap<string, number> = new Map([
  ["d", 5_000],
  ["e", 5_000],
  ["f", 10_000],
]);

const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
const trace = fc.constantFrom("t", "u", "v");
const keys = fc.array(
  fc.constantFrom(
    "sqs-message k1",
    "sns-message k2",
    "eventbridge-event k3",
    "lambda-request k4",
    "dynamodb-record table k5",
    "s3-object bucket k6",
    "s3-request k7",
  ),
  {
    maxLength: 2,
  },
);
const link = fc.tuple(fc.constantFrom("", "invocation:"), trace, name).map(([mark, one, to]) => `${mark}${one}/${to}`);

const anySpan: fc.Arbitrary<SpanRecord> = fc
  .record({
    name,
    trace,
    parent: fc.option(name),
    isRemote: fc.boolean(),
    in: fc.constantFrom("f", "g", "func"),
    request: fc.option(fc.constantFrom("r1", "r2")),
    produces: keys,
    consumes: keys,
    links: fc.array(link, { maxLength: 2 }),
    batch: fc.constantFrom(0, 0, 2),
    unfinished: fc.constantFrom(false, false, false, true),
    error: fc.constantFrom(false, false, true),
    cold: fc.boolean(),
    attributes: fc.dictionary(fc.constantFrom("order_id", "tenant", "error.type"), fc.constantFrom("o-1", "o-2", "x")),
    evidence: fc.constantFrom(undefined, undefined, undefined, "platform", "xray"),
    startMs: fc.integer({ min: 0, max: 20 }),
    lengthMs: fc.integer({ min: 0, max: 40 }),
  })
  .map(({ name: own, startMs, lengthMs, parent, request, error, unfinished, evidence, attributes, ...spec }) =>
    span(own, {
      ...spec,
      attributes: {
        ...attributes,
        ...(evidence && { "mayfly.evidence": evidence, "aws.lambda.status": "timeout" }),
      },
      unfinished,
      error: error || unfinished,
      at: [startMs + (LATER_MS.get(own) ?? 0), startMs + (LATER_MS.get(own) ?? 0) + lengthMs],
      ...(parent !== null && parent !== own && { parent }),
      ...(request !== null && { request }),
      ...(request !== null && evidence && { consumes: [...spec.consumes, `lambda-request ${request}`] }),
    }),
  );

/** Requests, in the order in which they arrive. */
export const anyRequests = fc.array(fc.array(anySpan, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
