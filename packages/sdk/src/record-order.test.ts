import { assert, asyncProperty, constantFrom, integer, array, record as recordOf, boolean } from "fast-check";
import { describe, expect, test } from "vitest";
import { startCollector } from "../test/collector.ts";
import { type FreshSdk, freshSdk, lambdaContext } from "../test/fresh-sdk.ts";

const QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders";

interface Batch {
  readonly records: readonly object[];
  readonly ids: readonly string[];
}

type Source = (id: string, lane: string) => object;

const standard: Source = (messageId) => ({ messageId, eventSource: "aws:sqs", eventSourceARN: QUEUE });
const fifo: Source = (messageId, MessageGroupId) => ({
  messageId,
  eventSource: "aws:sqs",
  eventSourceARN: `${QUEUE}.fifo`,
  attributes: { MessageGroupId },
});
const kinesis: Source = (sequenceNumber, partitionKey) => ({
  eventSource: "aws:kinesis",
  kinesis: { sequenceNumber, partitionKey, data: "" },
});
const dynamodb: Source = (SequenceNumber, id) => ({
  eventSource: "aws:dynamodb",
  // As the platform may: the parts of a key in any order.
  dynamodb: { SequenceNumber, Keys: keysOf(id, Number(SequenceNumber) % 2 === 0) },
});

function keysOf(id: string, isReversed: boolean): object {
  const parts = Object.entries({ id: { S: id }, sort: { N: "1" } });
  return Object.fromEntries(isReversed ? parts.toReversed() : parts);
}

/** `"a1 a2 b3"`: lane and id of each record, in order. */
const batchOf = (source: Source, text: string): Batch => {
  const ids = text.split(" ");
  return { ids, records: ids.map((id) => source(id.slice(1), id.slice(0, 1))) };
};

type EachRecord = FreshSdk["eachRecord"];

interface Run {
  readonly steps: string[];
  readonly most: number;
  readonly response?: unknown;
  readonly thrown?: Error;
}

/** Goes through the batch; each record takes as many turns of the event loop as `turns` says, and fails where `bad` says so. */
const run = async (
  { records, ids }: Batch,
  {
    concurrency,
    bad = [],
    turns = () => 1,
    by,
  }: { concurrency?: number; bad?: readonly string[]; turns?: (id: string) => number; by?: EachRecord },
): Promise<Run> => {
  const eachRecord = by ?? (await freshSdk({ MAYFLY_LOG_LEVEL: "silent" })).eachRecord;
  const steps: string[] = [];
  let now = 0;
  let most = 0;
  const work = async (_record: object, index: number): Promise<void> => {
    const id = ids[index] ?? "";
    steps.push(id);
    most = Math.max(most, (now += 1));
    for (let n = 0; n < turns(id); n += 1) await new Promise((resolve) => void setImmediate(resolve));
    now -= 1;
    if (bad.includes(id)) throw new Error(`${id} failed`);
    steps.push(`${id}.`);
  };
  const result = eachRecord({ Records: records }, work, concurrency === undefined ? {} : { concurrency });
  try {
    return { steps, most, response: await result };
  } catch (thrown) {
    return { steps, most, thrown: thrown as Error };
  }
};

const reported = ({ response }: Run): string[] =>
  (response as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures.map((one) => one.itemIdentifier);

describe("of a standard queue", () => {
  test("as many records are worked on at once as asked for, and no more", async () => {
    const batch = batchOf(standard, "a1 a2 a3 a4 a5 a6 a7");
    expect((await run(batch, { concurrency: 3 })).most).toBe(3);
    expect((await run(batch, { concurrency: 100 })).most).toBe(7);
    expect((await run(batch, {})).most).toBe(1);
  });

  test("a failure stops nothing, and the answer is in the order of the batch", async () => {
    const batch = batchOf(standard, "a1 a2 a3 a4");
    const slowFirst = (id: string): number => (id === "a1" ? 9 : 1);
    const result = await run(batch, { concurrency: 2, bad: ["a1", "a3"], turns: slowFirst });
    expect(reported(result)).toEqual(["1", "3"]);
    expect(result.steps.filter((step) => step.endsWith("."))).toEqual(["a2.", "a4."]);
  });
});

describe("of a FIFO queue", () => {
  test("groups go side by side, and within a group one record waits for the other", async () => {
    const { steps, most } = await run(batchOf(fifo, "a1 a2 b3 b4 a5"), { concurrency: 5 });
    expect(most).toBe(2);
    expect(steps.filter((step) => step.startsWith("a"))).toEqual(["a1", "a1.", "a2", "a2.", "a5", "a5."]);
    expect(steps.filter((step) => step.startsWith("b"))).toEqual(["b3", "b3.", "b4", "b4."]);
  });

  test.each([1, 2, 5])(
    "a failure stops its group, whose rest is reported, and no other: %i at once",
    async (concurrency) => {
      const result = await run(batchOf(fifo, "a1 b2 a3 b4 a5 c6"), { concurrency, bad: ["a3"] });
      expect(reported(result)).toEqual(["3", "5"]);
      expect(result.steps.filter((step) => step.endsWith(".")).toSorted()).toEqual(["a1.", "b2.", "b4.", "c6."]);
      expect(result.steps).not.toContain("a5");
    },
  );

  test("records without a group are one", async () => {
    const ids = ["x1", "x2"];
    const records = ids.map((id) => ({ messageId: id, eventSourceARN: `${QUEUE}.fifo` }));
    expect((await run({ ids, records }, { concurrency: 2 })).most).toBe(1);
  });
});

describe.each([
  ["Kinesis", kinesis],
  ["DynamoDB", dynamodb],
])("of a stream of %s", (_name, source) => {
  test("records of different keys go side by side, those of one key in order", async () => {
    const { steps, most } = await run(batchOf(source, "a1 a2 b3 b4"), { concurrency: 4 });
    expect(most).toBe(2);
    expect(steps.filter((step) => step.startsWith("a"))).toEqual(["a1", "a1.", "a2", "a2."]);
  });

  test("after a failure nothing is begun that comes later, for it comes again; what comes before is", async () => {
    // b2 fails while a1 still works; a3 and a4 wait for it.
    const turns = (id: string): number => (id === "a1" ? 5 : 1);
    const result = await run(batchOf(source, "a1 b2 a3 b4 c5"), { concurrency: 2, bad: ["b2"], turns });
    expect(result.steps).toEqual(["a1", "b2", "a1."]);
    expect(reported(result)).toEqual(["2", "3", "4", "5"]);
  });

  test("the lowest that failed is where the stream goes on, whichever failed first", async () => {
    const turns = (id: string): number => (id === "b2" ? 5 : 1);
    const result = await run(batchOf(source, "a1 b2 c3 d4 e5"), { concurrency: 3, bad: ["b2", "c3"], turns });
    expect(reported(result)[0]).toBe("2");
    expect(result.steps).not.toContain("e5");
  });

  test("the first record's failure is the batch's, also when others were done", async () => {
    const { thrown } = await run(batchOf(source, "a1 b2 c3"), { concurrency: 2, bad: ["a1"] });
    expect(thrown?.message).toBe("1 of 3 records failed, 1 were not tried; the first: Error: a1 failed");
  });
});

test("of Kafka, partitions go side by side", async () => {
  const { eachRecord } = await freshSdk();
  const kafka = (partition: number, offset: number) => ({ topic: "orders", partition, offset, value: "" });
  const steps: string[] = [];
  const records = { "orders-0": [kafka(0, 1), kafka(0, 2)], "orders-1": [kafka(1, 1)] };
  const work = async ({ partition, offset }: { partition: number; offset: number }): Promise<void> => {
    steps.push(`${partition}/${offset}`);
    await new Promise((resolve) => void setImmediate(resolve));
    steps.push(`${partition}/${offset}.`);
  };
  await eachRecord({ records }, work, { concurrency: 2 });
  expect(steps).toEqual(["0/1", "1/1", "0/1.", "0/2", "1/1.", "0/2."]);
});

test("whatever fails and however long each takes: nothing undone is taken for done, no order is broken, no bound passed", async () => {
  const records = array(
    recordOf({ lane: constantFrom("a", "b", "c"), isBad: boolean(), turns: integer({ min: 0, max: 4 }) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  );
  const { eachRecord: by } = await freshSdk({ MAYFLY_LOG_LEVEL: "silent" });
  const sources = constantFrom(standard, fifo, kinesis, dynamodb);
  await assert(
    asyncProperty(sources, records, integer({ min: 1, max: 5 }), async (source, drawn, concurrency) => {
      const ids = drawn.map(({ lane }, n) => `${lane}${n}`);
      const batch = { ids, records: ids.map((id) => source(id.slice(1), id.slice(0, 1))) };
      const bad = ids.filter((_id, n) => drawn[n]?.isBad);
      const turns = (id: string): number => drawn[ids.indexOf(id)]?.turns ?? 0;
      const result = await run(batch, { concurrency, bad, turns, by });
      const done = ids.filter((id) => result.steps.includes(`${id}.`));
      const again = result.thrown ? ids : reported(result).map((id) => ids[Number(id)] ?? "");

      expect(
        ids.filter((id) => !done.includes(id) && !again.includes(id)),
        "taken for done",
      ).toEqual([]);
      expect(result.most).toBeLessThanOrEqual(concurrency);
      if (source === standard) {
        if (!result.thrown) expect(again).toEqual(bad);
        return;
      }
      for (const lane of ["a", "b", "c"]) {
        const own = ids.filter((id) => id.startsWith(lane));
        const begun = result.steps.filter((step) => step.startsWith(lane) && !step.endsWith("."));
        expect(begun, "in order").toEqual(own.slice(0, begun.length));
        const failedAt = own.findIndex((id) => bad.includes(id));
        if (failedAt >= 0) expect(begun.length, "after the failure").toBeLessThanOrEqual(failedAt + 1);
      }
      // The platform goes on from the lowest: what stands before it must be done.
      if (source !== fifo && !result.thrown && again[0] !== undefined)
        expect(done).toEqual(expect.arrayContaining(ids.slice(0, ids.indexOf(again[0]))));
    }),
    { numRuns: 300 },
  );
});

describe("what records leave behind", () => {
  test("side by side, each has its own span, lines and annotations", async () => {
    const collector = await startCollector();
    const sdk = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, MAYFLY_END_LINE: "off" });
    const ids = Array.from({ length: 20 }, (_, n) => `m-${n}`);
    const handler = sdk.observe(async (event: { Records: readonly object[] }, _context: object) =>
      sdk.eachRecord(
        event,
        async (_record, index) => {
          const id = ids[index] ?? "";
          sdk.annotate({ orderId: id });
          for (let n = 0; n < (index * 7) % 5; n += 1) await new Promise((resolve) => void setImmediate(resolve));
          await sdk.span(`work on ${id}`, async () => sdk.logger.info(id));
        },
        { concurrency: 8 },
      ),
    );
    await handler({ Records: ids.map((id) => standard(id, "")) }, lambdaContext());
    const records = collector.spans.filter(
      ({ name, parentSpanId }) => name === "process orders" && parentSpanId !== "",
    );
    expect(records).toHaveLength(20);
    for (const { attributes, spanId } of records) {
      const id = attributes["messaging.message.id"];
      expect(attributes["orderId"]).toBe(id);
      const work = collector.spans.find(({ parentSpanId }) => parentSpanId === spanId);
      expect(work?.name).toBe(`work on ${id as string}`);
    }
    expect(sdk.lines.map(({ orderId }) => orderId)).toEqual(sdk.lines.map(({ message }) => message));
    expect(sdk.lines.map(({ seq }) => seq)).toEqual(ids.map((_id, n) => n));
  });
});

describe("a value that makes no sense", () => {
  const withOptions = async (options: object): Promise<FreshSdk> => {
    const sdk = await freshSdk();
    const { ids, records } = batchOf(standard, "a1 a2");
    const done: number[] = [];
    for (let n = 0; n < 2; n += 1)
      await Reflect.apply(sdk.eachRecord, undefined, [
        { Records: records },
        (_: object, index: number) => done.push(index),
        options,
      ]);
    expect(done).toEqual([...ids.keys(), ...ids.keys()]);
    return sdk;
  };

  test.each([0, -1, 1.5, Number.NaN, Infinity, "4", null, {}, Symbol("4")])(
    "of concurrency is said once, and 1 is taken: %s",
    async (concurrency) => {
      const { warnings } = await withOptions({ concurrency });
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/eachRecord: concurrency is .+, expected an integer from 1; 1 is taken/);
    },
  );

  test("of stopBeforeTimeoutMs too, and 0 is taken", async () => {
    const { warnings } = await withOptions({ stopBeforeTimeoutMs: -5 });
    expect(warnings).toEqual([
      expect.stringContaining("stopBeforeTimeoutMs is -5, expected an integer from 0; 0 is taken"),
    ]);
  });

  test("none given is nothing to say", async () => {
    expect((await withOptions({})).warnings).toEqual([]);
    expect((await withOptions({ concurrency: undefined })).warnings).toEqual([]);
  });
});

describe("near the timeout", () => {
  /** Each record takes a second of the five there are. */
  const timed = async (records: readonly object[], stopBeforeTimeoutMs?: number, concurrency = 1) => {
    const sdk = await freshSdk({ MAYFLY_END_LINE: "off" });
    let remainingMs = 5_000;
    let begun = 0;
    const handler = sdk.observe(async (event: { Records: readonly object[] }, _context: object) =>
      sdk.eachRecord(
        event,
        () => {
          begun += 1;
          remainingMs -= 1_000;
        },
        { concurrency, ...(stopBeforeTimeoutMs !== undefined && { stopBeforeTimeoutMs }) },
      ),
    );
    const response = handler({ Records: records }, { ...lambdaContext(), getRemainingTimeInMillis: () => remainingMs });
    await response.catch(() => {});
    return { response, begun, lines: sdk.lines };
  };
  const ten = batchOf(standard, "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9").records;

  test("records that were not begun are reported, so that they come again instead of the whole batch", async () => {
    const { response, begun, lines } = await timed(ten, 2_500);
    expect(begun).toBe(3);
    expect((await response).batchItemFailures.map((one) => one.itemIdentifier)).toEqual("3456789".split(""));
    expect(lines).toMatchObject([{ level: "WARN", recordsNotBegun: 7 }]);
  });

  test("of a stream, from the first that was not begun", async () => {
    const { response } = await timed(batchOf(kinesis, "a0 b1 a2 b3 a4").records, 2_500, 2);
    expect((await response).batchItemFailures[0]).toEqual({ itemIdentifier: "3" });
  });

  test("where none was begun, or the source has no way to name them, the batch fails", async () => {
    const { response, begun } = await timed(ten, 6_000);
    await expect(response).rejects.toThrow("0 of 10 records failed, the rest was not tried: too little time is left");
    expect(begun).toBe(0);
    const s3 = Array.from({ length: 5 }, () => ({ eventSource: "aws:s3" }));
    await expect((await timed(s3, 2_500)).response).rejects.toThrow("0 of 5 records failed, 2 were not tried");
  });

  test("without the option, and with time enough, nothing stops", async () => {
    expect((await timed(ten)).begun).toBe(10);
    const { begun, lines } = await timed(ten.slice(0, 3), 2_500);
    expect(begun).toBe(3);
    expect(lines).toEqual([]);
  });
});
