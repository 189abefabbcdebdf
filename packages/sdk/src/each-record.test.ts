import { describe, expect, test } from "vitest";
import { type PlainSpan, startCollector } from "../test/collector.ts";
import { type FreshSdk, freshSdk, lambdaContext } from "../test/fresh-sdk.ts";

const QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders";
const traceIdOf = (n: number): string => String(n).repeat(32);
const spanIdOf = (n: number): string => String(n).repeat(16);

interface SqsOptions {
  /** The traceparent of a message, of trace and span ids made of this digit. */
  readonly carries?: number;
  readonly queue?: string;
  readonly receiveCount?: number;
  readonly groupId?: string;
}

const sqs = (id: string, { carries, queue = QUEUE, receiveCount = 1, groupId }: SqsOptions = {}) => ({
  messageId: id,
  body: id,
  attributes: { ApproximateReceiveCount: String(receiveCount), ...(groupId && { MessageGroupId: groupId }) },
  messageAttributes: carries
    ? {
        traceparent: {
          dataType: "String",
          stringValue: `00-${traceIdOf(carries)}-${spanIdOf(carries)}-01`,
        },
      }
    : {},
  eventSource: "aws:sqs",
  eventSourceARN: queue,
});

const sns = (id: string) => ({
  EventSource: "aws:sns",
  Sns: { MessageId: id, TopicArn: "arn:aws:sns:eu-west-1:111122223333:news", Message: "hi", MessageAttributes: {} },
});

const kinesis = (sequenceNumber: string) => ({ eventSource: "aws:kinesis", kinesis: { sequenceNumber, data: "" } });
const dynamodb = (SequenceNumber: string) => ({ eventSource: "aws:dynamodb", dynamodb: { SequenceNumber } });

const failing =
  (...bad: readonly string[]) =>
  (record: { readonly messageId: string }): void => {
    if (bad.includes(record.messageId)) throw new Error(`${record.messageId} failed`);
  };

/** One invocation that goes through its batch; what arrived of it. */
const handled = async <R>(
  records: readonly R[],
  work: (record: R, sdk: FreshSdk, index: number) => unknown = () => {},
  part: (records: readonly R[]) => readonly R[] = (all) => all,
) => {
  const collector = await startCollector();
  const sdk = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const handler = sdk.observe(async (event: { Records: readonly R[] }, _context: object) =>
    sdk.eachRecord({ Records: part(event.Records) }, (record, index) => work(record, sdk, index)),
  );
  const response = await handler({ Records: records }, lambdaContext("r-1"));
  const [invocation] = collector.spans.filter(({ attributes }) => "faas.coldstart" in attributes);
  if (invocation === undefined) throw new Error("no invocation span arrived");
  const spans = collector.spans.filter((span) => span !== invocation && span.kind === 5);
  return {
    response,
    invocation,
    spans,
    all: collector.spans,
    lines: sdk.lines.slice(0, -1),
    endLine: sdk.lines.at(-1),
  };
};

const only = (spans: readonly PlainSpan[]): PlainSpan => {
  expect(spans).toHaveLength(1);
  return spans[0] as PlainSpan;
};

describe("spans", () => {
  test("each record has one, in order, with its own message id and key", async () => {
    const { spans, invocation } = await handled([sqs("m-1"), sqs("m-2"), sqs("m-3")]);
    expect(spans.map(({ name }) => name)).toEqual(["process orders", "process orders", "process orders"]);
    expect(spans.map(({ attributes }) => attributes["messaging.message.id"])).toEqual(["m-1", "m-2", "m-3"]);
    expect(spans.map(({ attributes }) => attributes["mayfly.keys.consumed"])).toEqual([
      [`sqs-message|${QUEUE}|m-1`],
      [`sqs-message|${QUEUE}|m-2`],
      [`sqs-message|${QUEUE}|m-3`],
    ]);
    expect(spans.map(({ attributes }) => attributes["faas.invocation_id"])).toEqual(["r-1", "r-1", "r-1"]);
    expect(invocation.attributes["messaging.batch.message_count"]).toBe(3);
    expect(spans[0]?.attributes).not.toHaveProperty("messaging.batch.message_count");
  });

  test("a record with a context hangs under it, in its trace, and links to the invocation", async () => {
    const { spans, invocation } = await handled([sqs("m-1", { carries: 1 }), sqs("m-2", { carries: 2 })]);
    expect(spans.map(({ traceId, parentSpanId }) => [traceId, parentSpanId])).toEqual([
      [traceIdOf(1), spanIdOf(1)],
      [traceIdOf(2), spanIdOf(2)],
    ]);
    for (const { links } of spans) {
      expect(links).toHaveLength(1);
      expect(links[0]).toMatchObject({ traceId: invocation.traceId, spanId: invocation.spanId });
      expect(links[0]?.attributes).toEqual([{ key: "mayfly.link", value: { stringValue: "invocation" } }]);
    }
  });

  test("the invocation of a batch links to every record's context, and is in none of their traces", async () => {
    const { invocation } = await handled([sqs("m-1", { carries: 1 }), sqs("m-2"), sqs("m-3", { carries: 3 })]);
    expect(invocation.links.map(({ traceId }) => traceId)).toEqual([traceIdOf(1), traceIdOf(3)]);
    expect([traceIdOf(1), traceIdOf(3)]).not.toContain(invocation.traceId);
    expect(invocation.parentSpanId).toBe("");
  });

  test("a record without a context hangs under the invocation, without a link", async () => {
    const { spans, invocation } = await handled([sqs("m-1"), sqs("m-2", { carries: 2 })]);
    expect(spans[0]).toMatchObject({ traceId: invocation.traceId, parentSpanId: invocation.spanId, links: [] });
  });

  test("records of nine transactions are in nine traces", async () => {
    const records = Array.from({ length: 9 }, (_, n) => sqs(`m-${n}`, { carries: n + 1 }));
    const { spans } = await handled(records);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(9);
  });

  test("what the record's work does hangs under the record", async () => {
    const { all, spans } = await handled([sqs("m-1"), sqs("m-2", { carries: 2 })], async (record, { span }) =>
      span(`work on ${record.messageId}`, async () => {}),
    );
    for (const [n, id] of ["m-1", "m-2"].entries()) {
      const work = all.find(({ name }) => name === `work on ${id}`);
      expect(work).toMatchObject({ traceId: spans[n]?.traceId, parentSpanId: spans[n]?.spanId });
    }
  });

  test("a part of the batch keeps its own contexts", async () => {
    const records = [1, 2, 3].map((n) => sqs(`m-${n}`, { carries: n }));
    const { spans } = await handled(
      records,
      () => {},
      (all) => all.slice(1).toReversed(),
    );
    expect(spans.map(({ traceId }) => traceId)).toEqual([traceIdOf(3), traceIdOf(2)]);
  });

  test("a record that was not in the event gets nobody's context", async () => {
    const stranger = sqs("m-9");
    const { spans, invocation } = await handled(
      [sqs("m-1", { carries: 1 })],
      () => {},
      () => [stranger],
    );
    expect(only(spans).parentSpanId).toBe(invocation.spanId);
    expect(only(spans).attributes["mayfly.keys.consumed"]).toEqual([]);
  });

  test("a redelivered message says how often it came", async () => {
    const { spans } = await handled([sqs("m-1", { receiveCount: 3 }), sqs("m-2")]);
    expect(spans.map(({ attributes }) => attributes["mayfly.sqs.receive_count"])).toEqual([3, undefined]);
  });

  test("a failed record's span has the error, the others and the invocation have none", async () => {
    const { spans, invocation } = await handled([sqs("m-1"), sqs("m-2")], failing("m-2"));
    expect(spans.map(({ status }) => status?.code ?? 0)).toEqual([0, 2]);
    expect(spans[1]?.status?.message).toBe("m-2 failed");
    expect(invocation.status?.code ?? 0).toBe(0);
  });
});

describe("whatever the source", () => {
  const stream = "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks";
  const table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000";
  const s3 = (id: string) => ({
    eventSource: "aws:s3",
    responseElements: { "x-amz-request-id": id },
    s3: { bucket: { name: "uploads" }, object: { key: id, eTag: "e" } },
  });

  test.each<[string, (id: string) => object, string, string]>([
    [
      "Kinesis",
      (id) => ({ ...kinesis(id), eventSourceARN: stream, eventID: `shardId-0:${id}` }),
      "process clicks",
      "kinesis-record|clicks/shardId-0|",
    ],
    [
      "DynamoDB",
      (id) => ({ eventSource: "aws:dynamodb", eventSourceARN: table, dynamodb: { SequenceNumber: id, Keys: { id } } }),
      "process orders",
      "dynamodb-record|orders|",
    ],
    ["S3", s3, "process uploads", "s3-request||"],
    ["SNS", sns, "process news", "sns-message|news|"],
  ])("a record of a part of the batch has its own key: %s", async (_source, record, name, key) => {
    const batch = [record("1"), record("2"), record("3")];
    const { spans, invocation } = await handled(batch, undefined, (all) => all.slice(1));
    const consumed = spans.map(({ attributes }) => (attributes["mayfly.keys.consumed"] as string[])[0] ?? "");
    const ofInvocation = (invocation.attributes["mayfly.keys.consumed"] as string[]).filter((one) =>
      one.startsWith(key),
    );
    expect(spans.map((span) => span.name)).toEqual([name, name]);
    expect(new Set(ofInvocation).size).toBe(3);
    expect(consumed).toEqual(ofInvocation.slice(1));
    expect(invocation.attributes["messaging.batch.message_count"]).toBe(3);
  });

  const kafka = (offset: number) => ({ topic: "orders", partition: 0, offset, value: "" });
  const handledKafka = async (work: (record: { readonly offset: number }) => unknown) => {
    const collector = await startCollector();
    const sdk = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const handler = sdk.observe(
      async (
        event: { readonly records: Readonly<Record<string, readonly { readonly offset: number }[]>> },
        _context: object,
      ) => sdk.eachRecord(event, work),
    );
    const event = { eventSource: "aws:kafka", records: { "orders-0": [kafka(1), kafka(2)], "orders-1": [kafka(3)] } };
    const response = handler(event, lambdaContext("r-1"));
    await response.catch(() => {});
    return {
      response,
      spans: collector.spans.filter(({ name, attributes }) => name && !("faas.coldstart" in attributes)),
    };
  };

  test("Kafka's records, by topic and partition, are done in their order", async () => {
    const { response, spans } = await handledKafka(() => {});
    await expect(response).resolves.toEqual({ batchItemFailures: [] });
    expect(spans.map(({ attributes }) => attributes["mayfly.keys.consumed"])).toEqual(
      ["orders/0/1", "orders/0/2", "orders/0/3"].map((id) => [`kafka-record||${id}`]),
    );
  });

  test("a record of Kafka that fails fails the batch, and what comes after it is not tried", async () => {
    const tried: number[] = [];
    const { response } = await handledKafka(({ offset }) => {
      tried.push(offset);
      if (offset === 2) throw new RangeError("2 failed");
    });
    await expect(response).rejects.toThrow(new RangeError("2 failed"));
    expect(tried).toEqual([1, 2]);
  });
});

describe("a failure is seen", () => {
  test("each failed record has an error line of its own, with its ids and the error", async () => {
    const { lines, spans } = await handled([sqs("m-1"), sqs("m-2", { carries: 2 }), sqs("m-3")], (record, sdk) => {
      sdk.annotate({ orderId: `order of ${record.messageId}` });
      failing("m-2", "m-3")(record);
    });
    expect(lines).toMatchObject(
      ["m-2", "m-3"].map((id, n) => ({
        level: "ERROR",
        message: "record failed",
        requestId: "r-1",
        recordId: id,
        orderId: `order of ${id}`,
        traceId: spans[n + 1]?.traceId,
        spanId: spans[n + 1]?.spanId,
        errorType: "Error",
        errorMessage: `${id} failed`,
        stackTrace: expect.any(Array) as unknown[],
      })),
    );
  });

  test("also without a collector, and outside of observe", async () => {
    const { eachRecord, lines } = await freshSdk();
    await eachRecord({ Records: [sqs("m-1"), sqs("m-2")] }, failing("m-2"));
    expect(lines).toMatchObject([{ level: "ERROR", recordId: "m-2", errorMessage: "m-2 failed" }]);
  });

  test("the invocation counts them, on its span and its last line", async () => {
    const { endLine, invocation } = await handled([sqs("m-1"), sqs("m-2"), sqs("m-3")], failing("m-1", "m-3"));
    expect(invocation.attributes["mayfly.records_failed"]).toBe(2);
    expect(endLine).toMatchObject({ message: "invocation end", outcome: "success", recordsFailed: 2 });
  });

  test("none is not counted", async () => {
    const { endLine, invocation } = await handled([sqs("m-1")]);
    expect(invocation.attributes).not.toHaveProperty("mayfly.records_failed");
    expect(endLine).not.toHaveProperty("recordsFailed");
  });
});

describe("context", () => {
  test("lines and annotations are the record's own, over those of the invocation", async () => {
    const { lines, spans, invocation } = await handled([sqs("m-1"), sqs("m-2")], (record, { annotate, logger }) => {
      annotate({ orderId: `order of ${record.messageId}` });
      logger.info("working");
    });
    expect(lines.map(({ orderId }) => orderId)).toEqual(["order of m-1", "order of m-2"]);
    expect(lines.map(({ spanId }) => spanId)).toEqual(spans.map(({ spanId }) => spanId));
    expect(lines.map(({ seq }) => seq)).toEqual([0, 1]);
    expect(spans.map(({ attributes }) => attributes["orderId"])).toEqual(["order of m-1", "order of m-2"]);
    expect(invocation.attributes).not.toHaveProperty("orderId");
  });

  test("the only record's annotations are also the invocation's", async () => {
    const { invocation, spans } = await handled([sqs("m-1")], (_record, { annotate }) => annotate({ orderId: "o-1" }));
    expect(only(spans).attributes["orderId"]).toBe("o-1");
    expect(invocation.attributes["orderId"]).toBe("o-1");
  });
});

describe("order and answer", () => {
  test("records are done one after the other, with their own record and index", async () => {
    const steps: string[] = [];
    const records = [sqs("m-1"), sqs("m-2")];
    const seen: unknown[] = [];
    await handled(records, async (record, _sdk, index) => {
      seen.push(record);
      steps.push(`${index} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`${index} ends`);
    });
    expect(steps).toEqual(["0 begins", "0 ends", "1 begins", "1 ends"]);
    expect(seen[0]).toBe(records[0]);
    expect(seen[1]).toBe(records[1]);
  });

  test("with no failure the answer is an empty list", async () => {
    const { response } = await handled([sqs("m-1")]);
    expect(response).toEqual({ batchItemFailures: [] });
  });

  test("only what failed is reported, and the rest is tried", async () => {
    const { response, spans } = await handled([sqs("m-1"), sqs("m-2"), sqs("m-3")], failing("m-1", "m-3"));
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: "m-1" }, { itemIdentifier: "m-3" }]);
    expect(spans).toHaveLength(3);
  });

  test("whatever is thrown counts as a failure, undefined too", async () => {
    const { response } = await handled([sqs("m-1"), sqs("m-2")], (record) => {
      if (record.messageId === "m-2") throw undefined;
    });
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: "m-2" }]);
  });

  const fifo = { queue: `${QUEUE}.fifo`, groupId: "g" };
  test("in a FIFO queue the first failure ends the batch, and all that was not done is reported", async () => {
    const { response, spans } = await handled(
      ["1", "2", "3"].map((id) => sqs(id, fifo)),
      failing("2"),
    );
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: "2" }, { itemIdentifier: "3" }]);
    expect(spans).toHaveLength(2);
  });

  test("a standard queue with message groups is no FIFO queue", async () => {
    const fair = ["1", "2", "3"].map((id) => sqs(id, { groupId: "tenant" }));
    const { response, spans } = await handled(fair, failing("2"));
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: "2" }]);
    expect(spans).toHaveLength(3);
  });

  test.each([
    ["Kinesis", kinesis],
    ["DynamoDB", dynamodb],
  ])("a stream of %s goes on from the record that failed", async (_source, recordOf) => {
    const records = [recordOf("1"), recordOf("2"), recordOf("3")];
    const { response } = await handled<object>(records, (record) => {
      if (record === records[1]) throw new Error("second");
    });
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: "2" }, { itemIdentifier: "3" }]);
  });
});

describe("nothing of the batch was done", () => {
  test("is an error that says how many, with the first as cause, so that the platform retries without any setting", async () => {
    const { eachRecord } = await freshSdk();
    const errors = [new RangeError("first"), new Error("second")];
    const thrown: unknown = await eachRecord({ Records: [sqs("1"), sqs("2")] }, (_record, index) =>
      Promise.reject(errors[index] ?? new Error("no such record")),
    ).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      name: "RecordsFailed",
      message: "2 of 2 records failed; the first: RangeError: first",
    });
    expect((thrown as Error).cause).toBe(errors[0]);
  });

  test.each([
    ["a FIFO queue", (id: string) => sqs(id, { queue: `${QUEUE}.fifo` })],
    ["Kinesis", kinesis],
    ["DynamoDB", dynamodb],
  ])("in order, by %s, also when only the first was tried", async (_source, recordOf) => {
    const { eachRecord } = await freshSdk();
    let tried = 0;
    const work = (): void => {
      tried += 1;
      throw new Error("boom");
    };
    await expect(eachRecord<object>({ Records: [recordOf("1"), recordOf("2")] }, work)).rejects.toThrow(
      "1 of 2 records failed, the rest was not tried; the first: Error: boom",
    );
    expect(tried).toBe(1);
  });

  test("fails the invocation, which counts them all the same", async () => {
    const { observe, eachRecord, lines } = await freshSdk();
    const handler = observe((event: { Records: { messageId: string }[] }) => eachRecord(event, failing("m-1", "m-2")));
    await expect(handler({ Records: [sqs("m-1"), sqs("m-2")] })).rejects.toThrow("2 of 2 records failed");
    expect(lines.at(-1)).toMatchObject({ outcome: "error", errorCode: "RecordsFailed", recordsFailed: 2 });
  });
});

describe("events that have no partial-batch response", () => {
  test("of SNS, all records are tried, then the first error is thrown, untouched", async () => {
    const { eachRecord } = await freshSdk();
    const errors = [new Error("first"), new Error("second")];
    let tried = 0;
    const work = (_record: object, index: number): void => {
      tried += 1;
      const error = errors[index - 1];
      if (error) throw error;
    };
    const batch = { Records: [sns("1"), sns("2"), sns("3")] };
    await expect(eachRecord(batch, work)).rejects.toBe(errors[0]);
    expect(tried).toBe(3);
  });

  test("a stream's record without a number to report cannot be taken for done", async () => {
    const { eachRecord } = await freshSdk();
    const error = new Error("lost");
    await expect(
      eachRecord({ Records: [{ kinesis: {} }] }, () => {
        throw error;
      }),
    ).rejects.toBe(error);
  });

  test("of SNS without failures, the answer is empty", async () => {
    const { eachRecord } = await freshSdk();
    expect(await eachRecord({ Records: [sns("1")] }, () => {})).toEqual({ batchItemFailures: [] });
  });

  test.each([{}, { Records: undefined }, { Records: {} }, { body: "{}" }])(
    "an event without records is a mistake that is said, not work that is silently left undone: %o",
    async (event) => {
      const { eachRecord } = await freshSdk();
      await expect(Reflect.apply(eachRecord, undefined, [event, () => {}])).rejects.toThrow("no list of Records");
    },
  );

  test("an empty batch is nothing to do", async () => {
    const { eachRecord } = await freshSdk();
    expect(await eachRecord({ Records: [] }, () => {})).toEqual({ batchItemFailures: [] });
  });

  test("outside of observe it does the same work and gives the same answer, without spans", async () => {
    const { eachRecord } = await freshSdk();
    const response = await eachRecord({ Records: [sqs("1"), sqs("2")] }, failing("2"));
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }] });
  });
});
