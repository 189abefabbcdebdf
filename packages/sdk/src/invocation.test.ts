import { describe, expect, test, vi } from "vitest";
import { startCollector } from "../test/collector.ts";
import { AMPLE_BUDGET, freshSdk, lambdaContext } from "../test/fresh-sdk.ts";

interface Start {
  /** Lambda's word for it. */
  readonly type?: string;
  /** How long the loaded function waits for its first invocation. */
  readonly waitsMs?: number;
  /** How old the process is by then. */
  readonly ageMs?: number;
  readonly context?: object;
}

/** The first two invocations of an environment: their spans, and that of its init where there is one. */
const started = async ({ type, waitsMs = 0, ageMs = 0, context = {} }: Start) => {
  const collector = await startCollector();
  const sdk = await freshSdk({
    ...AMPLE_BUDGET,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    ...(type !== undefined && { AWS_LAMBDA_INITIALIZATION_TYPE: type }),
  });
  const loading = vi.spyOn(performance, "now").mockReturnValue(700.4);
  const handler = sdk.observe(async (_event: object, _context: object) => sdk.logger.info("working"));
  loading.mockRestore();
  if (ageMs > 0) vi.spyOn(performance, "timeOrigin", "get").mockReturnValue(Date.now() - ageMs);
  const now = Date.now;
  vi.spyOn(Date, "now").mockImplementation(() => now() + waitsMs);
  await handler({}, { ...lambdaContext("r-1"), ...context });
  await handler({}, { ...lambdaContext("r-2"), ...context });
  const [init] = collector.inits;
  return { init, invocations: collector.spans, lines: sdk.lines, sdk };
};

/** What they say of the environment's start. */
const startOf = async (start: Start) => {
  const { init, invocations } = await started(start);
  return {
    coldStarts: invocations.map(({ attributes }) => attributes["faas.coldstart"]),
    initialization: invocations.map(({ attributes }) => attributes["mayfly.initialization"]),
    initDurationMs: invocations.map(({ attributes }) => attributes["mayfly.init_duration_ms"]),
    hasInitSpan: init !== undefined,
  };
};

test("the first invocation of an environment says what the SDK took to set itself up", async () => {
  const [first, second] = (await started({})).invocations;
  expect(Number(first?.attributes["mayfly.sdk.init_us"])).toBeGreaterThan(0);
  expect(second?.attributes).not.toHaveProperty("mayfly.sdk.init_us");
});

describe("how the environment came to be", () => {
  test.each<[string, Start, { isCold: boolean; says?: string; initMs?: number; hasInitSpan?: boolean }]>([
    ["on demand", { type: "on-demand" }, { isCold: true, says: "on-demand", initMs: 700, hasInitSpan: true }],
    [
      "on demand, a while later",
      { type: "on-demand", waitsMs: 9_000 },
      { isCold: true, says: "on-demand", initMs: 700, hasInitSpan: true },
    ],
    ["long before anybody asked", { type: "on-demand", waitsMs: 10_001 }, { isCold: false, says: "proactive" }],
    ["provisioned", { type: "provisioned-concurrency" }, { isCold: false, says: "provisioned-concurrency" }],
    [
      "on instances of the account's own",
      { type: "lambda-managed-instances" },
      { isCold: false, says: "lambda-managed-instances" },
    ],
    [
      "as a copy of a snapshot of last week",
      { type: "snap-start", waitsMs: 604_800_000 },
      { isCold: true, says: "snap-start" },
    ],
    ["in a way we never heard of", { type: "by-magic" }, { isCold: true, says: "by-magic", initMs: 700 }],
    ["outside of Lambda", {}, { isCold: true, initMs: 700 }],
    ["outside of Lambda, long before", { waitsMs: 10_001 }, { isCold: false, says: "proactive" }],
  ])(
    "%s; the second invocation says nothing of it",
    async (_how, start, { isCold, says, initMs, hasInitSpan = false }) => {
      expect(await startOf(start)).toEqual({
        coldStarts: [isCold, false],
        initialization: [says, undefined],
        initDurationMs: [initMs, undefined],
        hasInitSpan,
      });
    },
  );

  test("an init that took long, and was asked for, is a cold start all the same", async () => {
    expect(await startOf({ type: "on-demand", ageMs: 25_000 })).toMatchObject({ coldStarts: [true, false] });
  });
});

describe("the span of the init", () => {
  test("is a child of the invocation that waited for it, from the start of the process to the first observe", async () => {
    const { init, invocations } = await started({ type: "on-demand" });
    const [first] = invocations;
    expect(init).toMatchObject({ traceId: first?.traceId, parentSpanId: first?.spanId, kind: 1 });
    expect(init?.attributes).toEqual({ "faas.coldstart": true });
    expect(Number((init?.endTimeUnixNano ?? 0n) - (init?.startTimeUnixNano ?? 0n))).toBeCloseTo(700.4e6, -4);
    expect(Number(init?.startTimeUnixNano)).toBeCloseTo(performance.timeOrigin * 1e6, -5);
  });

  test.each([
    ["error,cold", 1],
    ["error", 0],
  ])("is detail where an invocation is not sampled: MAYFLY_KEEP=%s", async (keep, count) => {
    const collector = await startCollector();
    const { observe } = await freshSdk({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: "always_off",
      MAYFLY_KEEP: keep,
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    });
    await observe(async (_event: object, _context: object) => {})({}, lambdaContext());
    expect(collector.spans).toHaveLength(1);
    expect(collector.inits).toHaveLength(count);
  });

  test("comes with what is told of an invocation before its timeout", async () => {
    const collector = await startCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand" };
    const { observe } = await freshSdk(env);
    let letGo: () => void = () => {};
    const until = new Promise<void>((resolve) => (letGo = resolve));
    const result = observe(async (_event: object, _context: object) => until)({}, lambdaContext("r-1", 210));
    await expect.poll(() => [collector.spans.length, collector.inits.length]).toEqual([1, 1]);
    letGo();
    await result;
    expect(collector.inits, "once").toHaveLength(1);
  });
});

test("the init ends with the first observe, not with the SDK's own loading, nor with a later one", async () => {
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

describe("a tenant", () => {
  test("for whom Lambda isolates the environment is named on the span and on each line", async () => {
    const { invocations, lines, sdk } = await started({ context: { tenantId: "t-1" } });
    expect(invocations.map(({ attributes }) => attributes["mayfly.tenant_id"])).toEqual(["t-1", "t-1"]);
    expect(lines.map(({ tenantId }) => tenantId)).toEqual(lines.map(() => "t-1"));
    expect(sdk.state().refusedFields).toBe(0);
  });

  test.each([undefined, "", 5, null])("%s is none", async (tenantId) => {
    const { invocations, lines } = await started({ context: { tenantId } });
    expect(invocations[0]?.attributes).not.toHaveProperty("mayfly.tenant_id");
    expect(lines[0]).not.toHaveProperty("tenantId");
  });
});
