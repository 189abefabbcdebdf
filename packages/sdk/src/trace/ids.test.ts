import { expect, test, vi } from "vitest";
import { startCollector } from "../../test/collector.ts";
import { freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";

/** Ids of one environment, whose random numbers are those of every other that was made of the same snapshot. */
const idsOf = async (env: Readonly<Record<string, string>>): Promise<string[]> => {
  const collector = await startCollector();
  const { observe, span } = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
  let state = 1;
  vi.spyOn(Math, "random").mockImplementation(() => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647);
  await observe(async (_event: object, _context: object) => span("work", () => {}))({}, lambdaContext());
  vi.restoreAllMocks();
  return collector.spans.flatMap(({ traceId, spanId }) => [traceId, spanId]);
};

test("environments that are copies of one snapshot make ids of their own", async () => {
  const SNAP_START = { AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start" };
  const [one, other] = [await idsOf(SNAP_START), await idsOf(SNAP_START)];
  expect(one).toHaveLength(4);
  expect(new Set([...one, ...other]).size).toBe(6);
  for (const id of [...one, ...other]) expect(id).toMatch(/^(?!0+$)(?:[\da-f]{16}|[\da-f]{32})$/);
});

test("elsewhere the numbers are as random as the process's own, and cheap", async () => {
  expect(await idsOf({})).toEqual(await idsOf({}));
});
