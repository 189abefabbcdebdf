import { trace } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";
import { startCollector } from "../../test/collector.ts";
import type { Scope } from "../scope.ts";

const startUnended = (count: number): void => {
  for (let n = 0; n < count; n += 1) trace.getTracer("library").startSpan("never ended");
};

test("interleaved invocations each hold their own unfinished spans, and none when they have ended", async () => {
  const { observe, state } = await freshSdk();
  const scopes: Scope[] = [];
  const sizes: number[] = [];
  const handler = observe(async (own: number, _context: object) => {
    const scope = state().scopes.getStore();
    if (scope) scopes.push(scope);
    startUnended(own);
    await new Promise(setImmediate);
    trace.getTracer("library").startSpan("ended").end();
    await new Promise(setImmediate);
    sizes[own] = scope?.open.size ?? 0;
  });
  const invocations = Array.from({ length: 30 }, (_, n) => n);
  await Promise.all(invocations.map((n) => handler(n, lambdaContext(`r-${n}`))));
  // With the invocation's own.
  expect(sizes).toEqual(invocations.map((n) => n + 1));
  expect(scopes.map(({ open }) => open.size)).toEqual(invocations.map(() => 0));
});

test("what goes on after its invocation holds nothing, and its spans are sent with the next", async () => {
  const collector = await startCollector();
  const { observe, state } = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  let goOn: () => void = () => {};
  let scope: Scope | undefined;
  let after: Promise<void> = Promise.resolve();
  const handler = observe(async (isFirst: boolean) => {
    if (!isFirst) return;
    scope = state().scopes.getStore();
    after = new Promise<void>((resolve) => (goOn = resolve)).then(() => {
      startUnended(5);
      trace.getTracer("library").startSpan("late").end();
    });
  });
  await handler(true);
  goOn();
  await after;
  expect(scope?.open.size).toBe(0);
  await handler(false);
  expect(collector.spans.map(({ name }) => name)).toContain("late");
});
