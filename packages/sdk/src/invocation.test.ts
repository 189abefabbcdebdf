import { expect, test, vi } from "vitest";
import { startCollector } from "../test/collector.ts";
import { freshSdk, lambdaContext } from "../test/fresh-sdk.ts";

interface Start {
  readonly env?: Readonly<Record<string, string>>;
  /** How old the process is when its first invocation comes. */
  readonly ageMs?: number;
}

/** What the first two invocations of an environment say of its start. */
const startOf = async ({ env = {}, ageMs = 0 }: Start) => {
  const collector = await startCollector();
  const sdk = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
  const handler = sdk.observe(async (_event: object, _context: object) => {});
  vi.spyOn(performance, "timeOrigin", "get").mockReturnValue(Date.now() - ageMs);
  await handler({}, lambdaContext("r-1"));
  await handler({}, lambdaContext("r-2"));
  return collector.spans.map(({ attributes }) => ({
    isColdStart: attributes["faas.coldstart"],
    hasInitDuration: "mayfly.init_duration_ms" in attributes,
  }));
};

const COLD = { isColdStart: true, hasInitDuration: true };
const WARM = { isColdStart: false, hasInitDuration: false };

test("the first invocation is a cold start, the next is not", async () => {
  expect(await startOf({})).toEqual([COLD, WARM]);
  expect(await startOf({ env: { AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand" } })).toEqual([COLD, WARM]);
});

test("with provisioned concurrency the first invocation is no cold start", async () => {
  const env = { AWS_LAMBDA_INITIALIZATION_TYPE: "provisioned-concurrency" };
  expect(await startOf({ env })).toEqual([WARM, WARM]);
});

test("an environment that was ready long before its first invocation had no cold start", async () => {
  expect(await startOf({ ageMs: 9_000 })).toEqual([COLD, WARM]);
  expect(await startOf({ ageMs: 10_001 })).toEqual([WARM, WARM]);
});

test("the init duration ends with the first observe, not with the SDK's own loading", async () => {
  const collector = await startCollector();
  const now = vi.spyOn(performance, "now").mockReturnValue(20);
  const { observe } = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  now.mockReturnValue(700.4);
  const handler = observe(async () => {});
  now.mockReturnValue(900);
  observe(async () => {});
  await handler();
  expect(collector.spans[0]?.attributes["mayfly.init_duration_ms"]).toBe(700);
});
