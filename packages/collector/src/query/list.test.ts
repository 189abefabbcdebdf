import { expect, test } from "vitest";
import { START, batch, span } from "../../test/builders.ts";
import { arrived, at, stored } from "../../test/stitched.ts";
import { WALK_BOUNDS } from "./find.ts";
import { parseQuery } from "./parse.ts";

const names = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

test("a trace that fills a graph by itself hides no other from the list, and says that it was cut", async () => {
  const { list } = await arrived(
    [
      names(8, "before").map((name, n) => span(name, { trace: name, at: at(n) })),
      [
        span("loop", { trace: "loop", at: at(20) }),
        ...names(80, "turn").map((name) => span(name, { trace: "loop", parent: "loop", at: at(20) })),
      ],
      names(8, "after").map((name, n) => span(name, { trace: name, at: at(40 + n) })),
    ],
    { ...WALK_BOUNDS, maxSpans: 50 },
  );
  const { traces } = await list({ limit: 100 });
  expect(traces.map((row) => row.name).toSorted()).toEqual(
    [...names(8, "before"), "loop", ...names(8, "after")].toSorted(),
  );
  expect(traces.filter((row) => row.truncated).map((row) => row.name)).toEqual(["loop"]);
});

test("ten thousand units of one trace are one row, in work that grows with their number", async () => {
  const units = names(10_000, "task").map((name, n) =>
    span(name, { in: "task", environment: String(n % 50), request: name, at: at(n) }),
  );
  const { list } = await arrived([units]);
  const { traces } = await list({ limit: 10 });
  expect(traces).toMatchObject([{ name: "task 0", spanCount: 10_000 }]);
});

test("ten thousand orphans of one trace are one row", async () => {
  const orphans = names(10_000, "orphan").map((name, n) =>
    span(name, { parent: "gone", isRemote: true, environment: String(n % 50), request: name, at: at(n) }),
  );
  const { list } = await arrived([orphans]);
  const { traces } = await list({ limit: 10 });
  expect(traces).toMatchObject([{ name: "orphan 0", spanCount: 10_000 }]);
});

test("a trace ahead of our clock starts when it says", async () => {
  const { list } = await stored(span("ahead", { at: [7_200_000, 7_200_001] }));
  const { traces } = await list({ limit: 1 });
  expect(traces).toMatchObject([{ startTimeUnixNano: String(START + 7_200_000_000_000n), durationNs: 1_000_000 }]);
});

test("a span without a start does not make its trace begin in 1970", async () => {
  const absent = span("absent", { parent: "root", at: at(5, 9) });
  const { endTimeUnixNano: start } = absent.wire; // as normalizing reads it
  const { list } = await arrived([
    [span("root", { at: at(0, 10) }), { ...absent, start, wire: { ...absent.wire, startTimeUnixNano: 0n } }],
  ]);
  const { traces } = await list({ limit: 1 });
  expect(traces).toMatchObject([{ startTimeUnixNano: String(START), durationNs: 10_000_000 }]);
});

test("text is found in names, ids, statuses, events, and in values of every kind", async () => {
  const plain = span("plain", { trace: "other", produces: ["sqs-message m"] });
  const rich = span("rich", {});
  const { list } = await stored(plain, {
    ...rich,
    wire: {
      ...rich.wire,
      attributes: [
        { key: "http.response.status_code", value: { intValue: 503n } },
        {
          key: "mayfly.keys.produced",
          value: { arrayValue: { values: [{ stringValue: "sqs-message||needle-key" }] } },
        },
      ],
      status: { code: 2, message: "needle-status" },
      events: [
        {
          timeUnixNano: START,
          name: "exception",
          attributes: [{ key: "exception.message", value: { stringValue: "needle-exception" } }],
          droppedAttributesCount: 0,
        },
      ],
    },
  });
  for (const q of ["RICH", "503", "needle-key", "needle-status", "needle-exception", rich.spanId]) {
    const { traces } = await list({ limit: 10, query: parseQuery(q) });
    expect(
      traces.map((row) => row.name),
      q,
    ).toEqual(["rich"]);
  }
});

test("pages neither repeat nor skip a row while data arrives between them", async () => {
  const { list, store } = await arrived([names(12, "order").map((name, n) => span(name, { trace: name, at: at(n) }))]);
  const first = await list({ limit: 5 });
  await store.append(batch([span("newer", { trace: "newer", at: at(100) })]));
  const second = await list({ limit: 50, ...(first.next && { after: first.next }) });
  expect([...first.traces, ...second.traces].map((row) => row.name)).toEqual(names(12, "order").toReversed());
});
