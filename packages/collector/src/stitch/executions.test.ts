/** Executions of Step Functions: with and without an import of their histories, within each other, and as a Map's children. */
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { expect, test } from "vitest";
import { BEGINNING, history, invoked, invokeTask } from "../../test/histories.ts";
import { START, rewired, span } from "../../test/builders.ts";
import { type Stored, at, id, stored } from "../../test/stitched.ts";
import { attemptSpanId, executionTraceId } from "../import/step-functions/ids.ts";
import { type MapRunParent, spansOfExecution } from "../import/step-functions/spans.ts";
import type { SpanRecord } from "../model/span.ts";
import { spanOrigin } from "../normalize/origin.ts";
import { normalizedSpan } from "../normalize/spans.ts";
import { findTrace } from "../query/find.ts";
import { gapsOf } from "./gaps.ts";
import { joinView } from "./reason.ts";

const arn = (machine: string, name = "r"): string =>
  `arn:aws:states:eu-west-1:123456789012:execution:${machine}:${name}`;
const key = (execution: string): string => `sfn-execution ${execution.replaceAll(" ", "")}`;

const imported = (execution: string, events: readonly HistoryEvent[], within?: MapRunParent) => {
  const [, , , , , , machine] = execution.split(":");
  const stateMachineArn = `arn:aws:states:eu-west-1:123456789012:stateMachine:${machine}`;
  const read = spansOfExecution({ executionArn: execution, stateMachineArn }, events, within);
  const origin = spanOrigin({
    resource: read.resourceSpans.resource,
    resourceSchemaUrl: "",
    scope: undefined,
    scopeSchemaUrl: "",
  });
  const spans = read.resourceSpans.scopeSpans.flatMap((scope) =>
    scope.spans.map((one) => normalizedSpan(one, origin, START)),
  );
  return { ...read, spans };
};

/** Of one task that calls a function; a direct one tells no request id. */
const oneTask = (requestId: string, { input = "{}", isDirect = false } = {}): HistoryEvent[] => {
  const functionArn = "arn:aws:lambda:eu-west-1:123456789012:function:charge";
  return history([
    [0, "ExecutionStarted", { input }],
    [0, "TaskStateEntered", { name: "Charge" }],
    ...(isDirect
      ? ([
          [2, "LambdaFunctionScheduled", { resource: functionArn }],
          [3, "LambdaFunctionSucceeded", { output: "{}" }],
        ] as const)
      : ([
          [2, "TaskScheduled", invokeTask],
          [3, "TaskSucceeded", invoked(requestId)],
        ] as const)),
    [4, "TaskStateExited", { name: "Charge" }],
    [5, "ExecutionSucceeded"],
  ]);
};

const attemptOf = (execution: string) => {
  const enteredTime = new Date(BEGINNING + 100).toISOString();
  const attempt = { state: "Charge", enteredTime, retryCount: 0, redriveCount: 0 };
  return { traceId: executionTraceId(execution), spanId: attemptSpanId(execution, attempt) };
};

/** As the SDK places it: linked to the attempt that its context object names. */
const task = (name: string, execution: string, spec: Parameters<typeof span>[1] = {}): SpanRecord => {
  const own = span(name, { in: name, trace: name, kind: 2, consumes: [key(execution)], ...spec });
  const link = { ...attemptOf(execution), traceState: "", attributes: [], droppedAttributesCount: 0, flags: 0 };
  return rewired(own, { links: [link] });
};

/** As Datadog's libraries place it: under that attempt. */
const taskBelow = (name: string, execution: string, spec: Parameters<typeof span>[1] = {}): SpanRecord => {
  const { traceId, spanId } = attemptOf(execution);
  const own = span(name, { in: name, kind: 2, isRemote: true, consumes: [key(execution)], ...spec });
  return rewired(own, { traceId, parentSpanId: spanId });
};

const E = arn("orders");
const start = span("start", { in: "api", kind: 3, produces: [key(E)], at: at(0) });

test.for([
  ["link", task],
  ["parent", taskBelow],
] as const)(
  "a task hangs under the attempt that it names as its %s, also where the history tells no request id",
  async ([kind, placed]) => {
    const run = imported(E, oneTask("r-1", { isDirect: true })).spans;
    const charge = placed("charge", E, { request: "r-1", at: at(15) });
    const all = [start, ...run, charge];
    for (const order of [all, all.toReversed()]) {
      const { ask, rows } = await stored(...order);
      expect(await ask("r-1")).toMatchObject({
        id: id("t", "start"),
        joins: [
          `Charge continues charge by ${kind}+sfn-execution`,
          "start continues orders by sfn-execution+sfn-execution",
        ],
        gaps: [],
      });
      expect(await rows()).toEqual([`start (${all.length})`]);
    }
  },
);

test("without the history it is joined to who started the execution; without that one too, what to bring is said", async () => {
  const charge = task("charge", E, { request: "r-1", at: at(15) });
  const ship = task("ship", E, { request: "r-2", at: at(25) });
  const known = await stored(start, charge, ship);
  expect(await known.ask("r-1")).toMatchObject({
    id: id("t", "start"),
    joins: [
      "start continues charge by sfn-execution+sfn-execution",
      "start continues ship by sfn-execution+sfn-execution",
    ],
    gaps: [],
  });
  const { ask, rows } = await stored(charge, ship);
  expect(await ask("r-1")).toMatchObject({ spans: ["charge", "ship"], gaps: ["unknown-producer", "unknown-producer"] });
  expect(await rows()).toHaveLength(1);
  const below = await stored(...["charge", "ship"].map((name) => taskBelow(name, E, { request: `r-${name}` })));
  expect(await below.ask("r-ship")).toMatchObject({ spans: ["charge", "ship"], gaps: ["missing-parent"] });
  expect((await gaps(below.store, "r-ship")).map(({ advice }) => advice)).toEqual([
    `Bring the execution with \`mayfly import step-functions --execution-arn ${E}\`, or wrap who starts it with observe().`,
  ]);
});

const gaps = async (store: Stored["store"], asked: string) => {
  const found = (await findTrace(store, asked))!;
  return gapsOf(found.trace, found.graph, START + 3_600_000_000_000n);
};

test("a nested execution belongs to the nearest of those above it whose start is known", async () => {
  const [child, grandchild] = [arn("shipping"), arn("labels")];
  const label = task("label", grandchild, {
    request: "r-l",
    consumes: [key(grandchild), key(child), key(E)],
    at: at(50),
  });
  const startChild = span("start child", {
    trace: "f",
    in: "f",
    kind: 3,
    produces: [key(child)],
    consumes: [key(E)],
    at: at(20),
  });
  const byChild = await stored(start, startChild, label);
  expect((await byChild.ask("r-l"))?.joins).toEqual([
    "start child continues label by sfn-execution+sfn-execution",
    "start continues start child by sfn-execution+sfn-execution",
  ]);
  const byRoot = await stored(label, start);
  expect(await byRoot.ask("r-l")).toMatchObject({
    id: id("t", "start"),
    joins: ["start continues label by sfn-execution+sfn-execution"],
  });
});

test("an imported execution that nobody says to have started lacks nothing: people start them", async () => {
  const { ask } = await stored(...imported(E, oneTask("r-1")).spans, task("charge", E, { request: "r-1", at: at(15) }));
  expect((await ask(E))?.gaps).toEqual([]);
});

test("an imported execution says by its input who started it", async () => {
  const child = arn("shipping");
  const input = JSON.stringify({ order: 7, AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: E });
  const { ask, rows } = await stored(...imported(child, oneTask("r-1", { input })).spans, start);
  expect(await ask(child)).toMatchObject({
    id: id("t", "start"),
    joins: ["start continues shipping by sfn-execution+sfn-execution"],
  });
  expect(await rows()).toHaveLength(1);
});

/** Two iterations that enter their state in one millisecond, so that both context objects lead to one id. */
const inlineMap = history([
  [0, "ExecutionStarted"],
  [0, "MapStateEntered", { name: "Each" }],
  [2, "MapStateStarted", { length: 2 }],
  [3, "MapIterationStarted", { name: "Each", index: 0 }],
  [3, "MapIterationStarted", { name: "Each", index: 1 }],
  [4, "TaskStateEntered", { name: "Charge" }, 100],
  [5, "TaskStateEntered", { name: "Charge" }, 100],
  [6, "TaskScheduled", invokeTask],
  [7, "TaskScheduled", invokeTask],
  [8, "TaskSucceeded", invoked("r-0")],
  [9, "TaskSucceeded", invoked("r-1")],
]);

test("each iteration of a Map is joined to its own function, also where both have one context object", async () => {
  const charges = [0, 1].map((n) =>
    task(`charge ${n}`, E, {
      in: "charge",
      environment: `${n}`,
      request: `r-${n}`,
      consumes: [key(E), `lambda-request r-${n}`],
      at: at(15 + n),
    }),
  );
  const { spans } = imported(E, inlineMap);
  const { store, rows, ask } = await stored(...charges, ...spans, start);
  expect(await rows()).toEqual([`start (${spans.length + 3})`]);
  expect((await ask("r-1"))?.id).toBe(id("t", "start"));
  const { joins } = (await findTrace(store, "r-0"))!.trace;
  const attempts = joins.filter(({ to }) => to.requestId !== undefined).map(({ from }) => from);
  expect(attempts.map(({ wire }) => wire.name)).toEqual(["Charge", "Charge"]);
  const sending = attempts.map(({ produced }) => produced.map((one) => one.id).join());
  expect(sending.toSorted()).toEqual(["r-0", "r-1"]);
});

const child = (n: number): string => `arn:aws:states:eu-west-1:123456789012:execution:orders/Each:${n}`;
const distributedMap = history([
  [0, "ExecutionStarted"],
  [0, "MapStateEntered", { name: "Each" }],
  [2, "MapStateStarted", { length: 2 }],
  [3, "MapRunStarted", { mapRunArn: "arn:aws:states:eu-west-1:123456789012:mapRun:orders/Each:1" }],
]);

test("the executions of a Distributed Map belong to their state; without their histories to who started it, as a batch says", async () => {
  const run = imported(E, distributedMap);
  const children = [1, 2].map((n) => imported(child(n), oneTask(`r-${n}`), run.mapRuns[0]?.parent));
  const charges = [1, 2].map((n) => task(`charge ${n}`, child(n), { request: `r-${n}`, at: at(15) }));
  const told = await stored(...charges, ...children.flatMap(({ spans }) => spans), ...run.spans, start);
  for (const n of [1, 2]) expect((await told.ask(`r-${n}`))?.id).toBe(id("t", "start"));
  expect(await told.rows()).toHaveLength(1);
  expect((await told.ask("r-1"))?.joins.filter((join) => join.startsWith("Each "))).toEqual([
    "Each continues orders/Each by link",
    "Each continues orders/Each by link",
  ]);

  const handed = charges.map((one, n) =>
    task(one.wire.name, child(n + 1), { request: `r-${n + 1}`, consumes: [key(child(n + 1)), key(E)], at: at(15) }),
  );
  const untold = await stored(...handed, start);
  expect(await untold.rows()).toEqual(["start (3)"]);
});

test("a schedule begins a story each time; a retry is of the same, and nobody is missed who might have sent it", async () => {
  const tick = (name: string, request: string, trace: string, startMs: number) =>
    span(name, {
      trace,
      in: "nightly",
      environment: name,
      request,
      kind: 2,
      consumes: [`lambda-request ${request}`],
      attributes: { "faas.trigger": "timer" },
      at: at(startMs),
    });
  const sent = span("send", {
    trace: "n1",
    parent: "tick",
    in: "nightly",
    environment: "tick",
    kind: 4,
    produces: ["sqs-message m"],
    at: at(5),
  });
  const { ask, rows } = await stored(
    tick("tick", "r-1", "n1", 0),
    sent,
    span("receive", {
      trace: "n1",
      parent: "send",
      isRemote: true,
      in: "ship",
      request: "r-q",
      consumes: ["sqs-message m"],
      at: at(50),
    }),
    tick("tock", "r-2", "n2", 86_400_000),
    tick("tock again", "r-2", "n3", 86_460_000),
  );
  expect(await ask("r-q")).toMatchObject({ id: id("n1", "tick"), spans: ["receive", "send", "tick"], gaps: [] });
  expect(await ask("r-2")).toMatchObject({ spans: ["tock", "tock again"], gaps: [] });
  expect(await rows()).toHaveLength(2);
});

/** A state sends a message with its token; whoever is given it hands it on, and somebody calls back later. */
const T = "sfn-task-token t";
const waiting = [
  start,
  span("run", { trace: "e", in: "machine", consumes: [key(E)], produces: [key(E)], at: at(5, 300) }),
  span("ask", { trace: "e", parent: "run", in: "machine", kind: 3, produces: ["sqs-message m", T], at: at(10, 200) }),
  span("mail", { trace: "m", in: "mail", request: "r-m", consumes: ["sqs-message m", T], produces: [T], at: at(20) }),
  span("approve", { trace: "a", in: "approve", request: "r-a", kind: 2, at: at(150) }),
  span("SFN.SendTaskSuccess", { trace: "a", parent: "approve", in: "approve", kind: 3, consumes: [T], at: at(152) }),
  span("ship", { trace: "s", in: "ship", request: "r-s", consumes: [key(E)], at: at(210) }),
];

test("who calls back works for whom the token was given, and the execution goes on after it, all in one story", async () => {
  for (const order of [waiting, waiting.toReversed()]) {
    const { ask, rows } = await stored(...order);
    for (const one of ["r-a", "r-m", "r-s", "t", E]) expect((await ask(one))?.id, one).toBe(id("t", "start"));
    expect(await ask("r-a")).toMatchObject({
      joins: [
        "ask continues mail by sqs-message+sqs-message+sfn-task-token",
        "mail continues approve by sfn-task-token+sfn-task-token",
        "run continues ship by sfn-execution+sfn-execution",
        "start continues run by sfn-execution+sfn-execution",
      ],
      gaps: ["dropped-context"],
    });
    expect(await rows()).toEqual(["start (7)"]);
  }
});

test("who calls back is joined to the state itself where nothing tells who was given the token, and to the latter without the state", async () => {
  const without = (...names: string[]) => waiting.filter(({ wire }) => !names.includes(wire.name));
  expect((await (await stored(...without("mail"))).ask("r-a"))?.joins).toContain(
    "ask continues approve by sfn-task-token+sfn-task-token",
  );
  expect(await (await stored(...without("run", "ask"))).ask("r-a")).toMatchObject({
    spans: ["SFN.SendTaskSuccess", "approve", "mail"],
    joins: ["mail continues approve by sfn-task-token+sfn-task-token"],
    gaps: ["unknown-producer"],
  });
});

test("the record of a batch hands its token on, not the batch", async () => {
  const { ask } = await stored(
    span("batch", {
      trace: "b",
      in: "mail",
      request: "r-b",
      kind: 5,
      batch: 2,
      consumes: ["sqs-message m", "sqs-message n", T],
      produces: [T],
      at: at(20),
    }),
    span("record", {
      trace: "b",
      parent: "batch",
      in: "mail",
      kind: 5,
      consumes: ["sqs-message m", T],
      produces: [T],
      at: at(21),
    }),
    ...waiting.filter(({ wire }) => wire.name !== "mail"),
  );
  expect((await ask("r-a"))?.joins).toContain("record continues approve by sfn-task-token+sfn-task-token");
  expect((await ask("r-a"))?.joins.filter((join) => join.includes(" approve "))).toHaveLength(1);
});

test("who calls back for several at once works for all of them, and merges none", async () => {
  const { ask, rows } = await stored(
    ...["1", "2"].map((n) =>
      span(`ask ${n}`, { trace: n, in: "machine", kind: 3, produces: [`sfn-task-token ${n}`], at: at(0) }),
    ),
    span("sweep", { trace: "a", in: "sweep", request: "r-a", kind: 2, at: at(150) }),
    ...["1", "2"].map((n) =>
      span(`send ${n}`, {
        trace: "a",
        parent: "sweep",
        in: "sweep",
        kind: 3,
        consumes: [`sfn-task-token ${n}`],
        at: at(152),
      }),
    ),
  );
  expect(await ask("r-a")).toMatchObject({ id: id("a", "sweep"), memberOf: 2 });
  expect((await ask("1"))?.spans).toEqual(["ask 1", "sweep"]);
  expect((await rows()).toSorted()).toEqual(["ask 1 (2)", "ask 2 (2)"]);
});

test("an event that an archive sends again continues its sender's story, and the join says by which replay", async () => {
  const put = span("put", { in: "api", kind: 4, produces: ["eventbridge-event e"], at: at(0) });
  const first = span("fulfil", { trace: "u", in: "fulfil", consumes: ["eventbridge-event e"], at: at(20) });
  const again = span("fulfil again", {
    trace: "v",
    in: "fulfil",
    consumes: ["eventbridge-event e"],
    attributes: { "mayfly.eventbridge.replay_name": "since-monday" },
    at: at(86_400_000),
  });
  const { ask, store } = await stored(again, first, put);
  expect((await ask("e"))?.spans).toEqual(["fulfil", "fulfil again", "put"]);
  const found = await findTrace(store, "e");
  expect(found?.trace.joins.map((join) => joinView(join).reason.split("; ").at(-1))).toEqual([
    "the context itself was not carried",
    "the event was replayed from an archive (since-monday)",
  ]);
});
