/** An invocation that leaves more than the buffers hold. */
import { expect, test } from "vitest";
import { startCollector } from "./collector.ts";
import { freshSdk, lambdaContext } from "./fresh-sdk.ts";

const batch = (count: number) => ({
  Records: Array.from({ length: count }, (_, n) => ({
    messageId: `m-${n}`,
    body: "{}",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:111122223333:orders",
  })),
});

test("of 3,000 records that are done without a pause all spans and lines arrive", async () => {
  const collector = await startCollector();
  const { eachRecord, logger, observe, state } = await freshSdk({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    MAYFLY_FLUSH_BUDGET_MS: "20000",
    MAYFLY_END_LINE: "off",
  });
  const handler = observe(async (event: ReturnType<typeof batch>, _context: object) =>
    eachRecord(event, (record) => logger.info(`got ${record.messageId}`)),
  );
  await handler(batch(3_000), lambdaContext());
  expect(collector.spans).toHaveLength(3_000 + 1);
  expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(3_000 + 1);
  expect(new Set(collector.logs.map(({ body }) => JSON.stringify(body))).size).toBe(3_000);
  expect(state().sender.counters()).toMatchObject({ droppedSpans: 0, droppedLogs: 0, breakerOpened: 0 });
});

test("the invocation that lost lines says so itself", async () => {
  const collector = await startCollector(503);
  const { logger, observe, state } = await freshSdk({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    MAYFLY_PROBE_INTERVAL_MS: "0",
    MAYFLY_END_LINE: "off",
  });
  const handler = observe(async (count: number, _context: object) => {
    for (let n = 0; n < count; n += 1) logger.info({ event: "x".repeat(20_000) }, "got event");
  });
  await handler(0, lambdaContext("fails"));
  await handler(300, lambdaContext("loses"));
  const { droppedLogs } = state().sender.counters();
  expect(droppedLogs).toBeGreaterThan(0);
  collector.answer = 200;
  const arrived = () => collector.spans.find(({ attributes }) => attributes["faas.invocation_id"] === "loses");
  await expect.poll(() => handler(0, lambdaContext("later")).then(arrived)).toBeDefined();
  expect(arrived()?.attributes["mayfly.sdk.dropped_logs"]).toBe(droppedLogs);
});
