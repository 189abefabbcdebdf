import type { Writable } from "node:stream";
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  Callback,
  Context,
  SQSBatchResponse,
  SQSHandler,
  StreamifyHandler,
} from "aws-lambda";
import { attributesToPlain } from "@mayfly/otlp";
import { describe, expect, expectTypeOf, test } from "vitest";
import { type TestCollector, startCollector } from "../test/collector.ts";
import { freshSdk, lambdaContext } from "../test/fresh-sdk.ts";

/** The SDK with a collector that listens. */
const connected = async (env: Readonly<Record<string, string>> = {}) => {
  const collector = await startCollector();
  return { collector, ...(await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env })) };
};

const invocationSpan = ({ spans }: TestCollector) => {
  const [span] = spans.filter(({ attributes }) => "faas.coldstart" in attributes);
  if (span === undefined) throw new Error("no invocation span arrived");
  return span;
};

const requestOf = ({ spans }: TestCollector, id: string | undefined): unknown =>
  spans.find(({ spanId }) => spanId === id)?.attributes["faas.invocation_id"];

/** As Lambda calls it, which knows no types. */
const called = async (handler: (...args: never[]) => unknown, ...args: unknown[]): Promise<unknown> =>
  Reflect.apply(handler, undefined, args);

/** What `fn` throws, boxed: a promise would look for `then` in it. */
const thrownBy = async (fn: () => unknown): Promise<{ thrown: unknown }> => {
  try {
    await fn();
  } catch (thrown) {
    return { thrown };
  }
  throw new Error("nothing was thrown");
};

const throwing = (text: string): never => {
  throw new Error(text);
};

describe("the handler does not notice", () => {
  test("it gets the very event and context, its own `this`, and whatever else Lambda passes", async () => {
    const { observe } = await connected();
    const seen: unknown[] = [];
    const owner = {
      handler: observe(function (this: unknown, ...args: never[]) {
        seen.push(this, ...args);
      }),
    };
    const given = [{ n: 1 }, lambdaContext(), { more: true }];
    await Reflect.apply(owner.handler, owner, given);
    expect(seen).toHaveLength(4);
    for (const [n, one] of [owner, ...given].entries()) expect(seen[n]).toBe(one);
  });

  test("it gets no more arguments than Lambda gives", async () => {
    const { observe } = await connected();
    const handler = observe((...args: number[]) => args.length);
    expect(await called(handler)).toBe(0);
    expect(await called(handler, 1)).toBe(1);
  });

  test("a class method keeps its object", async () => {
    const { observe } = await connected();
    class Shop {
      readonly #stock = 7;
      handler = observe(async () => this.#stock);
      method = observe(async function (this: Shop) {
        return this.#stock;
      });
    }
    const shop = new Shop();
    expect(await shop.handler()).toBe(7);
    expect(await shop.method()).toBe(7);
  });

  test.each([
    ["an object", { statusCode: 200 }],
    ["a frozen object", Object.freeze({ a: 1 })],
    ["undefined", undefined],
    ["null", null],
    ["an object with no prototype", Object.create(null) as object],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["a function", () => {}],
    ["a Map", new Map([["a", 1]])],
    ["bytes", new Uint8Array([1, 2])],
    ["an Error, returned", new Error("not thrown")],
    ["a revoked proxy", { proxy: revoked() }],
    [
      "an object whose statusCode cannot be read",
      {
        get statusCode() {
          return throwing("no status");
        },
      },
    ],
  ])("what it returns leaves as it is: %s", async (_what, result) => {
    const { observe } = await connected();
    for (const handler of [observe(async () => result), observe(() => result)])
      expect(await called(handler, HTTP_EVENT, lambdaContext())).toBe(result);
  });

  test("a thenable is awaited, as Lambda does", async () => {
    const { observe } = await connected();
    const result = { statusCode: 204 };
    // oxlint-disable-next-line unicorn/no-thenable -- the exotic return under test
    const handler = observe(() => ({ then: (done: (value: object) => void) => done(result) }));
    expect(await handler()).toBe(result);
  });

  test.each([
    ["an Error", new TypeError("boom")],
    ["a frozen Error", Object.freeze(new Error("frozen"))],
    ["undefined", undefined],
    ["null", null],
    ["a string", "text"],
    ["a symbol", Symbol("s")],
    ["a frozen object", Object.freeze({ code: 1 })],
    ["an object with no prototype", Object.create(null) as object],
    ["a revoked proxy", revoked()],
    ["an object whose text cannot be made", { toString: () => throwing("no text") }],
    ["an Error whose message cannot be read", withGetter(new Error("a"), "message")],
    ["an Error whose stack cannot be read", withGetter(new Error("a"), "stack")],
    ["an Error whose name is a number", Object.assign(new Error("a"), { name: 5 })],
    ["an Error without a stack", Object.assign(new Error("a"), { stack: undefined })],
    ["an Error whose message is an object", Object.assign(new Error("a"), { message: { deep: true } })],
  ])("what it throws leaves as it is, now or later: %s", async (_what, thrown) => {
    const { collector, observe, lines } = await connected();
    const now = observe(() => {
      throw thrown;
    });
    const later = observe(async () => {
      await Promise.resolve();
      throw thrown;
    });
    // Not by expect's toBe: it could not print some of them.
    expect(Object.is((await thrownBy(now)).thrown, thrown)).toBe(true);
    expect(Object.is((await thrownBy(later)).thrown, thrown)).toBe(true);
    expect(collector.spans.map(({ status }) => status?.code)).toEqual([2, 2]);
    expect(lines.map(({ outcome }) => outcome)).toEqual(["error", "error"]);
  });

  test("nothing is written on the error", async () => {
    const { observe } = await connected();
    const error = Object.assign(new Error("boom"), { code: "E_SHOP" });
    const before = Object.getOwnPropertyDescriptors(error);
    await thrownBy(observe(() => Promise.reject(error)));
    expect(Object.getOwnPropertyDescriptors(error)).toEqual(before);
  });

  test("a handler that throws at once rejects, and does not throw into Lambda", async () => {
    const { observe } = await connected();
    const handler = observe(() => throwing("at once"));
    let returned: unknown;
    expect(() => (returned = handler())).not.toThrow();
    await expect(returned).rejects.toThrow("at once");
  });

  const hostileEvent = (): object => withGetter(withGetter({}, "Records"), "requestContext");
  test.each([
    ["with getters that throw", hostileEvent()],
    ["that is a revoked proxy", revoked()],
    ["that is undefined", undefined],
    ["that is a list", [1]],
    ["that is a text", "hello"],
    ["with circles", circular()],
    ["with broken records", { Records: [null, 5, { eventSource: "aws:sqs" }] }],
    ["with an HTTP shape and nothing in it", { requestContext: { http: null, elb: 5 }, headers: 7, httpMethod: {} }],
  ])("an event %s reaches it", async (_what, event) => {
    const { observe } = await connected();
    const handler = observe(async (given: unknown) => ({ isSame: Object.is(given, event) }));
    expect(await handler(event)).toEqual({ isSame: true });
  });

  test.each([
    ["no context", undefined],
    ["an empty one", {}],
    ["one that throws", withGetter(withGetter({}, "awsRequestId"), "getRemainingTimeInMillis")],
    ["a clock that throws", { getRemainingTimeInMillis: () => throwing("no clock") }],
    ["a clock that is none", { getRemainingTimeInMillis: 5 }],
    ["an ARN that is none", { invokedFunctionArn: 5 }],
  ])("with %s it runs all the same", async (_what, context) => {
    const { observe } = await connected();
    const handler = observe(async (_event: unknown, given: unknown) => Object.is(given, context));
    expect(await handler({}, context)).toBe(true);
  });
});

describe("whoever looks at the handler sees the handler", () => {
  test.each([
    ["none", () => {}, 0],
    ["one", (_event: unknown) => {}, 1],
    ["two", (_event: unknown, _context: unknown) => {}, 2],
    ["a default", (_event: unknown, _context: unknown = {}) => {}, 1],
    ["the rest", (..._rest: never[]) => {}, 0],
  ])("its length stays: %s", async (_what, handler, length) => {
    const { observe } = await freshSdk();
    expect(observe(handler)).toHaveLength(length);
  });

  test("name and own properties stay", async () => {
    const { observe } = await freshSdk();
    const mark = Symbol("mark");
    const named = async function checkout(): Promise<void> {};
    const checkout = Object.assign(named, { config: { timeout: 5 }, [mark]: true });
    const observed = observe(checkout);
    expect(observed.name).toBe("checkout");
    expect(observed.config).toBe(checkout.config);
    expect(observed[mark]).toBe(true);
  });

  test("a frozen function is wrapped like any other", async () => {
    const { observe } = await freshSdk();
    expect(await observe(Object.freeze(async () => 5))()).toBe(5);
  });

  test("wrapping twice is wrapping once, also by another copy of this package", async () => {
    const { observe, secondCopy } = await freshSdk();
    const observed = observe(async () => {});
    const { observe: theirs } = await secondCopy();
    expect(observe(observed)).toBe(observed);
    expect(theirs(observed)).toBe(observed);
  });

  test("a callback handler keeps its three parameters, so that Node.js 24 refuses it as ever", async () => {
    const { observe, warnings } = await freshSdk();
    expect(observe((_event: unknown, _context: unknown, done: () => void): void => done())).toHaveLength(3);
    expect(warnings).toEqual([]);
  });

  test("a streaming handler keeps Lambda's marks, its highWaterMark too", async () => {
    const { observe } = await freshSdk();
    const marks = {
      [Symbol.for("aws.lambda.runtime.handler.streaming")]: "response",
      [Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark")]: 4_096,
    };
    const handler = async (_event: unknown, _stream: unknown, _context: unknown): Promise<void> => {};
    const observed = observe(Object.assign(handler, marks));
    expect(observed).toMatchObject(marks);
    expect(observed).toHaveLength(3);
  });

  test.each([undefined, null, 5, {}, "handler"])("%s is no handler; Lambda may say so", async (value) => {
    const { observe } = await freshSdk();
    expect(Reflect.apply(observe, undefined, [value])).toBe(value);
  });

  test("switched off by OTEL_SDK_DISABLED, it is the handler itself", async () => {
    const { observe } = await freshSdk({ OTEL_SDK_DISABLED: "true" });
    const handler = async (): Promise<void> => {};
    expect(observe(handler)).toBe(handler);
  });
});

describe("what arrives", () => {
  test("one span and one end line for each invocation, before the result", async () => {
    const { collector, observe } = await connected();
    const handler = observe(async (_event: object, _context: object) => "done");
    await handler({}, lambdaContext("r-1"));
    expect(collector.spans).toHaveLength(1);
    expect(collector.logs).toHaveLength(1);
    await handler({}, lambdaContext("r-2"));
    expect(collector.spans.map(({ attributes }) => attributes["faas.invocation_id"])).toEqual(["r-1", "r-2"]);
    expect(collector.spans.map(({ attributes }) => attributes["faas.coldstart"])).toEqual([true, false]);
  });

  test("the end line says how it went, with the invocation's ids", async () => {
    const { collector, observe, lines } = await connected();
    const handler = observe(async (_event: object, _context: object) => throwing("boom"));
    await thrownBy(() => handler({}, lambdaContext("r-1")));
    const { traceId, spanId } = invocationSpan(collector);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: "ERROR",
      message: "invocation end",
      requestId: "r-1",
      traceId,
      spanId,
      outcome: "error",
      errorCode: "Error",
    });
    expect(lines[0]?.["durationMs"]).toBeTypeOf("number");
  });

  test("MAYFLY_END_LINE=off leaves the end line out", async () => {
    const { observe, lines } = await connected({ MAYFLY_END_LINE: "off" });
    await observe(async () => {})();
    expect(lines).toEqual([]);
  });

  test("what was thrown is on the span: type, message, stack", async () => {
    const { collector, observe } = await connected();
    await thrownBy(observe(() => throwing("boom")));
    const span = invocationSpan(collector);
    expect(span.attributes["error.type"]).toBe("Error");
    expect(span.status).toEqual({ code: 2, message: "boom" });
    expect(span.events.map(({ name }) => name)).toEqual(["exception"]);
    expect(span.events[0]?.attributes.map(({ key }) => key)).toEqual([
      "exception.type",
      "exception.message",
      "exception.stacktrace",
    ]);
  });

  test("what caused it is on the span too", async () => {
    const { collector, observe } = await connected();
    await thrownBy(
      observe(async () => {
        throw new Error("order failed", { cause: new RangeError("socket closed") });
      }),
    );
    const [exception] = invocationSpan(collector).events;
    expect(attributesToPlain(exception?.attributes ?? [])["exception.stacktrace"]).toContain(
      "\ncaused by: RangeError: socket closed\n",
    );
  });

  test.each([
    [200, 0],
    [404, 0],
    [500, 2],
    [503, 2],
  ])("an HTTP answer of %i gives the span the status %i", async (statusCode, code) => {
    const { collector, observe } = await connected();
    await observe(async (_event: object) => ({ statusCode }))(HTTP_EVENT);
    const span = invocationSpan(collector);
    expect(span.attributes["http.response.status_code"]).toBe(statusCode);
    expect(span.status?.code ?? 0).toBe(code);
  });

  test("a statusCode is only read where the trigger is HTTP", async () => {
    const { collector, observe } = await connected();
    await observe(async () => ({ statusCode: 500 }))();
    expect(invocationSpan(collector).attributes).not.toHaveProperty("http.response.status_code");
  });

  test("invocations side by side keep their ids, lines and annotations apart", async () => {
    const { collector, observe, annotate, logger, lines } = await connected();
    let arrived = 0;
    let open: () => void = () => {};
    const bothAreThere = new Promise<void>((resolve) => (open = resolve));
    const handler = observe(async ({ orderId }: { orderId: string }, _context: object) => {
      annotate({ orderId });
      if (++arrived === 2) open();
      await bothAreThere;
      logger.info("work");
    });
    await Promise.all([
      handler({ orderId: "o-1" }, lambdaContext("r-1")),
      handler({ orderId: "o-2" }, lambdaContext("r-2")),
    ]);
    const pairs = (all: readonly { requestId: unknown; orderId: unknown }[]): string[] =>
      all.map(({ requestId, orderId }) => `${String(requestId)} ${String(orderId)}`).toSorted();
    expect(pairs(lines.map(({ requestId, orderId }) => ({ requestId, orderId })))).toEqual([
      "r-1 o-1",
      "r-1 o-1",
      "r-2 o-2",
      "r-2 o-2",
    ]);
    expect(
      pairs(
        collector.spans.map(({ attributes }) => ({
          requestId: attributes["faas.invocation_id"],
          orderId: attributes["orderId"],
        })),
      ),
    ).toEqual(["r-1 o-1", "r-2 o-2"]);
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(2);
  });

  test("of thirty invocations at once each has its own span, parent of its own work, and its own lines", async () => {
    const { collector, observe, logger, lines, span } = await connected();
    const ids = Array.from({ length: 30 }, (_, n) => `r-${n}`);
    const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
    const handler = observe(async ({ turns }: { turns: number }, { awsRequestId }: { awsRequestId: string }) => {
      for (let n = 0; n < turns; n += 1) await turn();
      await span(awsRequestId, turn);
      logger.info(awsRequestId);
    });
    await Promise.all(ids.map((id, n) => handler({ turns: (n * 7) % 30 }, lambdaContext(id))));
    await expect.poll(() => collector.spans.length).toBe(60);
    const works = collector.spans.filter(({ name }) => name !== "checkout");
    expect(works.map(({ parentSpanId }) => requestOf(collector, parentSpanId))).toEqual(works.map(({ name }) => name));
    const told = lines.filter(({ message }) => message !== "invocation end");
    expect(told.map(({ message }) => message)).toHaveLength(30);
    expect(told.map(({ requestId }) => requestId)).toEqual(told.map(({ message }) => message));
  });

  test("another copy's logger, annotate and span work for the invocation that this copy began", async () => {
    const { collector, observe, lines, secondCopy } = await connected();
    const theirs = await secondCopy();
    const handler = observe(async (_event: object, _context: object) => {
      theirs.annotate({ orderId: "o-1" });
      theirs.span("work", () => theirs.logger.info("hello"));
    });
    await handler({}, lambdaContext("r-1"));
    expect(lines[0]).toMatchObject({ message: "hello", requestId: "r-1", orderId: "o-1" });
    const invocation = invocationSpan(collector);
    expect(invocation.attributes["orderId"]).toBe("o-1");
    expect(collector.spans.find(({ name }) => name === "work")?.parentSpanId).toBe(invocation.spanId);
    expect(collector.logs).toHaveLength(2);
  });
});

describe("a collector that is away", () => {
  test.each([503, 400, "never", "unending"] as const)(
    "answering %s, changes neither result nor error",
    async (answer) => {
      const collector = await startCollector(answer);
      const { observe } = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, MAYFLY_FLUSH_BUDGET_MS: "50" });
      const result = { ok: true };
      expect(await observe(async () => result)()).toBe(result);
      const error = new Error("boom");
      expect((await thrownBy(observe(() => Promise.reject(error)))).thrown).toBe(error);
    },
  );

  test("is asked once, and not again for each invocation; then its return is told what was lost", async () => {
    const collector = await startCollector("never");
    const { observe, state } = await freshSdk({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      MAYFLY_FLUSH_BUDGET_MS: "50",
      MAYFLY_PROBE_INTERVAL_MS: "60000",
    });
    const handler = observe(async () => "done");
    for (let n = 0; n < 20; n += 1) await handler();
    expect(collector.paths).toHaveLength(2); // spans and lines of the first
    expect(state().sender.counters()).toMatchObject({ flushTimeouts: 1, breakerOpened: 1, droppedSpans: 0 });
  });

  test("and comes back: the next invocation's probe brings all, with what went wrong on the later spans", async () => {
    const collector = await startCollector(503);
    const { observe, state } = await freshSdk({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      MAYFLY_PROBE_INTERVAL_MS: "0",
    });
    const handler = observe(async (_event: object, _context: object) => "done");
    await handler({}, lambdaContext("r-1"));
    collector.answer = 200;
    await handler({}, lambdaContext("r-2"));
    await expect.poll(() => collector.spans.length).toBe(1);
    await handler({}, lambdaContext("r-3"));
    await expect.poll(() => collector.spans.length).toBe(3);
    expect(collector.spans.map(({ attributes }) => attributes["faas.invocation_id"])).toEqual(["r-1", "r-2", "r-3"]);
    expect(collector.spans[1]?.attributes).toMatchObject({
      "mayfly.sdk.flush_failures": 1,
      "mayfly.sdk.breaker_opened": 1,
    });
    expect(state().sender.counters().droppedSpans).toBe(0);
  });

  test("with no endpoint at all nothing is sent, and lines still go to stdout", async () => {
    const { observe, lines } = await freshSdk();
    expect(await observe(async () => 5)()).toBe(5);
    expect(lines.map(({ message }) => message)).toEqual(["invocation end"]);
  });

  test("with less than the reserve left, nothing is sent, and the next invocation brings it", async () => {
    const { collector, observe } = await connected({ MAYFLY_TIMEOUT_MARGIN_MS: "0" });
    const handler = observe(async (_event: object, _context: object) => {});
    await handler({}, lambdaContext("r-1", 50));
    expect(collector.paths).toEqual([]);
    await handler({}, lambdaContext("r-2", 60_000));
    expect(collector.spans).toHaveLength(2);
  });
});

test("the handler's type is exactly kept", async () => {
  const { observe } = await freshSdk();
  const asyncHandler = async (event: { id: string }): Promise<{ ok: boolean }> => ({ ok: event.id !== "" });
  expectTypeOf(observe(asyncHandler)).toEqualTypeOf<typeof asyncHandler>();
  const syncHandler = (event: { id: string }, _context: Context): number => event.id.length;
  expectTypeOf(observe(syncHandler)).toEqualTypeOf<(event: { id: string }, context: Context) => number>();
  const generic = async <T>(event: T): Promise<T> => event;
  const stillGeneric: <T>(event: T) => Promise<T> = observe(generic);
  expectTypeOf(await stillGeneric("event" as const)).toEqualTypeOf<"event">();
  const bound = function (this: { db: string }): string {
    return this.db;
  };
  expectTypeOf(observe(bound)).toEqualTypeOf<(this: { db: string }) => string>();
  class Shop {
    async handle(event: { id: string }, _context: Context): Promise<string> {
      return event.id;
    }
  }
  // oxlint-disable-next-line typescript/unbound-method -- only its type is looked at
  expectTypeOf(observe(Shop.prototype.handle)).toEqualTypeOf<
    (event: { id: string }, context: Context) => Promise<string>
  >();
  const byCallback = (_event: object, _context: Context, done: Callback<number>): void => done(null, 1);
  expectTypeOf(observe(byCallback)).toEqualTypeOf<typeof byCallback>();
  const streaming = async (_event: object, stream: Writable, _context: Context): Promise<void> => void stream.end();
  expectTypeOf(observe(streaming)).toEqualTypeOf<typeof streaming>();
  const marked: StreamifyHandler<object, void> = streaming;
  expectTypeOf(observe(marked)).toEqualTypeOf<StreamifyHandler<object, void>>();
  const withState = Object.assign(async () => {}, { warm: true });
  expectTypeOf(observe(withState)).toEqualTypeOf<(() => Promise<void>) & { warm: boolean }>();
  expectTypeOf(observe<SQSHandler>).returns.toEqualTypeOf<SQSHandler>();
  expectTypeOf(observe<APIGatewayProxyHandler>).returns.toEqualTypeOf<APIGatewayProxyHandler>();
  expectTypeOf(
    observe(async (_event: APIGatewayProxyEventV2): Promise<SQSBatchResponse> => ({ batchItemFailures: [] })),
  ).toEqualTypeOf<(event: APIGatewayProxyEventV2) => Promise<SQSBatchResponse>>();
  // @ts-expect-error -- no function, no handler
  observe({});
});

const HTTP_EVENT = {
  version: "2.0",
  routeKey: "GET /orders",
  rawPath: "/orders",
  headers: {},
  requestContext: { http: { method: "GET", path: "/orders" } },
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function withGetter<T extends object>(object: T, name: string): T {
  return Object.defineProperty(object, name, { get: () => throwing(`${name} cannot be read`), enumerable: true });
}

function circular(): object {
  const one: Record<string, unknown> = {};
  one["self"] = one;
  return one;
}
