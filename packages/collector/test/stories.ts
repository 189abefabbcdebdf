/** Stories of every kind in one store, and the ways in which they may arrive. */
import * as fc from "fast-check";
import type { SpanRecord } from "../src/model/span.ts";
import { span, traceId } from "./builders.ts";
import { at, hop } from "./stitched.ts";

const ITEM = "dynamodb-record orders k";

/**
 * Two orders in one batch, one of them on over a bus; a redelivery; an orphan; a circle; one id with two contents. An execution
 * that another one started, with a callback; an invocation that fails twice, and who is told; a record of Kafka. An item that is
 * written again, by what its first receiver called and a minute later, and received again then.
 */
export const STORY: readonly SpanRecord[] = [
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
  span("start", { trace: "e1", in: "w", request: "r-e1", produces: ["sfn-execution E1"], kind: 3, at: at(100) }),
  span("ask", {
    trace: "e2",
    in: "ask",
    request: "r-e2",
    consumes: ["sfn-execution E2", "sfn-execution E1", "sfn-task-token k"],
    produces: ["sfn-task-token k"],
    at: at(110),
  }),
  span("approve", { trace: "e3", in: "approve", request: "r-e3", kind: 2, at: at(500) }),
  span("call back", {
    trace: "e3",
    parent: "approve",
    in: "approve",
    kind: 3,
    consumes: ["sfn-task-token k"],
    at: at(505),
  }),
  span("invoke", { trace: "i1", in: "z", request: "r-i1", produces: ["lambda-request r-i2"], kind: 3, at: at(200) }),
  ...[1, 2].map((n) =>
    span(`attempt ${n}`, {
      trace: `i2${n}`,
      in: "i",
      environment: `${n}`,
      request: "r-i2",
      consumes: ["lambda-request r-i2"],
      error: true,
      at: at(n * 300),
    }),
  ),
  span("told", {
    trace: "i3",
    in: "i3",
    request: "r-i3",
    consumes: ["lambda-request r-i2", "lambda-request r-i3"],
    at: at(900),
  }),
  span("produce", { trace: "k1", in: "k", request: "r-k1", produces: ["kafka-record b1 orders/0/1"], at: at(300) }),
  span("consume", { trace: "k2", in: "k2", request: "r-k2", consumes: ["kafka-record orders/0/1"], at: at(320) }),
  ...[1, 2].flatMap((n) => [
    span(`write ${n}`, { trace: `d${n}`, in: "d", request: `r-d${n}`, produces: [ITEM], at: at(n * 60_000) }),
    span(`change ${n}`, { trace: `c${n}`, in: "c", request: `r-c${n}`, consumes: [ITEM], at: at(n * 60_000 + 50) }),
  ]),
  span("reply", {
    trace: "c1",
    parent: "change 1",
    isRemote: true,
    in: "reply",
    request: "r-reply",
    produces: [ITEM],
    at: at(60_060),
  }),
  span("publish", { trace: "z", in: "z", request: "r-z", produces: ["sns-message s"], at: at(2) }),
];
export const IDS = [
  "r-api",
  "r-ful",
  "r-o2",
  "r-b",
  "r-2",
  "r-w",
  "r-x",
  "r-y",
  "m",
  "n",
  "e",
  "s",
  traceId("u"),
  "E1",
  "E2",
  "r-e3",
  "r-i1",
  "r-i2",
  "r-i3",
  "r-k2",
  "r-d1",
  "r-c2",
  "r-reply",
];

/** In any order, some spans twice, in requests of one to five spans. */
export const arrivals = fc
  .tuple(
    fc.shuffledSubarray([...STORY], { minLength: STORY.length }),
    fc.subarray([...STORY]),
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 80, maxLength: 80 }),
  )
  .map(([shuffled, repeated, sizes]) => {
    const spans = [...shuffled, ...repeated];
    const requests: SpanRecord[][] = [];
    for (const size of sizes) if (spans.length > 0) requests.push(spans.splice(0, size));
    return requests;
  });
