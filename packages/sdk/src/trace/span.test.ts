import { trace } from "@opentelemetry/api";
import { expect, expectTypeOf, test } from "vitest";
import { startCollector } from "../../test/collector.ts";
import { freshSdk } from "../../test/fresh-sdk.ts";

/** The spans of one invocation whose handler is `work`, by name. */
const spansOf = async (work: (sdk: Awaited<ReturnType<typeof freshSdk>>) => unknown) => {
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

test("OpenTelemetry's own objects work unchanged inside", async () => {
  const spans = await spansOf(({ span }) =>
    span("ours", () => trace.getActiveSpan()?.setAttribute("by.api", true).addEvent("noted")),
  );
  expect(spans.get("ours")).toMatchObject({ attributes: { "by.api": true }, events: [{ name: "noted" }] });
});

test("a disabled SDK only runs the function", async () => {
  const { span, state } = await freshSdk({ OTEL_SDK_DISABLED: "true" });
  expect(span("x", () => 5)).toBe(5);
  expect(state().spans.open.size).toBe(0);
});
