import { expect, test } from "vitest";
import { exposition, histogramExposition, type Metric } from "./exposition.ts";
import { createMeters } from "./meters.ts";
import { METRICS } from "./metrics.ts";

const metric: Metric = { name: "m_total", type: "counter", help: "With \\ and\nmore.", labels: ["code"] };

test("what is special in a label or a help is escaped", () => {
  expect(exposition(metric, [{ labels: ['a "b"\n\\'], value: 3 }])).toBe(
    String.raw`# HELP m_total With \\ and\nmore.` +
      "\n# TYPE m_total counter\n" +
      String.raw`m_total{code="a \"b\"\n\\"} 3` +
      "\n",
  );
});

test("a metric without samples still says what it is", () => {
  expect(exposition({ ...metric, help: "h" }, [])).toBe("# HELP m_total h\n# TYPE m_total counter\n");
});

test("a histogram is cumulative and ends with what all are below", async () => {
  const meters = createMeters();
  for (const seconds of [0.001, 0.002, 0.3, 60]) meters.answered("GET", "/x", 200, seconds);
  const text = histogramExposition(
    { ...metric, name: "h", type: "histogram", labels: ["route"] },
    meters.httpSeconds(),
  );
  const value = (line: string): string | undefined =>
    text
      .split("\n")
      .find((one) => one.startsWith(line))
      ?.split(" ")[1];
  expect(value('h_bucket{route="/x",le="0.001"}')).toBe("1");
  expect(value('h_bucket{route="/x",le="0.0025"}')).toBe("2");
  expect(value('h_bucket{route="/x",le="0.5"}')).toBe("3");
  expect(value('h_bucket{route="/x",le="10"}')).toBe("3");
  expect(value('h_bucket{route="/x",le="+Inf"}')).toBe("4");
  expect(value('h_count{route="/x"}')).toBe("4");
  expect(Number(value('h_sum{route="/x"}'))).toBeCloseTo(60.303);
});

test("what waits for the store is counted until it is on disk or refused", async () => {
  const meters = createMeters();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const both = Promise.allSettled([meters.appending(first.promise), meters.appending(second.promise)]);
  expect(meters.appendQueue).toBe(2);
  first.resolve();
  second.reject(new Error("full"));
  expect((await both).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(meters.appendQueue).toBe(0);
  expect(meters.appendSeconds.counts.reduce((sum, count) => sum + count)).toBe(2);
});

test("names follow Prometheus' conventions", () => {
  for (const { name, type, help } of Object.values<Metric>(METRICS)) {
    expect(name).toMatch(/^(mayfly|process|nodejs)_[a-z0-9_]+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(help).toMatch(/\.$/);
    if (type === "histogram") expect(name).toMatch(/_seconds$/);
  }
  expect(new Set(Object.values(METRICS).map(({ name }) => name)).size).toBe(Object.keys(METRICS).length);
});
