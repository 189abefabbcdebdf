import { expect, test } from "vitest";
import type { SpanRecord } from "../model/span.ts";
import { type SpanSpec, rewired, span, traceId } from "../../test/builders.ts";
import { at, hop, id, stored, sentOrders } from "../../test/stitched.ts";

test("a carried context joins, and the shared message id stands beside it", async () => {
  const { ask } = await stored(...hop);
  expect(await ask(traceId("t"))).toMatchObject({
    id: id("t", "POST /orders"),
    spans: ["POST /orders", "charge", "payment", "record", "send"],
    joins: ["send continues payment by parent+sqs-message", "send continues record by parent+sqs-message"],
    gaps: [],
  });
});

test("any id leads to the same stitched trace: trace, request, message, unit, or an inner span", async () => {
  const { ask } = await stored(...hop);
  for (const one of [
    traceId("t").toUpperCase(),
    "r-api",
    "r-pay",
    "m",
    "sqs-message||m",
    id("t", "payment"),
    id("t", "charge"),
  ]) {
    expect((await ask(one))?.id, one).toBe(id("t", "POST /orders"));
  }
  expect(await ask("nobody knows this")).toBeUndefined();
});

test("the result does not depend on which half arrived first", async () => {
  const forth = await (await stored(...hop)).ask("r-pay");
  const back = await (await stored(...hop.toReversed())).ask("r-pay");
  expect(back).toEqual(forth);
});

test("an event id joins two traces where the context was lost", async () => {
  const { ask, rows } = await stored(
    ...hop,
    span("put", { parent: "record", in: "payment", produces: ["eventbridge-event e"], at: at(25) }),
    span("fulfil", { trace: "u", in: "fulfil", request: "r-ful", consumes: ["eventbridge-event e"], at: at(50) }),
  );
  expect((await ask("r-ful"))?.joins).toContain("put continues fulfil by eventbridge-event+eventbridge-event");
  expect((await ask("r-ful"))?.id).toBe(id("t", "POST /orders"));
  expect(await rows()).toEqual(["POST /orders (7)"]);
});

test("an execution stands between who started it and the functions that it runs; a task of it is the sender where one is known", async () => {
  const all = [
    span("start", { in: "api", produces: ["sfn-execution E"], kind: 3, at: at(0) }),
    span("run", { trace: "e", in: "machine", consumes: ["sfn-execution E"], produces: ["sfn-execution E"], at: at(5) }),
    span("task", { trace: "e", in: "machine", parent: "run", produces: ["lambda-request r1"], kind: 3, at: at(10) }),
    span("told", { trace: "f1", in: "f1", consumes: ["lambda-request r1", "sfn-execution E"], at: at(15) }),
    span("untold", { trace: "f2", in: "f2", consumes: ["lambda-request r2", "sfn-execution E"], at: at(20) }),
  ];
  for (const order of [all, all.toReversed()]) {
    const { ask, rows } = await stored(...order);
    expect((await ask("E"))?.joins.toSorted((a, b) => a.localeCompare(b))).toEqual([
      "run continues untold by sfn-execution+sfn-execution",
      "start continues run by sfn-execution+sfn-execution",
      "task continues told by lambda-request+lambda-request",
    ]);
    for (const one of ["r1", "r2"]) expect((await ask(one))?.id).toBe(id("t", "start"));
    expect(await rows()).toEqual(["start (5)"]);
  }
  const { ask } = await stored(...all.filter(({ wire }) => wire.name !== "run" && wire.name !== "task"));
  expect((await ask("E"))?.joins, "without the execution's own spans").toEqual([
    "start continues told by sfn-execution+sfn-execution",
    "start continues untold by sfn-execution+sfn-execution",
  ]);
});

test("a redelivered message is consumed twice in one story", async () => {
  const { ask } = await stored(
    ...hop,
    span("payment again", {
      trace: "u",
      in: "payment",
      environment: "2",
      request: "r-2",
      consumes: ["sqs-message m"],
      at: at(60),
    }),
  );
  expect((await ask("m"))?.joins).toContain("send continues payment again by sqs-message+sqs-message");
});

/** Two orders; one invocation handles both messages. `records` says how it was written. */
const twoOrders = (records: "with context" | "without context" | "none"): SpanRecord[] => [
  ...sentOrders,
  span("batch", {
    trace: "b",
    in: "payment",
    request: "r-batch",
    consumes: ["sqs-message m1", "sqs-message m2"],
    links: ["t1/send 1", "t2/send 2"],
    batch: 2,
    at: at(20, 60),
  }),
  span("setup", { trace: "b", parent: "batch", in: "payment", at: at(20) }),
  ...(records === "none" ? [] : [1, 2]).flatMap((n) => {
    const own = records === "with context";
    const trace = own ? `t${n}` : "b";
    return [
      span(`record ${n}`, {
        trace,
        parent: own ? `send ${n}` : "batch",
        isRemote: own,
        in: "payment",
        request: "r-batch",
        consumes: [`sqs-message m${n}`],
        links: own ? ["invocation:b/batch"] : [],
        at: at(20 + n),
      }),
      span(`put ${n}`, {
        trace,
        parent: `record ${n}`,
        in: "payment",
        produces: [`eventbridge-event e${n}`],
        at: at(22 + n),
      }),
    ];
  }),
  ...[1, 2].map((n) =>
    span(`fulfil ${n}`, {
      trace: `f${n}`,
      in: "fulfil",
      request: `rf${n}`,
      consumes: [`eventbridge-event e${n}`],
      at: at(70 + n),
    }),
  ),
];

for (const records of ["with context", "without context"] as const) {
  test(`a batch, its records ${records}, keeps the two orders apart`, async () => {
    const { ask, rows } = await stored(...twoOrders(records));
    const first = await ask("r1");
    expect(first?.spans).toEqual(["batch", "fulfil 1", "order 1", "put 1", "record 1", "send 1"]);
    expect(first?.joins).toEqual([
      "put 1 continues fulfil 1 by eventbridge-event+eventbridge-event",
      `send 1 continues record 1 by ${records === "with context" ? "parent" : "sqs-message"}+sqs-message`,
      "send 1 links batch by link+sqs-message",
    ]);
    expect((await ask("rf2"))?.id).toBe(id("t2", "order 2"));
    expect((await ask("m2"))?.id).toBe(id("t2", "order 2"));
    expect(await rows()).toEqual(["order 2 (6)", "order 1 (6)"]);
  });

  test(`a batch, its records ${records}, asked for by its request id, shows itself and the stories it worked for`, async () => {
    const { ask } = await stored(...twoOrders(records));
    expect(await ask("r-batch")).toMatchObject({
      id: id("b", "batch"),
      spans: ["batch", "fulfil 1", "fulfil 2", "put 1", "put 2", "record 1", "record 2", "setup"],
      memberOf: 2,
    });
  });
}

test("a batch without record spans ends the story with a gap and merges nothing", async () => {
  const { ask } = await stored(...twoOrders("none"));
  expect(await ask("r1")).toMatchObject({ spans: ["batch", "order 1", "send 1"], gaps: ["batch-without-records"] });
});

test("records of a batch whose senders are unknown are stories of their own", async () => {
  const spans = twoOrders("without context").filter(
    (one) => !one.wire.name.startsWith("order") && !one.wire.name.startsWith("send"),
  );
  const { ask, rows } = await stored(...spans);
  expect(await rows()).toEqual(["record 2 (4)", "record 1 (4)"]);
  expect((await ask("rf1"))?.spans).toEqual(["batch", "fulfil 1", "put 1", "record 1"]);
  expect((await ask("rf1"))?.gaps).toEqual(["unknown-producer"]);
});

test("units whose parent never arrived hang under one placeholder per trace", async () => {
  const { ask, rows } = await stored(
    span("left", { parent: "lost", isRemote: true, in: "f", at: at(0) }),
    span("right", { parent: "lost", isRemote: true, in: "g", at: at(1) }),
  );
  expect(await ask(id("t", "right"))).toMatchObject({
    id: `${traceId("t")}.0000000000000000`,
    placeholder: "missing-parent",
    spans: ["left", "right"],
    gaps: ["missing-parent"],
  });
  expect((await ask(`${traceId("t")}.0000000000000000`))?.spans).toEqual(["left", "right"]);
  expect(await rows()).toEqual(["left (2)"]);
});

test("consumers that share a key nobody produced hang under one placeholder per key", async () => {
  const { ask, rows } = await stored(
    span("notify", { trace: "n", in: "notify", request: "r-n", consumes: ["sns-message s"], at: at(0) }),
    span("audit", { trace: "a", in: "audit", request: "r-a", consumes: ["sns-message s"], at: at(1) }),
  );
  expect(await ask("r-a")).toMatchObject({
    id: "sns-message||s",
    placeholder: "unknown-producer",
    spans: ["audit", "notify"],
  });
  expect((await ask("sns-message||s"))?.spans).toEqual(["audit", "notify"]);
  expect(await rows()).toEqual(["notify (2)"]);
});

test("one consumer of a key nobody produced is a root, with a gap that names the message", async () => {
  const { ask } = await stored(
    span("notify", { in: "notify", request: "r", consumes: ["sns-message s", "lambda-request r"] }),
  );
  expect(await ask("r")).toMatchObject({ id: id("t", "notify"), gaps: ["unknown-producer"] });
});

test("a unit that only shares the trace id joins its first unit by the X-Ray Root", async () => {
  const { ask } = await stored(
    span("api", { in: "api", request: "r1", at: at(0) }),
    span("task", { in: "task", request: "r2", consumes: ["lambda-request r2"], at: at(30) }),
  );
  expect((await ask("r2"))?.joins).toEqual(["api continues task by xray-root"]);
});

test.each<readonly [string, SpanSpec, string]>([
  ["says to have run in an execution that the other started", { consumes: ["sfn-execution arn"] }, "arn"],
  ["says that a message triggered it", { attributes: { "faas.trigger": "pubsub" } }, "e"],
  ["says nothing, beside one that a request began", { attributes: { "faas.trigger": "other" } }, "e"],
])(
  "of two units that share a Root, the one whose clock is ahead and that %s began nothing",
  async (_, spec, started) => {
    const { ask } = await stored(
      span("api", {
        in: "api",
        request: "r1",
        produces: [`sfn-execution ${started}`],
        attributes: { "faas.trigger": "http" },
        at: at(400),
      }),
      span("task", { in: "task", request: "r2", consumes: [], at: at(0), ...spec }),
    );
    const { id: root, joins } = (await ask("r2"))!;
    expect(root).toBe(id("t", "api"));
    expect(joins).toMatchObject([expect.stringMatching(/^api continues task by /)]);
  },
);

test("of what has one Root, what shares an id with other traces leads to those, where clocks cannot tell which was first", async () => {
  const consumes = ["sfn-execution arn"];
  const other = { "faas.trigger": "other" };
  const silent = span("silent", { in: "silent", request: "r-s", attributes: other, at: at(0) });
  const inside = span("inside", { in: "inside", request: "r-i", consumes, at: at(40) });
  const outside = span("outside", { trace: "o", in: "outside", request: "r-o", consumes, at: at(60) });
  for (const spans of [
    [silent, inside, outside],
    [outside, inside, silent],
    [inside, silent, outside],
  ]) {
    const { ask, rows } = await stored(...spans);
    for (const asked of ["r-s", "r-i", "r-o"])
      expect(await ask(asked)).toMatchObject({
        placeholder: "unknown-producer",
        spans: ["inside", "outside", "silent"],
        joins: ["inside continues silent by xray-root"],
      });
    expect(await rows()).toEqual(["inside (3)"]);
  }
  // One that began long before is what began it.
  const { ask } = await stored(
    span("silent", { in: "silent", request: "r-s", attributes: other, at: at(-5_000) }),
    inside,
  );
  expect((await ask("r-i"))?.joins).toEqual(["silent continues inside by xray-root"]);
});

test("of two that a request began, and of one that began long before, the earliest is the first", async () => {
  const http = { "faas.trigger": "http" };
  const { ask } = await stored(
    span("cart", { in: "cart", request: "r2", attributes: http, at: at(30) }),
    span("api", { in: "api", request: "r1", attributes: http, at: at(0) }),
  );
  expect((await ask("r2"))?.joins).toEqual(["api continues cart by xray-root"]);
  const long = await stored(
    span("call", { in: "call", request: "r2", attributes: http, at: at(5_000) }),
    span("task", { in: "task", request: "r1", attributes: { "faas.trigger": "other" }, at: at(0) }),
  );
  expect((await long.ask("r2"))?.joins).toEqual(["task continues call by xray-root"]);
});

test("a message that nobody received is a gap once it cannot be on its way any more", async () => {
  const { ask } = await stored(span("send", { produces: ["sqs-message m"] }));
  expect((await ask(traceId("t")))?.gaps).toEqual(["no-consumer"]);
});

test("a cycle of joins is visited once", async () => {
  const { ask } = await stored(
    span("ping", { trace: "p", in: "ping", produces: ["sqs-message a"], consumes: ["sqs-message b"], at: at(0) }),
    span("pong", { trace: "q", in: "pong", produces: ["sqs-message b"], consumes: ["sqs-message a"], at: at(1) }),
  );
  expect((await ask(traceId("p")))?.spans).toEqual(["ping", "pong"]);
});

test("an invocation whose calls were sampled out joins by itself, by context and by key, and leaves no gap", async () => {
  const produces = ["sqs-message m", "eventbridge-event e"];
  const { ask } = await stored(
    span("api", { in: "api", request: "r-api", produces, at: at(0) }),
    span("payment", { parent: "api", isRemote: true, in: "payment", consumes: ["sqs-message m"], at: at(20) }),
    span("fulfil", { trace: "u", in: "fulfil", consumes: ["eventbridge-event e"], at: at(30) }),
  );
  expect(await ask("r-api")).toMatchObject({
    id: id("t", "api"),
    spans: ["api", "fulfil", "payment"],
    joins: [
      "api continues fulfil by eventbridge-event+eventbridge-event",
      "api continues payment by parent+sqs-message",
    ],
    gaps: [],
  });
});

test("a call that a rule kept is the sender, although the message names its invocation", async () => {
  const { ask } = await stored(
    span("api", { in: "api", request: "r-api", at: at(0) }),
    span("send", { parent: "api", in: "api", produces: ["sqs-message m"], at: at(5) }),
    span("payment", { parent: "api", isRemote: true, in: "payment", consumes: ["sqs-message m"], at: at(20) }),
  );
  expect(await ask("r-api")).toMatchObject({ joins: ["send continues payment by parent+sqs-message"], gaps: [] });
});

/** `old` and `new` ran one after the other in one environment; what `new` sent carries the context of `old`. */
const staleContext = [
  span("old", { trace: "o", in: "api", request: "r-old", at: at(0) }),
  span("new", { trace: "n", in: "api", request: "r-new", at: at(100, 130) }),
  span("send", { trace: "n", parent: "new", in: "api", kind: 4, produces: ["sqs-message m"], at: at(110) }),
  span("worker", {
    trace: "o",
    parent: "old",
    isRemote: true,
    in: "worker",
    request: "r-w",
    consumes: ["sqs-message m"],
    at: at(200),
  }),
];

test("a context that stayed behind from an earlier invocation says nothing against the id of the message", async () => {
  for (const order of [staleContext, staleContext.toReversed()]) {
    const { ask } = await stored(...order);
    expect((await ask("r-w"))?.spans).toEqual(["new", "send", "worker"]);
    expect((await ask("r-new"))?.joins).toEqual(["send continues worker by sqs-message+sqs-message"]);
    expect((await ask("r-old"))?.spans).toEqual(["old"]);
  }
});

test.each([
  ["was still at work", (end: bigint) => end + 1_000_000_000n],
  ["has not ended", () => 0n],
])("a parent that %s when the message was sent is believed", async (_, endOf) => {
  const working = staleContext.map((one) =>
    one.wire.name === "old" ? rewired(one, { endTimeUnixNano: endOf(one.wire.endTimeUnixNano) }) : one,
  );
  const { ask } = await stored(...working);
  expect((await ask("r-old"))?.joins).toContain("old continues worker by parent");
});

test("a batch is not of the story whose context a message of another carried", async () => {
  const { ask } = await stored(
    ...staleContext.slice(0, 1),
    ...["m", "k"].map((name) =>
      span(`send ${name}`, { trace: `t-${name}`, in: "api", kind: 4, produces: [`sqs-message ${name}`] }),
    ),
    span("batch", {
      trace: "b",
      in: "worker",
      request: "r-b",
      consumes: ["sqs-message m", "sqs-message k"],
      links: ["o/old", "t-k/send k"],
      at: at(300),
    }),
  );
  expect((await ask("r-old"))?.spans).toEqual(["old"]);
  expect((await ask("m"))?.spans).toEqual(["batch", "send m"]);
});

test("an orphan belongs to what began its trace, also where a later unit of the trace was sent by the orphan itself", async () => {
  const { ask } = await stored(
    span("api", { in: "api", request: "r-api", at: at(0) }),
    span("middle", { parent: "Lambda's own", isRemote: true, in: "middle", request: "r-mid", at: at(20) }),
    span("send", { parent: "middle", in: "middle", kind: 4, produces: ["sqs-message m"], at: at(21) }),
    span("last", { in: "last", request: "r-last", consumes: ["sqs-message m"], at: at(40) }),
  );
  for (const one of ["r-api", "r-mid", "r-last"])
    expect((await ask(one))?.spans).toEqual(["api", "last", "middle", "send"]);
});

test("a call that sent something and says no id of it is a gap, unless its context arrived", async () => {
  const attributes = { "rpc.system": "aws-api", "rpc.method": "PutEvents" };
  const { ask } = await stored(
    span("api", { in: "api", request: "r-api", at: at(0) }),
    span("unheard", { parent: "api", in: "api", kind: 3, attributes, at: at(1) }),
    span("heard", { parent: "api", in: "api", kind: 3, attributes, at: at(2) }),
    span("ship", { parent: "heard", isRemote: true, in: "ship", request: "r-ship", at: at(30) }),
  );
  expect((await ask("r-api"))?.gaps).toEqual(["no-message-id"]);
});

test("an item that was written twice leads to neither writer, and one that was written once to its own", async () => {
  const write = (name: string, ms: number) =>
    span(name, { trace: name, in: name, request: `r-${name}`, produces: ["dynamodb-record orders k"], at: at(ms) });
  const reader = span("stream", {
    trace: "s",
    in: "stream",
    request: "r-s",
    consumes: ["dynamodb-record orders k"],
    at: at(50),
  });
  const once = await stored(write("a", 0), reader);
  expect((await once.ask("r-s"))?.joins).toEqual(["a continues stream by dynamodb-record+dynamodb-record"]);
  const twice = await stored(write("a", 0), reader, write("b", 20));
  expect((await twice.ask("r-s"))?.joins).toEqual([]);
});

test("who wrote an object of the same content in another request is not who wrote this one", async () => {
  const put = (request: string) =>
    span("put", {
      trace: "p",
      in: "api",
      request: "r-p",
      kind: 3,
      produces: [`s3-request ${request}`, "s3-object b k@e"],
      at: at(0),
    });
  const consumes = ["s3-request q2", "s3-object b k@e", "lambda-request r-n"];
  const notified = span("thumb", { trace: "n", in: "thumb", request: "r-n", consumes, at: at(5_000) });
  for (const spans of [
    [put("q1"), notified],
    [notified, put("q1")],
  ])
    expect((await (await stored(...spans)).ask("r-n"))?.joins).toEqual([]);
  expect((await (await stored(put("q2"), notified)).ask("r-n"))?.joins).toHaveLength(1);
});

test("what an exact id says is believed, where one that is not exact names another", async () => {
  const put = (name: string, keys: readonly string[]) =>
    span(name, { trace: name, in: name, request: `r-${name}`, produces: keys, at: at(0) });
  const notified = span("notified", {
    trace: "n",
    in: "notified",
    request: "r-n",
    consumes: ["s3-request q", "s3-object bucket key"],
    at: at(50),
  });
  const { ask } = await stored(put("a", ["s3-request q"]), put("b", ["s3-object bucket key"]), notified);
  expect((await ask("r-n"))?.joins).toEqual(["a continues notified by s3-request+s3-request"]);
});
