import { PutEventsCommand, type PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import { expect, test } from "vitest";
import { type LabDefinition, startLab } from "../src/index.ts";
import { fn, startRig } from "./rig.ts";

const shop: LabDefinition = {
  functions: { paid: fn("recorder"), large: fn("recorder"), audit: fn("recorder"), partner: fn("recorder") },
  queues: { audit: {} },
  eventSourceMappings: [{ queue: "audit", function: "audit" }],
  buses: {
    default: {
      rules: {
        paid: {
          pattern: { source: ["shop"], "detail-type": [{ prefix: "order.paid" }] },
          targets: [{ function: "paid" }, { queue: "audit" }],
        },
        large: { pattern: { detail: { amount: [{ numeric: [">=", 100] }] } }, targets: [{ function: "large" }] },
      },
    },
    partners: { rules: { all: { pattern: { source: [{ exists: true }] }, targets: [{ function: "partner" }] } } },
  },
};

const event = (detail: object, more: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  Source: "shop",
  DetailType: "order.paid",
  Detail: JSON.stringify(detail),
  ...more,
});

const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

test("an event goes to each target of each rule that matches, with the id that the sender was told", async () => {
  const { lab, eventBridge, events } = await startRig(shop);

  const { Entries = [], FailedEntryCount } = await eventBridge.send(
    new PutEventsCommand({
      Entries: [event({ amount: 5, nested: { list: [1] } }, { Resources: ["arn:one"] }), event({ amount: 500 })],
    }),
  );
  await lab.idle();

  expect(FailedEntryCount).toBe(0);
  const [small = "", large = ""] = Entries.map(({ EventId }) => EventId);
  const paid = events<{ id: string }>("paid");
  expect(paid.find(({ id }) => id === small)).toEqual({
    version: "0",
    id: small,
    "detail-type": "order.paid",
    source: "shop",
    account: "000000000000",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
    region: "eu-west-1",
    resources: ["arn:one"],
    detail: { amount: 5, nested: { list: [1] } },
  });
  expect(new Set(idsOf(paid))).toEqual(new Set([small, large]));
  expect(idsOf(events("large"))).toEqual([large]);
  expect(events("partner")).toEqual([]);
});

test("a queue as target gets the same event as its message body", async () => {
  const { lab, eventBridge, events } = await startRig(shop);

  const { Entries = [] } = await eventBridge.send(new PutEventsCommand({ Entries: [event({ amount: 1 })] }));
  await lab.idle();

  const bodies = events<{ Records: { body: string }[] }>("audit").flatMap(({ Records }) =>
    Records.map(({ body }) => body),
  );
  expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual(events("paid"));
  expect(idsOf(events("paid"))).toEqual([Entries[0]?.EventId]);
});

test("a bus of one's own is named, or given by its ARN, and hears nothing of the others", async () => {
  const { lab, eventBridge, events } = await startRig(shop);
  const arn = "arn:aws:events:eu-west-1:000000000000:event-bus/partners";
  const Entries = [event({}, { EventBusName: "partners" }), event({}, { EventBusName: arn })];

  await eventBridge.send(new PutEventsCommand({ Entries }));
  await lab.idle();

  expect(events("partner")).toHaveLength(2);
  expect(events("paid")).toEqual([]);
});

test("entries that are refused are named in their place; the others are delivered", async () => {
  const { lab, eventBridge, events } = await startRig(shop);
  const Entries = [
    event({}, { Source: undefined }),
    event({ n: 1 }),
    event({}, { Detail: "{" }),
    event({}, { Detail: "[]" }),
    event({}, { Detail: undefined }),
    event({}, { EventBusName: "nowhere" }),
    event({ n: 2 }),
  ];

  const answer = await eventBridge.send(new PutEventsCommand({ Entries }));
  await lab.idle();

  expect(answer.FailedEntryCount).toBe(5);
  expect(answer.Entries?.map(({ ErrorCode, EventId }) => ErrorCode ?? typeof EventId)).toEqual([
    "InvalidArgument",
    "string",
    "MalformedDetail",
    "MalformedDetail",
    "InvalidArgument",
    "InvalidArgument",
    "string",
  ]);
  expect(events("paid")).toHaveLength(2);
});

test("an event that no rule matches is accepted and goes nowhere", async () => {
  const { lab, eventBridge } = await startRig(shop);

  const { FailedEntryCount } = await eventBridge.send(
    new PutEventsCommand({ Entries: [event({}, { Source: "other" })] }),
  );
  await lab.idle();

  expect(FailedEntryCount).toBe(0);
  expect(lab.truth.deliveries).toEqual([]);
});

test("a function that fails is tried again with the same event and request id", async () => {
  const definition: LabDefinition = {
    functions: { failing: fn("recorder", "failing") },
    buses: { default: { rules: { all: { pattern: { source: ["shop"] }, targets: [{ function: "failing" }] } } } },
  };
  const { lab, eventBridge } = await startRig(definition, { asyncRetryDelayMs: 1 });

  await eventBridge.send(new PutEventsCommand({ Entries: [event({})] }));
  await lab.idle();

  expect(lab.truth.deliveries.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
    [1, "error"],
    [2, "error"],
    [3, "error"],
  ]);
  expect(new Set(lab.truth.deliveries.map(({ requestId }) => requestId)).size).toBe(1);
});

test("a rule with an operator that the lab does not know keeps the lab from starting", async () => {
  const rules = { odd: { pattern: { source: [{ wildcard: "shop.*" }] }, targets: [] } };

  await expect(startLab({ functions: {}, buses: { default: { rules } } })).rejects.toThrow(
    'rule odd of bus default: event pattern at $.source[0]: operator "wildcard" is not known to the lab',
  );
});

test("what a bus keeps is delivered once more, with its id, the replay's name, and no trace header", async () => {
  const rules = { all: { pattern: { source: ["shop"] }, targets: [{ function: "ship" }] } };
  const { lab, eventBridge, events } = await startRig({
    functions: { ship: fn("recorder") },
    buses: { default: { archive: true, rules }, other: { rules } },
  });
  const TraceHeader = "Root=1-6956b300-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled=0";
  const { Entries = [] } = await eventBridge.send(
    new PutEventsCommand({ Entries: [event({ n: 1 }, { TraceHeader })] }),
  );
  await lab.idle();
  await lab.replay("default", "since-monday");
  await lab.idle();

  const [first, again] = events<{ readonly id: string }>("ship");
  expect(first?.id).toBe(Entries[0]?.EventId);
  expect(again).toEqual({ ...first, "replay-name": "since-monday" });
  expect(lab.truth.deliveries.map(({ causes }) => causes.map(({ via }) => via.id))).toEqual([[first?.id], [first?.id]]);
  await expect(lab.replay("other", "r")).rejects.toThrow("event bus other has no archive");
});

test("a schedule fires when it is told to: a rule's event, or what Scheduler was given with its words filled in", async () => {
  const { lab, events } = await startRig({
    functions: { report: fn("recorder") },
    schedules: {
      nightly: { function: "report" },
      weekly: {
        function: "report",
        input: { of: "week", "run id": "<aws.scheduler.execution-id>", by: ["<aws.scheduler.schedule-arn>"] },
      },
    },
  });
  lab.fire("nightly");
  await lab.idle();
  lab.fire("weekly");
  await lab.idle();

  expect(events("report")).toEqual([
    expect.objectContaining({
      source: "aws.events",
      "detail-type": "Scheduled Event",
      resources: ["arn:aws:events:eu-west-1:000000000000:rule/nightly"],
    }),
    {
      of: "week",
      "run id": expect.stringMatching(/^[0-9a-f-]{36}$/),
      by: ["arn:aws:scheduler:eu-west-1:000000000000:schedule/default/weekly"],
    },
  ]);
  expect(lab.truth.deliveries).toMatchObject([
    { source: "schedule", causes: [] },
    { source: "schedule", causes: [] },
  ]);
  expect(() => lab.fire("daily")).toThrow("schedule daily is not defined");
});
