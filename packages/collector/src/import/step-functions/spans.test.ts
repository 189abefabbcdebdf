import { createHash } from "node:crypto";
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { attributesToPlain, decodeTracesJson, type Span, tracesToJson } from "@mayfly/otlp";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BEGINNING, type EventSpec, history, invoked, invokeTask, orderHistory } from "../../../test/histories.ts";
import { attemptSpanId, executionTraceId } from "./ids.ts";
import { spansOfExecution } from "./spans.ts";

const ARN = "arn:aws:states:eu-west-1:123456789012:execution:orders:o-1";
const CHILD = "arn:aws:states:eu-west-1:123456789012:execution:shipping:s-1";
const MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders";

const read = (events: readonly HistoryEvent[]) =>
  spansOfExecution({ executionArn: ARN, stateMachineArn: MACHINE }, events);

const spansOf = (events: readonly HistoryEvent[]): readonly Span[] =>
  read(events).resourceSpans.scopeSpans.flatMap(({ spans }) => spans);

const ms = (time: bigint): number => Number(time / 1_000_000n) - BEGINNING;

/** `parent > name [start, end]`, and what is wrong with it. */
const drawn = (spans: readonly Span[]): string[] => {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId, startTimeUnixNano: start, endTimeUnixNano: end, status, attributes }) => {
    const parent = parentSpanId === "" ? "" : `${names.get(parentSpanId)} > `;
    const aborted = attributesToPlain(attributes)["mayfly.sfn.status"] === "ABORTED" ? " aborted" : "";
    const failed = status?.code === 2 ? ` failed: ${status.message}` : "";
    return `${parent}${name} [${ms(start)}, ${end === 0n ? "…" : ms(end)}]${failed}${aborted}`;
  });
};

const attributesAt = (spans: readonly Span[], index: number) => attributesToPlain(spans[index]?.attributes ?? []);

const order = spansOf(orderHistory("r-1", CHILD));

test("states have their real times; each attempt is a span, and so is what it waits for", () => {
  expect(drawn(order)).toEqual([
    "orders [0, 63100]",
    "orders > Charge [100, 1700]",
    "Charge > Charge [200, 400] failed: CardError: declined",
    "Charge > Charge [1400, 1600]",
    "orders > Cool down [1700, 11700]",
    "orders > Approve [11700, 62000]",
    "Approve > Approve [11800, 61900]",
    "Approve > wait for Approve [11900, 61900]",
    "orders > Ship [62000, 63100]",
    "Ship > Ship [62100, 63000]",
    "Ship > wait for Ship [62200, 63000]",
  ]);
});

test("a task that waits for a callback produces its token's hash, wherever in its parameters the token stands", () => {
  const token = `AQCEAAAAKgAAAAMAAAAA${"x7/+".repeat(40)}=`;
  const hash = createHash("sha256").update(token).digest("hex");
  const scheduled = (resource: string, MessageBody: unknown) => ({
    resourceType: "sqs",
    resource,
    region: "eu-west-1",
    parameters: JSON.stringify({ QueueUrl: "https://sqs/1/q", MessageBody }),
  });
  const keysAfter = (details: object) => {
    const spans = spansOf(
      history([
        [0, "ExecutionStarted"],
        [0, "TaskStateEntered", { name: "Approve" }],
        [2, "TaskScheduled", details],
      ]),
    );
    return attributesAt(spans, 2)["mayfly.keys.produced"];
  };
  for (const body of [{ TaskToken: token }, JSON.stringify({ deep: { token } }), `approve ${token}, please`])
    expect(keysAfter(scheduled("sendMessage.waitForTaskToken", body))).toEqual([`sfn-task-token||${hash}`]);
  expect(keysAfter(scheduled("sendMessage", { TaskToken: token }))).toBeUndefined();
});

test("ids are those that the ARN and the context object lead to", () => {
  const enteredTime = new Date(BEGINNING + 100).toISOString();
  const [first, second] = [0, 1].map((retryCount) =>
    attemptSpanId(ARN, { state: "Charge", enteredTime, retryCount, redriveCount: 0 }),
  );
  expect(order.every(({ traceId }) => traceId === executionTraceId(ARN))).toBe(true);
  expect([order[2]?.spanId, order[3]?.spanId]).toEqual([first, second]);
  const wait = {
    state: "Cool down",
    enteredTime: new Date(BEGINNING + 1700).toISOString(),
    retryCount: 0,
    redriveCount: 0,
  };
  expect(order[4]?.spanId).toBe(attemptSpanId(ARN, wait));
});

test("tasks produce the ids that the other side sees, the execution the one that it is known by", () => {
  const keys = order.map((span) => attributesToPlain(span.attributes)["mayfly.keys.produced"]);
  expect(keys.filter(Boolean)).toEqual([
    [`sfn-execution||${ARN}`],
    ["lambda-request||r-1"],
    ["sqs-message|https://sqs/1/q|m-1"],
    [`sfn-execution||${CHILD}`],
  ]);
  expect(attributesAt(order, 0)["mayfly.keys.consumed"]).toEqual([`sfn-execution||${ARN}`]);
  expect(attributesAt(order, 3)).toMatchObject({
    "faas.invoked_name": "charge",
    "aws.request_id": "r-1",
    "mayfly.sfn.state.retry_count": 1,
    "rpc.service": "lambda",
    "rpc.method": "invoke",
  });
  expect(read(orderHistory("r-1", CHILD)).children).toEqual([CHILD, CHILD]);
});

test.each([
  ["sns", "publish", {}, { MessageId: "m" }, ["sns-message||m"]],
  [
    "events",
    "putEvents",
    {},
    { Entries: [{ EventId: "e1" }, { ErrorCode: "x" }, { EventId: "e2" }] },
    ["eventbridge-event||e1", "eventbridge-event||e2"],
  ],
  ["aws-sdk:sqs", "sendMessageBatch", { QueueUrl: "q" }, { Successful: [{ MessageId: "a" }] }, ["sqs-message|q|a"]],
  [
    "aws-sdk:kinesis",
    "putRecord",
    { StreamName: "s" },
    { ShardId: "0", SequenceNumber: "7" },
    ["kinesis-record|s/0|7"],
  ],
  ["aws-sdk:sfn", "startExecution", {}, { ExecutionArn: CHILD }, [`sfn-execution||${CHILD}`]],
  ["glue", "startJobRun.sync", {}, { JobRunId: "j" }, undefined],
])("%s:%s gives its ids", (resourceType, resource, parameters, output, keys) => {
  const spans = spansOf(
    history([
      [0, "ExecutionStarted"],
      [0, "TaskStateEntered", { name: "T" }],
      [2, "TaskScheduled", { resourceType, resource, parameters: JSON.stringify(parameters) }],
      [3, "TaskSucceeded", { resourceType, resource, output: JSON.stringify(output) }],
    ]),
  );
  expect(attributesAt(spans, 2)["mayfly.keys.produced"]).toEqual(keys);
});

test("what a function threw is the exception, whichever task called it", () => {
  expect(order[2]?.events.map((event) => attributesToPlain(event.attributes))).toEqual([
    {
      "exception.type": "CardError",
      "exception.message": "declined",
      "exception.stacktrace": "CardError: declined\n    at h",
    },
  ]);
  const direct = spansOf(
    history([
      [0, "ExecutionStarted"],
      [0, "TaskStateEntered", { name: "T" }],
      [2, "LambdaFunctionScheduled", { resource: "arn:aws:lambda:eu-west-1:1:function:f" }],
      [3, "LambdaFunctionStarted"],
      [4, "LambdaFunctionTimedOut", {}],
      [5, "ExecutionFailed", { error: "States.Timeout", cause: "" }],
    ]),
  );
  expect(drawn(direct)).toEqual([
    "orders [0, 500] failed: States.Timeout",
    "orders > T [100, 500] failed: States.Timeout",
    "T > T [200, 400] failed: States.Timeout",
  ]);
  expect(attributesAt(direct, 2)).toMatchObject({ "faas.invoked_name": "f" });
});

const PARALLEL: EventSpec[] = [
  [0, "ExecutionStarted"],
  [0, "ParallelStateEntered", { name: "Both" }],
  [2, "ParallelStateStarted"],
  [3, "TaskStateEntered", { name: "Left" }],
  [3, "PassStateEntered", { name: "Right" }],
  [4, "TaskScheduled", invokeTask],
  [5, "PassStateExited", { name: "Right" }],
  [7, "WaitStateEntered", { name: "Rest" }],
];

describe("branches interleave, and are told apart", () => {
  test("when both end", () => {
    const events: EventSpec[] = [
      ...PARALLEL,
      [6, "TaskSucceeded", invoked("r")],
      [9, "TaskStateExited", { name: "Left" }],
      [8, "WaitStateExited", { name: "Rest" }],
      [11, "ParallelStateSucceeded"],
      [12, "ParallelStateExited", { name: "Both" }],
      [13, "SucceedStateEntered", { name: "End" }],
      [14, "SucceedStateExited", { name: "End" }],
      [15, "ExecutionSucceeded"],
    ];
    expect(drawn(spansOf(history(events)))).toEqual([
      "orders [0, 1500]",
      "orders > Both [100, 1200]",
      "Both > Left [300, 900]",
      "Both > Right [400, 600]",
      "Left > Left [500, 800]",
      "Both > Rest [700, 1000]",
      "orders > End [1300, 1400]",
    ]);
  });

  test("when one fails, the other is stopped, and the failure is caught", () => {
    const events: EventSpec[] = [
      ...PARALLEL,
      [6, "TaskFailed", { error: "E", cause: "c" }],
      [8, "WaitStateAborted"],
      [9, "ParallelStateFailed", { error: "E", cause: "c" }],
      [11, "ParallelStateExited", { name: "Both" }],
      [12, "PassStateEntered", { name: "Excuse" }],
      [13, "PassStateExited", { name: "Excuse" }],
      [14, "ExecutionSucceeded"],
    ];
    expect(drawn(spansOf(history(events)))).toEqual([
      "orders [0, 1400]",
      "orders > Both [100, 1100]",
      "Both > Left [300, 1000] aborted",
      "Both > Right [400, 600]",
      "Left > Left [500, 800] failed: E: c",
      "Both > Rest [700, 900] aborted",
      "orders > Excuse [1200, 1300]",
    ]);
  });
});

test("iterations of a Map are siblings, each with its states; a state of one name in one millisecond has ids of its own", () => {
  const spans = spansOf(
    history([
      [0, "ExecutionStarted"],
      [0, "MapStateEntered", { name: "Each" }],
      [2, "MapStateStarted", { length: 2 }],
      [3, "MapIterationStarted", { name: "Each", index: 0 }, 300],
      [3, "MapIterationStarted", { name: "Each", index: 1 }, 300],
      [4, "TaskStateEntered", { name: "T" }, 400],
      [5, "TaskStateEntered", { name: "T" }, 400],
      [6, "TaskScheduled", invokeTask],
      [7, "TaskScheduled", invokeTask],
      [8, "TaskSucceeded", invoked("r-0")],
      [9, "TaskFailed", { error: "E", cause: "" }],
      [10, "TaskStateExited", { name: "T" }],
      [12, "MapIterationSucceeded", { name: "Each", index: 0 }],
      [11, "MapIterationFailed", { name: "Each", index: 1 }],
      [14, "MapStateFailed", { error: "E", cause: "" }],
      [15, "ExecutionFailed", { error: "E", cause: "" }],
    ]),
  );
  expect(drawn(spans)).toEqual([
    "orders [0, 1500] failed: E",
    "orders > Each [100, 1500] failed: E",
    "Each > Each [0] [300, 1200]",
    "Each > Each [1] [300, 1300] failed: E",
    "Each [0] > T [400, 1100]",
    "Each [1] > T [400, 1300] aborted",
    "T > T [700, 900]",
    "T > T [800, 1000] failed: E",
  ]);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  expect(attributesAt(spans, 6)["mayfly.keys.produced"]).toEqual(["lambda-request||r-0"]);
});

test("a distributed Map's executions are told, with the state that they work for", () => {
  const mapRunArn = "arn:aws:states:eu-west-1:1:mapRun:orders/Each:1";
  const events = history([
    [0, "ExecutionStarted"],
    [0, "MapStateEntered", { name: "Each" }],
    [2, "MapStateStarted", { length: 0 }],
    [3, "MapRunStarted", { mapRunArn }],
  ]);
  // AWS tells of the run within the state, or within what the state has started.
  for (const previous of [2, 3]) {
    const told = events.map((event) => (event.id === 4 ? { ...event, previousEventId: previous } : event));
    const { mapRuns } = read(told);
    expect(mapRuns).toEqual([{ arn: mapRunArn, parent: { executionArn: ARN, spanId: spansOf(told)[1]?.spanId } }]);
    const within = mapRuns[0]?.parent;
    const child = spansOfExecution({ executionArn: CHILD, stateMachineArn: MACHINE }, events, within);
    expect(child.resourceSpans.scopeSpans[0]?.spans[0]?.links).toMatchObject([
      { traceId: executionTraceId(ARN), spanId: within?.spanId },
    ]);
  }
});

test("a redrive goes on in the state that failed, and changes nothing about what was told before", () => {
  const events = history([
    [0, "ExecutionStarted"],
    [0, "ParallelStateEntered", { name: "Both" }],
    [2, "ParallelStateStarted"],
    [3, "TaskStateEntered", { name: "T" }],
    [4, "TaskScheduled", invokeTask],
    [5, "TaskFailed", { error: "E", cause: "" }],
    [6, "ExecutionFailed", { error: "E", cause: "" }],
    [7, "ExecutionRedriven", { redriveCount: 1 }, 10_000],
    [8, "TaskScheduled", invokeTask, 10_100],
    [9, "TaskSucceeded", invoked("r"), 10_200],
    [10, "TaskStateExited", { name: "T" }, 10_300],
    [11, "ParallelStateSucceeded", {}, 10_300],
    [12, "ParallelStateExited", { name: "Both" }, 10_300],
    [13, "ExecutionSucceeded", {}, 10_400],
  ]);
  const [before, after] = [spansOf(events.slice(0, 7)), spansOf(events)];
  expect(after.slice(0, before.length)).toEqual(before);
  expect(drawn(after)).toEqual([
    "orders [0, 600] failed: E",
    "orders > Both [100, 600] failed: E",
    "Both > T [300, 600] failed: E",
    "T > T [400, 500] failed: E",
    "orders > redrive 1 [10000, 10400]",
    "redrive 1 > Both [10000, 10300]",
    "Both > T [10000, 10300]",
    "T > T [10100, 10200]",
  ]);
  expect([0, 4].map((index) => attributesAt(after, index)["mayfly.sfn.status"])).toEqual(["FAILED", "SUCCEEDED"]);
  const enteredTime = new Date(BEGINNING + 300).toISOString();
  expect(after[7]?.spanId).toBe(attemptSpanId(ARN, { state: "T", enteredTime, retryCount: 0, redriveCount: 1 }));
});

test("a redrive goes on in every branch that had not come to its end, each with an id of its own", () => {
  const spans = spansOf(
    history([
      [0, "ExecutionStarted"],
      [0, "ParallelStateEntered", { name: "Both" }],
      [2, "ParallelStateStarted"],
      [3, "TaskStateEntered", { name: "Charge" }],
      [3, "TaskStateEntered", { name: "Ship" }],
      [4, "TaskScheduled", invokeTask],
      [6, "TaskFailed", { error: "E", cause: "" }],
      [7, "ExecutionFailed", { error: "E", cause: "" }],
      [8, "ExecutionRedriven", { redriveCount: 1 }, 10_000],
    ]),
  );
  expect(drawn(spans).slice(-4)).toEqual([
    "orders > redrive 1 [10000, …]",
    "redrive 1 > Both [10000, …]",
    "Both > Charge [10000, …]",
    "Both > Ship [10000, …]",
  ]);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
});

test("what still runs has no end and says so", () => {
  const spans = spansOf(orderHistory("r", CHILD).slice(0, 3));
  expect(drawn(spans)).toEqual(["orders [0, …]", "orders > Charge [100, …]", "Charge > Charge [200, …]"]);
  for (const index of spans.keys()) expect(attributesAt(spans, index)["mayfly.in_progress"]).toBe(true);
});

test("no history, however torn, breaks the import, and what comes of it is OTLP with ids of its own", () => {
  const whole = [
    ...orderHistory("r", CHILD),
    ...history([
      [3, "ParallelStateStarted"],
      [2, "MapStateEntered", { name: "M" }],
      [3, "MapStateStarted"],
      [4, "MapIterationStarted", { index: 0 }],
      [5, "MapIterationFailed", { index: 0 }],
      [4, "MapStateFailed"],
      [2, "ParallelStateFailed"],
      [2, "TaskStateAborted"],
      [1, "ExecutionRedriven"],
      [1, "EvaluationFailed", { error: "E", state: "s" }],
      [1, "Unheard"],
      [2, "TaskStartFailed", { error: "E" }],
    ]),
  ];
  const torn = fc
    .array(fc.constantFrom(...whole), { maxLength: 30 })
    .chain((events) =>
      fc
        .array(fc.nat(events.length), { minLength: events.length, maxLength: events.length })
        .map((previous) =>
          events.map((event, index): HistoryEvent => ({ ...event, id: index + 1, previousEventId: previous[index] })),
        ),
    );
  fc.assert(
    fc.property(torn, (events) => {
      const { resourceSpans, spanCount } = read(events);
      const text = JSON.stringify(tracesToJson({ resourceSpans: [resourceSpans] }));
      const spans = decodeTracesJson(text, { onBadRecord: () => expect.fail() }).resourceSpans.flatMap((group) =>
        group.scopeSpans.flatMap((scope) => scope.spans),
      );
      expect(spans).toHaveLength(spanCount);
      expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spanCount);
    }),
    { numRuns: 1000 },
  );
});
