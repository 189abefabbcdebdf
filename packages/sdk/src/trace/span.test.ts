import { trace } from "@opentelemetry/api";
import { expect, expectTypeOf, test } from "vitest";
import { startCollector } from "../../test/collector.ts";
import { type FreshSdk, freshSdk } from "../../test/fresh-sdk.ts";

/** The spans of one invocation whose handler is `work`, by name. */
const spansOf = async (work: (sdk: FreshSdk) => unknown) => {
  const collector = await startCollector();
  const sdk = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await sdk.observe(async () => void (await work(sdk)))();
  return new Map(collector.spans.map((span) => [span.name, span]));
};

test("a sync function gives its value at once, an async one a promise of it", async () => {
  const { span } = await freshSdk();
  const value = { a: 1 };
  const now = span("now", () => value);
  expectTypeOf(now).toEqualTypeOf<{ a: number }>();
  expect(now).toBe(value);
  const later = span("later", async () => value);
  expectTypeOf(later).toEqualTypeOf<Promise<{ a: number }>>();
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe(value);
});

test("spans nest, with their attributes", async () => {
  const spans = await spansOf(({ span }) =>
    span("outer", async () => span("inner", async () => {}, { sku: "lamp", n: 2, isLast: true })),
  );
  const [outer, inner] = [spans.get("outer"), spans.get("inner")];
  expect(inner).toMatchObject({ parentSpanId: outer?.spanId, traceId: outer?.traceId, kind: 1 });
  expect(outer?.parentSpanId).toBe(spans.get("checkout")?.spanId);
  expect(inner?.attributes).toEqual({ sku: "lamp", n: 2, isLast: true });
});

test("spans side by side do not become each other's parents", async () => {
  const spans = await spansOf(({ span }) =>
    Promise.all(["a", "b"].map((name) => span(name, async () => span(`in ${name}`, async () => {})))),
  );
  expect(spans.get("in a")?.parentSpanId).toBe(spans.get("a")?.spanId);
  expect(spans.get("in b")?.parentSpanId).toBe(spans.get("b")?.spanId);
  expect(spans.get("b")?.parentSpanId).toBe(spans.get("a")?.parentSpanId);
});

test("what is thrown is on the span and leaves untouched, now or later", async () => {
  const error = Object.freeze(new RangeError("too far"));
  const spans = await spansOf(async ({ span }) => {
    expect(() =>
      span("now", () => {
        throw error;
      }),
    ).toThrow(error);
    await expect(span("later", () => Promise.reject(error))).rejects.toBe(error);
  });
  for (const name of ["now", "later"]) {
    expect(spans.get(name)).toMatchObject({ status: { code: 2, message: "too far" }, events: [{ name: "exception" }] });
    expect(spans.get(name)?.attributes["error.type"]).toBe("RangeError");
  }
  expect(spans.get("checkout")?.status?.code ?? 0).toBe(0);
});

test("a thenable that is no promise is given back untouched", async () => {
  const { span } = await freshSdk();
  let asked = 0;
  // oxlint-disable-next-line unicorn/no-thenable -- a lazy query builder, which runs when it is awaited
  const query = { then: () => (asked += 1) };
  expect(span("query", () => query) === query).toBe(true);
  expect(asked).toBe(0);
});

/** Runs when it is awaited, each time anew, as query builders do; what it does is in a span of its own. */
const lazy = ({ span }: FreshSdk, run: () => Promise<string>) => {
  const query = {
    runs: 0,
    // oxlint-disable-next-line unicorn/no-thenable -- that is what it is
    then(onFulfilled?: (rows: string) => unknown, onRejected?: (error: unknown) => unknown): Promise<unknown> {
      query.runs += 1;
      return span("wire", run).then(onFulfilled, onRejected);
    },
  };
  return query;
};

test("a query builder's span lasts from its making to its answer, with what it does below it", async () => {
  const steps: string[] = [];
  const spans = await spansOf(async (sdk) => {
    const query = lazy(sdk, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      steps.push("answered");
      return "rows";
    });
    const started = sdk.span("query", () => query);
    steps.push(`${query.runs} runs`);
    expect(await started).toBe("rows");
    expect(query.runs).toBe(1);
    sdk.span("after", () => {});
  });
  expect(steps).toEqual(["0 runs", "answered"]);
  const [query, wire, after] = ["query", "wire", "after"].map((name) => spans.get(name));
  expect(wire?.parentSpanId).toBe(query?.spanId);
  expect(after?.parentSpanId).toBe(query?.parentSpanId);
  expect(query?.endTimeUnixNano).toBeGreaterThanOrEqual(wire?.endTimeUnixNano ?? Number.POSITIVE_INFINITY);
});

test("a query builder's error is on its span and is thrown where it was awaited", async () => {
  const error = new RangeError("no table");
  const spans = await spansOf(async (sdk) => {
    await expect(sdk.span("query", () => lazy(sdk, () => Promise.reject(error)))).rejects.toBe(error);
  });
  expect(spans.get("query")).toMatchObject({ status: { code: 2, message: "no table" } });
});

test("a query builder that is awaited again runs again, and is as it was made", async () => {
  await spansOf(async (sdk) => {
    const query = lazy(sdk, async () => "rows");
    const made = Object.getOwnPropertyDescriptors(query);
    sdk.span("query", () => query);
    expect([await query, await query]).toEqual(["rows", "rows"]);
    expect(Object.getOwnPropertyDescriptors(query)).toEqual({ ...made, runs: { ...made.runs, value: 2 } });
  });
});

test("callbacks of a query builder run where they were given, not inside its span", async () => {
  const spans = await spansOf((sdk) =>
    sdk
      .span("query", () => lazy(sdk, async () => "rows"))
      .then(() => {
        sdk.span("callback", () => {});
      }),
  );
  expect(spans.get("callback")?.parentSpanId).toBe(spans.get("query")?.parentSpanId);
});

test("a thenable that cannot be changed is given back all the same", async () => {
  const spans = await spansOf((sdk) => {
    const query = Object.freeze(lazy(sdk, async () => "rows"));
    expect(sdk.span("query", () => query) === query).toBe(true);
  });
  expect(spans.has("query")).toBe(true);
});

test("OpenTelemetry's own objects work unchanged inside", async () => {
  const spans = await spansOf(({ span }) =>
    span("ours", () => trace.getActiveSpan()?.setAttribute("by.api", true).addEvent("noted")),
  );
  expect(spans.get("ours")).toMatchObject({ attributes: { "by.api": true }, events: [{ name: "noted" }] });
});

test("a disabled SDK only runs the function", async () => {
  const { span } = await freshSdk({ OTEL_SDK_DISABLED: "true" });
  expect(span("x", () => [5, trace.getActiveSpan()])).toEqual([5, undefined]);
});
