import { InvokeCommand } from "@aws-sdk/client-lambda";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import type { Delivery, FunctionDefinition, Lab, LabDefinition } from "../src/index.ts";
import { fn, startRig } from "./rig.ts";

/** A function that makes these calls with the AWS SDK, whatever it is given. */
const sender = (...steps: readonly unknown[]): FunctionDefinition =>
  fn("sender", "handler", { timeoutMs: 20_000, environment: { STEPS: JSON.stringify(steps) } });

const deliveryTo = (lab: Lab, name: string): Delivery => {
  const [found, ...others] = lab.truth.deliveries.filter(({ functionName }) => functionName === name);
  if (found === undefined || others.length > 0)
    throw new Error(`${others.length + (found ? 1 : 0)} deliveries to ${name}`);
  return found;
};

/** The edges, by name: receiver ← sender, via. */
const edges = (lab: Lab): readonly string[] => {
  const names = new Map(lab.truth.deliveries.map(({ requestId, functionName }) => [requestId, functionName]));
  return lab.truth.deliveries.map(
    ({ functionName, causes }) =>
      `${functionName} ← ${causes.map(({ requestId = "", via }) => `${names.get(requestId)} by ${via.kind}`).join(", ")}`,
  );
};

const EVENT = { Source: "shop", DetailType: "paid", Detail: "{}" };

const chain = async (): Promise<Lab> => {
  const definition: LabDefinition = {
    functions: {
      api: fn("sender", "handler", {
        environment: {
          STEPS: JSON.stringify([["SendMessage", { QueueUrl: "$QUEUE_URL", MessageBody: "{}" }]]),
          QUEUE_URL: { queueUrl: "orders" },
        },
      }),
      worker: sender(["PutEvents", { Entries: [EVENT] }]),
      paid: sender(
        ["Publish", { TopicArn: "arn:aws:sns:eu-west-1:000000000000:news", Message: "{}" }],
        ["StartExecution", { stateMachineArn: "arn:aws:states:eu-west-1:000000000000:stateMachine:flow", name: "one" }],
        ["Invoke", { FunctionName: "invoked", Payload: "{}" }],
      ),
      invoked: fn("recorder"),
      notified: fn("recorder"),
      wrapped: fn("recorder"),
      raw: fn("recorder"),
      audited: fn("recorder"),
      task: fn("task"),
    },
    routes: { "POST /": "api" },
    queues: { orders: {}, wrapped: {}, raw: {}, audit: {} },
    eventSourceMappings: [
      { queue: "orders", function: "worker" },
      { queue: "wrapped", function: "wrapped" },
      { queue: "raw", function: "raw" },
      { queue: "audit", function: "audited" },
    ],
    buses: {
      default: {
        rules: { paid: { pattern: { source: ["shop"] }, targets: [{ function: "paid" }, { queue: "audit" }] } },
      },
    },
    topics: {
      news: {
        subscriptions: [{ function: "notified" }, { queue: "wrapped" }, { queue: "raw", rawMessageDelivery: true }],
      },
    },
    stateMachines: {
      flow: {
        definition: {
          StartAt: "Task",
          States: {
            Task: { Type: "Task", Resource: "arn:aws:lambda:eu-west-1:000000000000:function:task", End: true },
          },
        },
      },
    },
  };
  const { lab } = await startRig(definition);
  const response = await fetch(lab.httpUrl, { method: "POST" });
  expect(response.status).toBe(200);
  await lab.idle();
  return lab;
};

test("each delivery names the request id that caused it, through HTTP, SQS, EventBridge, SNS, Step Functions and Invoke", async () => {
  const lab = await chain();

  expect(edges(lab).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "api ← ",
    "audited ← worker by eventbridge-event",
    "invoked ← paid by lambda-request",
    "notified ← paid by sns-message",
    "paid ← worker by eventbridge-event",
    "raw ← paid by sqs-message",
    "task ← paid by sfn-execution",
    "worker ← api by sqs-message",
    "wrapped ← paid by sns-message",
  ]);
  expect(lab.truth.deliveries.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 9 }, () => "success"));
  const executionArn = "arn:aws:states:eu-west-1:000000000000:execution:flow:one";
  expect(lab.truth.executions).toEqual(new Map([[executionArn, deliveryTo(lab, "paid").requestId]]));
});

test("a batch has one cause per message, in order; what came from outside has none but its id", async () => {
  const { lab, sqs, invoke, events } = await startRig({
    functions: { one: fn("sender"), two: fn("sender"), worker: fn("recorder") },
    queues: { jobs: {} },
    eventSourceMappings: [{ queue: "jobs", function: "worker", batchSize: 3, maximumBatchingWindowMs: 30_000 }],
  });
  const QueueUrl = lab.queueUrl("jobs");
  const send = (name: string): Promise<{ requestId: string | undefined }> =>
    invoke(name, { steps: [["SendMessage", { QueueUrl, MessageBody: name }]] });

  const senders = { one: (await send("one")).requestId, two: (await send("two")).requestId, outside: undefined };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "outside" }));
  await lab.idle();

  const records = events<{ Records: { messageId: string; body: keyof typeof senders }[] }>("worker").flatMap(
    ({ Records }) => Records,
  );
  expect(records).toHaveLength(3);
  expect(deliveryTo(lab, "worker").causes).toEqual(
    records.map(({ messageId, body }) => {
      const requestId = senders[body];
      return { via: { kind: "sqs-message", id: messageId }, ...(requestId !== undefined && { requestId }) };
    }),
  );
});

test("two invocations of one function at once are told apart", async () => {
  const { lab, invoke } = await startRig({
    functions: { sender: fn("sender"), receiver: fn("recorder") },
    topics: { news: { subscriptions: [{ function: "receiver" }] } },
  });
  const step = ["Publish", { TopicArn: lab.topicArn("news"), Message: "m" }];

  const sent = await Promise.all(
    [1, 2].map(() => invoke<{ outputs: { MessageId: string }[]; requestId: string }>("sender", { steps: [step] })),
  );
  await lab.idle();

  const expected = new Map(sent.map(({ result }) => [result.outputs[0]?.MessageId, result.requestId]));
  const received = lab.truth.deliveries.filter(({ functionName }) => functionName === "receiver");
  expect(new Map(received.map(({ causes: [cause] }) => [cause?.via.id, cause?.requestId]))).toEqual(expected);
  expect(expected.size).toBe(2);
});

test("batch sends of SQS and SNS have senders too", async () => {
  const { lab, invoke } = await startRig({
    functions: { sender: fn("sender"), worker: fn("recorder"), listener: fn("recorder") },
    queues: { jobs: {} },
    eventSourceMappings: [{ queue: "jobs", function: "worker" }],
    topics: { news: { subscriptions: [{ function: "listener" }] } },
  });
  const steps = [
    [
      "SendMessageBatch",
      {
        QueueUrl: lab.queueUrl("jobs"),
        Entries: [
          { Id: "a", MessageBody: "a" },
          { Id: "b", MessageBody: "b" },
        ],
      },
    ],
    [
      "PublishBatch",
      {
        TopicArn: lab.topicArn("news"),
        PublishBatchRequestEntries: [
          { Id: "a", Message: "a" },
          { Id: "b", Message: "b" },
        ],
      },
    ],
  ];

  const { requestId } = await invoke("sender", { steps });
  await lab.idle();

  const causes = lab.truth.deliveries.filter(({ source }) => source !== "lambda").flatMap((one) => one.causes);
  expect(causes.map((cause) => cause.requestId)).toEqual([requestId, requestId, requestId, requestId]);
  expect(new Set(causes.map(({ via }) => `${via.kind} ${via.id}`)).size).toBe(4);
});

test("all attempts of an asynchronous invocation have the same cause", async () => {
  const { lab, invoke } = await startRig(
    { functions: { sender: fn("sender"), failing: fn("recorder", "failing") } },
    { asyncRetryDelayMs: 1 },
  );

  const sent = await invoke("sender", {
    steps: [["Invoke", { FunctionName: "failing", InvocationType: "Event", Payload: "{}" }]],
  });
  await lab.idle();

  const failing = lab.truth.deliveries.filter(({ functionName }) => functionName === "failing");
  const cause = { requestId: sent.requestId, via: { kind: "lambda-request", id: failing[0]?.requestId } };
  expect(failing.map(({ attempt, causes }) => ({ attempt, causes }))).toEqual([
    { attempt: 1, causes: [cause] },
    { attempt: 2, causes: [cause] },
    { attempt: 3, causes: [cause] },
  ]);
});

const HEADER = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=0;Lineage=a87bd80c:4";

interface Seen {
  readonly requestId: string;
  readonly traceId: string;
}

const fieldsOf = (header: string): Readonly<Record<string, string>> =>
  Object.fromEntries(header.split(";").map((field) => field.split("=") as [string, string]));

test("Root, Parent and Sampled of a request reach the function as they came; Lineage counts the hop", async () => {
  const { lab } = await startRig({ functions: { probe: fn("probe", "facts") }, routes: { "GET /": "probe" } });

  const response = await fetch(lab.httpUrl, { headers: { "x-amzn-trace-id": HEADER } });

  const { context } = (await response.json()) as { context: { xRayTraceId: string } };
  expect(fieldsOf(context.xRayTraceId)).toEqual({
    Root: "1-67891233-abcdef012345678912345678",
    Parent: "463ac35c9f6413ad",
    Sampled: "0",
    Lineage: expect.stringMatching(/^[0-9a-f]{8}:5$/) as string,
  });
});

test("without a header each transaction gets a Root of its own, and neither Parent nor Sampled", async () => {
  const { invoke } = await startRig({ functions: { probe: fn("probe", "facts") } });
  const header = async (): Promise<Readonly<Record<string, string>>> =>
    fieldsOf((await invoke<{ context: { xRayTraceId: string } }>("probe")).result.context.xRayTraceId);

  const [first, second] = [await header(), await header()];

  expect(Object.keys(first)).toEqual(["Root", "Lineage"]);
  expect(first["Lineage"]).toMatch(/:0$/);
  expect(first["Root"]).not.toBe(second["Root"]);
});

test("one Root goes along the whole chain, and Lineage grows by one with each hop", async () => {
  const { lab, lambda, events } = await startRig({
    functions: {
      first: sender(["Publish", { TopicArn: "arn:aws:sns:eu-west-1:000000000000:news", Message: "{}" }]),
      second: sender(["PutEvents", { Entries: [EVENT] }]),
      last: fn("recorder", "traced"),
    },
    topics: { news: { subscriptions: [{ function: "second" }] } },
    buses: { default: { rules: { all: { pattern: { source: ["shop"] }, targets: [{ function: "last" }] } } } },
  });

  const answer = await lambda.send(new InvokeCommand({ FunctionName: "first", Payload: "{}" }));
  await lab.idle();

  const { traceId } = JSON.parse(answer.Payload?.transformToString() ?? "") as Seen;
  const [last] = events<Seen>("last");
  const [before, after] = [fieldsOf(traceId), fieldsOf(last?.traceId ?? "")];
  expect(after["Root"]).toBe(before["Root"]);
  expect([before["Lineage"], after["Lineage"]].map((lineage) => lineage?.split(":").at(-1))).toEqual(["0", "2"]);
});

test.each(["queue", "raw subscription", "wrapped subscription"])(
  "a message by %s brings AWSTraceHeader along, and the batch runs with its Root",
  async (way) => {
    const { lab, invoke, events } = await startRig({
      functions: { sender: fn("sender"), worker: fn("recorder", "traced") },
      queues: { jobs: {} },
      eventSourceMappings: [{ queue: "jobs", function: "worker" }],
      topics: { news: { subscriptions: [{ queue: "jobs", rawMessageDelivery: way.startsWith("raw") }] } },
    });
    const step =
      way === "queue"
        ? ["SendMessage", { QueueUrl: lab.queueUrl("jobs"), MessageBody: "{}" }]
        : ["Publish", { TopicArn: lab.topicArn("news"), Message: "{}" }];

    const { result } = await invoke<Seen>("sender", { steps: [step] });
    await lab.idle();

    const [seen] = events<{ event: { Records: { attributes: { AWSTraceHeader: string } }[] }; traceId: string }>(
      "worker",
    );
    const carried = fieldsOf(seen?.event.Records[0]?.attributes.AWSTraceHeader ?? "");
    expect(carried).toEqual(fieldsOf(result.traceId));
    expect(fieldsOf(seen?.traceId ?? "")).toMatchObject({ Root: carried["Root"] });
  },
);

test("a system attribute of the sender's wins over the header of its request", async () => {
  const { lab, invoke, events } = await startRig({
    functions: { sender: fn("sender"), worker: fn("recorder") },
    queues: { jobs: {} },
    eventSourceMappings: [{ queue: "jobs", function: "worker" }],
  });
  const own = { AWSTraceHeader: { DataType: "String", StringValue: HEADER } };
  const Entries = [{ Id: "own", MessageBody: "own", MessageSystemAttributes: own }];

  await invoke("sender", { steps: [["SendMessageBatch", { QueueUrl: lab.queueUrl("jobs"), Entries }]] });
  await lab.idle();

  expect(events("worker")).toMatchObject([{ Records: [{ body: "own", attributes: { AWSTraceHeader: HEADER } }] }]);
});
