import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { expect, test } from "vitest";
import { type Answering, calling } from "../../../test/aws.ts";

const entry = (Detail: string, EventBusName?: string) => ({
  Source: "shop",
  DetailType: "OrderPlaced",
  Detail,
  ...(EventBusName && { EventBusName }),
});

const DETAIL = '{ "orderId":"o-1",  "amount":1.0 }';

/** The second of three is refused. */
const answer: Answering = ({ body }) => {
  const { Entries } = JSON.parse(body) as { Entries: object[] };
  return {
    body: JSON.stringify({
      FailedEntryCount: Entries.length > 1 ? 1 : 0,
      Entries: Entries.map((_, n) => (n === 1 ? { ErrorCode: "InternalFailure" } : { EventId: `e-${n}` })),
    }),
  };
};

test("an event goes out byte for byte as the application wrote it", async () => {
  const called = await calling(answer, (aws) =>
    new EventBridgeClient(aws.client).send(new PutEventsCommand({ Entries: [entry(DETAIL, "orders")] })),
  );
  expect(called.thrown).toBeUndefined();
  expect(JSON.parse(called.requests[0]?.body ?? "")).toEqual({ Entries: [entry(DETAIL, "orders")] });
});

test("its id is the key", async () => {
  const called = await calling(answer, (aws) =>
    new EventBridgeClient(aws.client).send(new PutEventsCommand({ Entries: [entry(DETAIL, "orders")] })),
  );
  expect(called.spans).toMatchObject([
    {
      kind: 4,
      attributes: {
        "rpc.method": "EventBridge/PutEvents",
        "messaging.system": "aws_eventbridge",
        "messaging.destination.name": "orders",
        "messaging.message.id": "e-0",
        "mayfly.keys.produced": ["eventbridge-event|orders|e-0"],
      },
    },
  ]);
});

test("of several, each that was taken has a key on its own bus", async () => {
  const Entries = [entry("{}"), entry("{}", "orders"), entry("{}", "audit")];
  const called = await calling(answer, (aws) =>
    new EventBridgeClient(aws.client).send(new PutEventsCommand({ Entries })),
  );
  expect(called.spans[0]?.attributes).toMatchObject({
    "messaging.batch.message_count": 3,
    "mayfly.keys.produced": ["eventbridge-event|default|e-0", "eventbridge-event|audit|e-2"],
  });
});

test("an entry that was refused is an error of the call, which counts it and throws nothing", async () => {
  const Entries = [entry("{}"), entry("{}"), entry("{}")];
  const called = await calling(answer, (aws) =>
    new EventBridgeClient(aws.client).send(new PutEventsCommand({ Entries })),
  );
  expect(called.thrown).toBeUndefined();
  expect(called.spans).toMatchObject([
    {
      status: { code: 2, message: "1 of 3 entries refused" },
      attributes: { "error.type": "InternalFailure", "mayfly.entries_failed": 1 },
    },
  ]);
});

test("a call whose entries were all taken is none", async () => {
  const called = await calling(answer, (aws) =>
    new EventBridgeClient(aws.client).send(new PutEventsCommand({ Entries: [entry("{}")] })),
  );
  expect(called.spans[0]?.status?.code ?? 0).toBe(0);
  expect(called.spans[0]?.attributes).not.toHaveProperty("error.type");
});
