/** What became of what failed: destinations, dead-letter queues, and messages that are moved back. */
import { expect, test } from "vitest";
import { seen, span } from "../../test/builders.ts";
import { at, id, stored } from "../../test/stitched.ts";
import { findTrace } from "../query/find.ts";
import { joinView } from "./reason.ts";

/** An asynchronous invocation that fails twice; a third function is told. */
const invoke = span("invoke", { in: "api", kind: 3, produces: ["lambda-request r"], at: at(0) });
const attempt = (n: number) =>
  span(`charge ${n}`, {
    trace: `c${n}`,
    in: "charge",
    environment: `${n}`,
    request: "r",
    consumes: ["lambda-request r"],
    error: true,
    at: at(n * 60_000),
  });
const told = (name: string, more: readonly string[]) =>
  span(name, {
    trace: name,
    in: name,
    request: `r-${name}`,
    consumes: [...more, "lambda-request r", `lambda-request r-${name}`],
    at: at(200_000),
  });

test.each([
  ["a destination", told("destination", [])],
  ["a function behind the dead-letter queue", told("undertaker", ["sqs-message d"])],
  [
    "a poller of that queue that is no function",
    span("poller", {
      trace: "p",
      in: "poller",
      kind: 5,
      consumes: ["sqs-message d", "lambda-request r"],
      at: at(200_000),
    }),
  ],
])("%s is joined to the last attempt of the invocation that failed, not to its caller", async (_who, outcome) => {
  const all = [invoke, attempt(1), attempt(2), outcome];
  for (const order of [all, all.toReversed()]) {
    const { ask, rows, store } = await stored(...order);
    expect(await ask("r")).toMatchObject({
      id: id("t", "invoke"),
      joins: [
        `charge 2 continues ${outcome.wire.name} by lambda-request+lambda-request`,
        "invoke continues charge 1 by lambda-request+lambda-request",
        "invoke continues charge 2 by lambda-request+lambda-request",
      ],
      gaps: [],
    });
    expect(await rows()).toEqual(["invoke (4)"]);
    const found = await findTrace(store, "r");
    expect(found?.trace.joins.map((join) => joinView(join).reason)).toContain(
      "is told what came of the invocation, by Lambda request id r",
    );
  }
});

test("an invocation that only Lambda tells of is the one that failed as well; where nothing tells of it, its caller stands in", async () => {
  const outcome = told("destination", []);
  const reported = seen("charge", "r", { stage: "start", atMs: 60_000 }, { stage: "report", atMs: 61_000 });
  expect((await (await stored(invoke, ...reported, outcome)).ask("r"))?.joins).toContainEqual(
    expect.stringMatching(/^(?!invoke).* continues destination by lambda-request/),
  );
  expect((await (await stored(invoke, outcome)).ask("r-destination"))?.joins).toEqual([
    "invoke continues destination by lambda-request+lambda-request",
  ]);
});

const send = span("send", { in: "api", kind: 4, produces: ["sqs-message m"], at: at(0) });
const receive = (name: string, spec: Parameters<typeof span>[1]) => span(name, { in: "ship", ...spec });

test("a message that moved to the dead-letter queue keeps its id, and so its story", async () => {
  const { ask, rows } = await stored(
    send,
    ...[1, 2].map((n) =>
      receive(`ship ${n}`, {
        trace: `s${n}`,
        request: `r${n}`,
        consumes: ["sqs-message m"],
        error: true,
        at: at(n * 30_000),
      }),
    ),
    receive("undertaker", { trace: "d", in: "undertaker", request: "r3", consumes: ["sqs-message m"], at: at(90_000) }),
  );
  expect((await ask("m"))?.spans).toEqual(["send", "ship 1", "ship 2", "undertaker"]);
  expect(await rows()).toEqual(["send (4)"]);
});

test("a message that was moved back has a new id, and the context that it keeps continues its story", async () => {
  const redriven = receive("ship again", {
    parent: "send",
    isRemote: true,
    request: "r9",
    consumes: ["sqs-message n"],
    at: at(86_400_000),
  });
  const { ask, rows } = await stored(
    send,
    receive("ship", { trace: "s", request: "r1", consumes: ["sqs-message m"], error: true, at: at(30_000) }),
    redriven,
  );
  expect(await ask("n")).toMatchObject({
    id: id("t", "send"),
    joins: ["send continues ship again by parent", "send continues ship by sqs-message+sqs-message"],
    gaps: ["dropped-context"],
  });
  expect(await rows()).toEqual(["send (3)"]);
});

test("messages that were moved back in one batch each go on with their own story", async () => {
  const one = (n: number) => [
    span(`send ${n}`, { trace: `t${n}`, in: "api", kind: 4, produces: [`sqs-message m${n}`], at: at(n) }),
    receive(`record ${n}`, {
      trace: `t${n}`,
      parent: `send ${n}`,
      isRemote: true,
      request: "r-b",
      consumes: [`sqs-message n${n}`],
      links: ["invocation:b/batch"],
      at: at(86_400_000 + n),
    }),
  ];
  const batch = receive("batch", {
    trace: "b",
    request: "r-b",
    batch: 2,
    consumes: ["sqs-message n1", "sqs-message n2"],
    links: ["t1/send 1", "t2/send 2"],
    at: at(86_400_000, 86_400_100),
  });
  const { ask, rows } = await stored(batch, ...one(1), ...one(2));
  for (const n of [1, 2]) expect((await ask(`n${n}`))?.spans).toEqual(["batch", `record ${n}`, `send ${n}`]);
  expect(await ask("r-b")).toMatchObject({ memberOf: 2 });
  expect((await rows()).toSorted()).toEqual(["send 1 (3)", "send 2 (3)"]);
});
