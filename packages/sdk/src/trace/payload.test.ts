import { anything, assert, property } from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { startCollector } from "../../test/collector.ts";
import { freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";
import { createRedact } from "../redact.ts";
import { boundedJson } from "./payload.ts";

const BOTH = { MAYFLY_CAPTURE_PAYLOAD: "event,result" };

interface Invoked {
  readonly env?: Readonly<Record<string, string>>;
  readonly event?: unknown;
  readonly work?: (event: never) => unknown;
}

/** The span of one invocation. */
const invoked = async ({ env = BOTH, event = {}, work = () => {} }: Invoked) => {
  const collector = await startCollector();
  const sdk = await freshSdk({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
  const handler = sdk.observe(async (given: never, _context: object) => work(given));
  const result: unknown = await handler(event as never, lambdaContext()).catch(() => {});
  const attributes: Readonly<Record<string, unknown>> = collector.spans.at(-1)?.attributes ?? {};
  return {
    event: attributes["mayfly.payload.event"],
    result: attributes["mayfly.payload.result"],
    attributes,
    returned: result,
  };
};

const redact = (keys: readonly string[] = [], isRedacting = true) => createRedact({ isRedacting, redactKeys: keys });
const json = (value: unknown, maxBytes = 4_096): string => boundedJson(value, maxBytes, redact());

describe("MAYFLY_CAPTURE_PAYLOAD", () => {
  test("is off by default", async () => {
    const { event, result } = await invoked({ env: {}, event: { a: 1 }, work: () => 5 });
    expect([event, result]).toEqual([undefined, undefined]);
  });

  test.each([
    ["event,result", '{"a":1}', '{"b":[2,null]}'],
    ["event", '{"a":1}', undefined],
    ["Result", undefined, '{"b":[2,null]}'],
  ])("%s stands on the invocation's span, as JSON", async (what, event, result) => {
    const captured = await invoked({
      env: { MAYFLY_CAPTURE_PAYLOAD: what },
      event: { a: 1 },
      work: () => ({ b: [2, null] }),
    });
    expect([captured.event, captured.result]).toEqual([event, result]);
  });

  test("the event is told as it came, whatever the handler does to it", async () => {
    const { event } = await invoked({ event: { a: 1 }, work: (given: { a: number }) => void (given.a = 2) });
    expect(event).toBe('{"a":1}');
  });

  test("of a failure there is the event and no result", async () => {
    const { event, attributes } = await invoked({
      event: { a: 1 },
      work: () => {
        throw new Error("boom");
      },
    });
    expect(event).toBe('{"a":1}');
    expect(attributes).not.toHaveProperty("mayfly.payload.result");
  });

  test("is detail: an invocation that is not sampled has none, unless a rule keeps it", async () => {
    const env = { ...BOTH, OTEL_TRACES_SAMPLER: "always_off", MAYFLY_KEEP: "error" };
    expect((await invoked({ env, event: { a: 1 } })).attributes).not.toHaveProperty("mayfly.payload.event");
    const failed = await invoked({ env, event: { a: 1 }, work: () => Promise.reject(new Error("boom")) });
    expect(failed.event).toBe('{"a":1}');
  });

  test("a value that makes no sense is said, and nothing is captured", async () => {
    const { event } = await invoked({ env: { MAYFLY_CAPTURE_PAYLOAD: "everything" }, event: { a: 1 } });
    expect(event).toBeUndefined();
  });
});

describe("secrets do not leave", () => {
  test("by name, by path, by form, and within a body that is text", async () => {
    const { event, attributes } = await invoked({
      env: { ...BOTH, MAYFLY_REDACT_KEYS: "customer.name,ssn" },
      event: {
        headers: { authorization: "Bearer abc.def.ghi12345", host: "shop" },
        body: JSON.stringify({ card: "4111 1111 1111 1111", password: "hunter2", ssn: "078-05-1120" }),
        customer: { name: "Jane", city: "Oslo" },
        other: { name: "lamp" },
        cards: [4_111_111_111_111_111],
        tokens: ["s3cret"],
        orderId: "4111111111111111",
      },
    });
    expect(JSON.parse(String(event))).toEqual({
      headers: { authorization: "[redacted]", host: "shop" },
      body: '{"card":"[redacted]","password":"[redacted]","ssn":"[redacted]"}',
      customer: { name: "[redacted]", city: "Oslo" },
      other: { name: "lamp" },
      cards: ["[redacted]"],
      tokens: "[redacted]",
      orderId: "4111111111111111",
    });
    expect(attributes["mayfly.sdk.redacted"]).toBe(7);
  });

  test("nor is one cut where it is not known for one any more", () => {
    const card = "4111 1111 1111 1111";
    for (let at = 30; at < 64; at += 1)
      for (const tail of ["", ` ${"y".repeat(1_000)}`]) {
        const text = boundedJson(`${"x".repeat(at)} ${card}${tail}`, 64, redact());
        expect(text).not.toMatch(/4\d{3} 1/);
      }
  });

  test("MAYFLY_REDACT=off leaves them", () => {
    expect(boundedJson({ password: "hunter2" }, 100, redact([], false))).toBe('{"password":"hunter2"}');
  });
});

describe("a payload harms nobody", () => {
  class Order {
    readonly id = 1;
    readonly #secret = 2;
    get sum(): number {
      return this.#secret;
    }
  }
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const self: Record<string, unknown> = { a: 1 };
  self["self"] = self;
  const same = { a: 1 };

  test.each<[string, unknown, string]>([
    ["undefined", undefined, "null"],
    ["null", null, "null"],
    ["NaN", Number.NaN, "null"],
    ["a text", 'a "b"\n', String.raw`"a \"b\"\n"`],
    ["a circle", self, '{"a":1,"self":"[circular]"}'],
    ["the same twice", [same, same], '[{"a":1},{"a":1}]'],
    ["a bigint", [5n, 2n ** 70n], '[5,"[bigint]"]'],
    ["a date", [new Date(0), new Date(Number.NaN)], '["1970-01-01T00:00:00.000Z",null]'],
    ["bytes", { body: Buffer.from("secret") }, '{"body":"[6 bytes]"}'],
    ["functions and symbols", { a: () => {}, b: Symbol("b"), c: undefined, d: [() => {}] }, '{"d":[null]}'],
    ["an object of a class", new Order(), '{"id":1}'],
    ["a Map", new Map([["a", 1]]), "{}"],
    ["no prototype", Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ["a hole", Array.from({ length: 2 }), "[null,null]"],
    ["a revoked proxy", proxy, '"[unreadable]"'],
    ["a lone surrogate", "a\ud800b", String.raw`"a\ud800b"`],
  ])("%s", (_what, value, expected) => {
    expect(json(value)).toBe(expected);
  });

  test("no getter and no toJSON of the application runs", () => {
    const called = vi.fn<() => unknown>();
    const value = { get a() { return called(); }, b: { toJSON: called, c: 1 } }; // prettier-ignore
    expect(json(value)).toBe('{"a":"[getter]","b":{"c":1}}');
    expect(called).not.toHaveBeenCalled();
  });

  test("what is too deep is named, not followed", () => {
    expect(json(deep(1_000))).toBe(`${'{"a":'.repeat(20)}"[deeper]"${"}".repeat(20)}`);
  });

  test("whatever it is: text, within the bound, of JSON unless it was cut", () => {
    assert(
      property(
        anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withTypedArray: true,
          withNullPrototype: true,
          maxDepth: 5,
        }),
        (value) => {
          for (const maxBytes of [64, 4_096]) {
            const text = json(value, maxBytes);
            expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
            if (!text.endsWith(" [cut]")) expect(() => void JSON.parse(text)).not.toThrow();
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("MAYFLY_PAYLOAD_MAX_BYTES is in bytes, and no character is cut in two", async () => {
    const { event } = await invoked({ env: { ...BOTH, MAYFLY_PAYLOAD_MAX_BYTES: "64" }, event: "ö".repeat(100) });
    expect(event).toMatch(/^"ö+ \[cut\]$/);
    expect(Buffer.byteLength(String(event))).toBeLessThanOrEqual(64);
  });

  test("by default that is 4 KiB", async () => {
    const { event: byDefault } = await invoked({ event: "x".repeat(100_000) });
    expect(Buffer.byteLength(String(byDefault))).toBe(4_096);
  });

  test("of a huge payload no more is read than is kept", () => {
    let reads = 0;
    const counted = new Proxy(
      Array.from({ length: 1_000_000 }, () => "x"),
      { get: (target, key, receiver) => ((reads += 1), Reflect.get(target, key, receiver) as unknown) },
    );
    expect(json({ records: counted })).toMatch(/^\{"records":\["x","x".+ \[cut\]$/);
    expect(reads).toBeLessThan(10_000);
    const text = "y".repeat(50_000_000);
    const redacting = vi.fn<(name: string, path: string, value: unknown) => unknown>((_name, _path, value) => value);
    boundedJson({ text }, 4_096, { ...redact(), field: redacting });
    for (const [, , value] of redacting.mock.calls)
      if (typeof value === "string") expect(value.length).toBeLessThan(5_000);
  });

  test("what the handler gets and gives is the very same", async () => {
    const event = Object.freeze({ a: Object.freeze([1]) });
    const result = Object.freeze({ password: "hunter2" });
    let given: unknown;
    const { returned } = await invoked({ event, work: (one) => ((given = one), result) });
    expect(given).toBe(event);
    expect(returned).toBe(result);
  });
});
