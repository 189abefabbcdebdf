/** Critical path and self times as they are told, in span names and milliseconds after the beginning. */
import { expect, test } from "vitest";
import { seen, span } from "../../test/builders.ts";
import { at, coldHop, stored } from "../../test/stitched.ts";
import type { SpanRecord } from "../model/span.ts";
import { headFacts } from "../query/head.ts";
import { findTrace } from "../query/find.ts";
import { timesOf } from "./path-view.ts";

const MS = 1_000_000;

const timesIn = async (id: string, ...spans: readonly SpanRecord[]) => {
  const { store } = await stored(...spans);
  const found = await findTrace(store, id);
  if (found === undefined) throw new Error(`nothing has the id ${id}`);
  const { start, durationNs } = headFacts(found.trace);
  const { criticalPath, selfTimeOf } = timesOf(found.trace, start);
  const all = found.trace.parts.flatMap((part) => part.spans);
  const nameOf = (spanId: string): string | undefined => all.find((one) => one.spanId === spanId)?.wire.name;
  return {
    durationMs: durationNs / MS,
    path: criticalPath.map(
      (step) =>
        `${step.is} ${nameOf(step.spanId)} ${Number(BigInt(step.startTimeUnixNano) - start) / MS}+${step.durationNs / MS}`,
    ),
    selfMs: Object.fromEntries(all.map((one) => [one.wire.name, (selfTimeOf(one) ?? 0) / MS])),
  };
};

test("what a span itself took does not count the init that it waited for", async () => {
  const charge = span("charge", { parent: "payment", in: "payment", at: at(405, 410) });

  const { path, selfMs } = await timesIn("r-api", ...coldHop, charge);

  expect(path.slice(-5)).toEqual([
    "init init 100+290",
    "init payment 390+10",
    "work payment 400+5",
    "work charge 405+5",
    "work payment 410+10",
  ]);
  expect(selfMs).toMatchObject({ payment: 15, init: 290, charge: 5 });
});

test("an init that Lambda alone tells of is no part of the duration, so neither of its path", async () => {
  const facts = { durationMs: 100, billedDurationMs: 400, initDurationMs: 300 };
  const told = seen("orders", "r-1", { stage: "start", atMs: 500 }, { stage: "report", atMs: 600, facts });
  expect(await timesIn("r-1", ...told)).toEqual({
    durationMs: 100,
    path: ["work orders 0+100"],
    selfMs: { orders: 100 },
  });
});
