import { expect, test } from "vitest";
import { startCollector } from "../../test/collector.ts";
import { freshSdk } from "../../test/fresh-sdk.ts";

test("an annotation is an attribute of the invocation span, also from inside another span", async () => {
  const collector = await startCollector();
  const { observe, annotate, span } = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await observe(async () => span("work", () => annotate({ orderId: "o-1", amount: 5, isGold: true })))();
  const [work, invocation] = collector.spans;
  expect(invocation?.attributes).toMatchObject({ orderId: "o-1", amount: 5, isGold: true });
  expect(work?.attributes).toEqual({});
});

test("outside an invocation it does nothing", async () => {
  const { annotate, logger, lines } = await freshSdk();
  annotate({ orderId: "o-1" });
  logger.info("x");
  expect(lines[0]).not.toHaveProperty("orderId");
});

test.each([undefined, null, 5, "text"])("given %s, it does not throw into the handler", async (value) => {
  const { observe, annotate } = await freshSdk();
  const handler = observe(async () => void Reflect.apply(annotate, undefined, [value]));
  await expect(handler()).resolves.toBeUndefined();
});
