import { describe, expect, test } from "vitest";
import { startCollector } from "../../test/collector.ts";
import { type FreshSdk, freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";

const QUIET = { MAYFLY_END_LINE: "off" };

/** The lines of one invocation whose handler is `work`. */
const linesOf = async (work: (sdk: FreshSdk) => unknown, env: Readonly<Record<string, string>> = {}) => {
  const sdk = await freshSdk({ ...QUIET, ...env });
  const handler = sdk.observe(async (_event: object, _context: object) => void (await work(sdk)));
  await handler({}, lambdaContext("r-1"));
  return { lines: sdk.lines, sdk };
};

const circle = (): object => {
  const one: Record<string, unknown> = {};
  one["self"] = one;
  return one;
};

describe("fields", () => {
  test("a line has Lambda's own names and ours beside them, and nothing else", async () => {
    const { lines } = await linesOf(({ logger }) => logger.info("hello"), {
      AWS_LAMBDA_FUNCTION_VERSION: "7",
      OTEL_SERVICE_NAME: "shop",
    });
    expect(lines).toEqual([
      {
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: "INFO",
        message: "hello",
        service: "shop",
        function: "checkout",
        version: "7",
        region: "eu-west-1",
        requestId: "r-1",
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        coldStart: true,
        trigger: "unknown",
        seq: 0,
      },
    ]);
  });

  test("levels are Lambda's words", async () => {
    const { lines } = await linesOf(
      ({ logger }) => {
        for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) logger[level]("x");
      },
      { MAYFLY_LOG_LEVEL: "trace" },
    );
    expect(lines.map(({ level }) => level)).toEqual(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]);
  });

  test("what is under the level is neither written nor sent, and takes no number", async () => {
    const { lines } = await linesOf(
      ({ logger }) => {
        logger.debug("hidden");
        logger.warn("seen");
      },
      { MAYFLY_LOG_LEVEL: "warn" },
    );
    expect(lines.map(({ message, seq }) => [message, seq])).toEqual([["seen", 0]]);
  });

  test("lines of an invocation are numbered, and each invocation begins anew", async () => {
    const { observe, logger, lines } = await freshSdk(QUIET);
    const handler = observe(async (_event: object, _context: object) => {
      logger.info("a");
      logger.info("b");
    });
    await handler({}, lambdaContext("r-1"));
    await handler({}, lambdaContext("r-2"));
    expect(lines.map(({ requestId, seq, coldStart }) => [requestId, seq, coldStart])).toEqual([
      ["r-1", 0, true],
      ["r-1", 1, true],
      ["r-2", 0, false],
      ["r-2", 1, false],
    ]);
  });

  test("inside a span, a line has that span's id", async () => {
    const { lines } = await linesOf(({ logger, span }) => {
      logger.info("outside");
      span("work", () => logger.info("inside"));
    });
    const [outside, inside] = lines;
    expect(inside?.["traceId"]).toBe(outside?.["traceId"]);
    expect(inside?.["spanId"]).not.toBe(outside?.["spanId"]);
  });

  test("before any invocation there is no request to name", async () => {
    const { logger, lines } = await freshSdk(QUIET);
    logger.info("loading");
    expect(lines[0]).toMatchObject({ message: "loading", service: "checkout" });
    for (const name of ["requestId", "traceId", "seq", "coldStart"]) expect(lines[0]).not.toHaveProperty(name);
  });

  test("own fields and a child's bindings stand beside them", async () => {
    const { lines } = await linesOf(({ logger }) =>
      logger.child({ part: "payment" }).info({ amount: 5, nested: { deep: [1] } }, "charged"),
    );
    expect(lines[0]).toMatchObject({ part: "payment", amount: 5, nested: { deep: [1] }, message: "charged" });
  });
});

describe("annotations", () => {
  test("are on every later line, and on none before", async () => {
    const { lines } = await linesOf(({ annotate, logger }) => {
      logger.info("before");
      annotate({ orderId: "o-1", amount: 12.5, isGold: true });
      logger.info("after");
      annotate({ orderId: "o-2" });
      logger.info("changed");
    });
    expect(lines.map(({ orderId }) => orderId)).toEqual([undefined, "o-1", "o-2"]);
    expect(lines[2]).toMatchObject({ amount: 12.5, isGold: true });
  });

  test("end with their invocation", async () => {
    const { observe, annotate, logger, lines } = await freshSdk(QUIET);
    const handler = observe(async ({ orderId }: { orderId?: string }) => {
      if (orderId !== undefined) annotate({ orderId });
      logger.info("x");
    });
    await handler({ orderId: "o-1" });
    await handler({});
    expect(lines.map(({ orderId }) => orderId)).toEqual(["o-1", undefined]);
  });

  test("are on the end line as well", async () => {
    const { lines } = await linesOf(({ annotate }) => annotate({ orderId: "o-1" }), { MAYFLY_END_LINE: "on" });
    expect(lines).toMatchObject([{ message: "invocation end", orderId: "o-1" }]);
  });

  test.each([
    "timestamp",
    "level",
    "message",
    "requestId",
    "errorType",
    "errorMessage",
    "stackTrace",
    "service",
    "function",
    "version",
    "region",
    "traceId",
    "spanId",
    "coldStart",
    "trigger",
    "seq",
    "durationMs",
    "outcome",
    "errorCode",
  ])("cannot take the name %s; that is counted, and the rest is taken", async (name) => {
    const { lines, sdk } = await linesOf(({ annotate, logger }) => {
      annotate({ [name]: "mine", orderId: "o-1" });
      logger.info("x");
    });
    expect(lines[0]?.[name]).not.toBe("mine");
    expect(lines[0]?.["orderId"]).toBe("o-1");
    expect(sdk.state().refusedFields).toBe(1);
    expect(sdk.warnings.filter((one) => one.includes(`"${name}"`))).toHaveLength(1);
  });

  test("a refusal is said once and counted each time, on the span of its invocation", async () => {
    const collector = await startCollector();
    const { sdk } = await linesOf(
      ({ annotate }) => {
        annotate({ seq: 1 });
        annotate({ seq: 2 });
      },
      { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    );
    expect(sdk.warnings.filter((one) => one.includes('"seq"'))).toHaveLength(1);
    expect(collector.spans[0]?.attributes["mayfly.sdk.refused_fields"]).toBe(2);
  });
});

describe("errors", () => {
  test("an Error becomes Lambda's three fields, and its message the line's", async () => {
    const { lines } = await linesOf(({ logger }) => logger.error(new TypeError("boom")));
    expect(lines[0]).toMatchObject({ level: "ERROR", message: "boom", errorType: "TypeError", errorMessage: "boom" });
    const stack = lines[0]?.["stackTrace"] as string[];
    expect(stack[0]).toBe("TypeError: boom");
    expect(stack.length).toBeGreaterThan(1);
    expect(lines[0]).not.toHaveProperty("err");
  });

  test.each(["err", "error"])("an Error in the field %s does too, beside other fields", async (name) => {
    const { lines } = await linesOf(({ logger }) =>
      logger.error({ [name]: new RangeError("too far"), orderId: "o-1" }, "not charged"),
    );
    expect(lines[0]).toMatchObject({
      message: "not charged",
      errorType: "RangeError",
      errorMessage: "too far",
      orderId: "o-1",
    });
    expect(lines[0]).not.toHaveProperty(name);
  });

  test("a field named error that is no Error stays as it is", async () => {
    const { lines } = await linesOf(({ logger }) => logger.warn({ error: "E_STOCK" }, "x"));
    expect(lines[0]).toMatchObject({ error: "E_STOCK" });
    expect(lines[0]).not.toHaveProperty("errorType");
  });
});

describe("a line harms nobody", () => {
  test.each(["timestamp", "level", "requestId", "traceId", "spanId", "seq"])(
    "its own field cannot change %s, by which the collector tells lines apart",
    async (name) => {
      const { lines, sdk } = await linesOf(({ logger }) => logger.info({ [name]: "mine", orderId: "o-1" }, "x"));
      expect(lines[0]?.[name]).not.toBe("mine");
      expect(lines[0]?.["orderId"]).toBe("o-1");
      expect(sdk.state().refusedFields).toBe(1);
    },
  );

  test.each([
    ["a circle", circle(), 1],
    ["a bigint", { id: 2n ** 70n }, 1],
    ["undefined and functions", { a: undefined, b: () => {} }, 1],
    [
      "a getter that throws",
      {
        get secret() {
          throw new Error("no");
        },
      },
      0,
    ],
    [
      "a toJSON that throws",
      {
        deep: {
          toJSON: () => {
            throw new Error("no");
          },
        },
      },
      1,
    ],
  ])("%s in its fields does not throw into the handler", async (_what, fields, written) => {
    const { lines } = await linesOf(({ logger }) => logger.info(fields, "x"));
    expect(lines).toHaveLength(written);
  });
});

describe("a child's bindings", () => {
  test.each(["timestamp", "level", "requestId", "traceId", "spanId", "seq"])(
    "cannot change %s either, in any line of the child or of a child of it",
    async (name) => {
      const { lines, sdk } = await linesOf(({ logger }) => {
        const child = logger.child({ [name]: "mine", part: "payment" });
        child.info("x");
        child.child({ step: 1 }).info({ [name]: "mine" }, "y");
      });
      expect(lines).toMatchObject([{ part: "payment" }, { part: "payment", step: 1 }]);
      for (const line of lines) expect(line[name]).not.toBe("mine");
      expect(sdk.state().refusedFields).toBe(2);
    },
  );

  test("may be none at all", async () => {
    const { lines } = await linesOf(({ logger }) => logger.child(undefined as never).info("x"));
    expect(lines).toMatchObject([{ message: "x" }]);
  });

  test("stand on what is held, sampled and redacted, too", async () => {
    const { lines } = await linesOf(({ logger }) => logger.child({ password: "hunter2", part: "payment" }).debug("x"), {
      MAYFLY_DEBUG_SAMPLE_RATE: "1",
    });
    expect(lines).toMatchObject([{ level: "DEBUG", part: "payment", password: "[redacted]" }]);
  });
});

describe("where lines go", () => {
  test("with an endpoint, to stdout and with the flush to the collector, the same ones", async () => {
    const collector = await startCollector();
    const { lines } = await linesOf(({ logger }) => logger.warn({ orderId: "o-1" }, "stock is low"), {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    expect(lines).toHaveLength(1);
    expect(collector.logs).toHaveLength(1);
    const [record] = collector.logs;
    expect(record).toMatchObject({
      severityText: "WARN",
      body: { stringValue: "stock is low" },
      traceId: lines[0]?.["traceId"],
      spanId: lines[0]?.["spanId"],
      timeUnixNano: BigInt(Date.parse(String(lines[0]?.["timestamp"]))) * 1_000_000n,
    });
    expect(record?.attributes).toMatchObject({ "faas.invocation_id": "r-1", seq: 0, orderId: "o-1" });
  });

  test("MAYFLY_LOGS=stdout keeps them from the collector", async () => {
    const collector = await startCollector();
    const { lines } = await linesOf(({ logger }) => logger.info("x"), {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      MAYFLY_LOGS: "stdout",
    });
    expect(lines).toHaveLength(1);
    expect(collector.paths).toEqual(["/v1/traces"]);
  });
});
