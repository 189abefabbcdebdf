/** Which root a unit has, and that it has one only. */
import { expect, test } from "vitest";
import { batch, span, traceId } from "../../test/builders.ts";
import { at, id, stored } from "../../test/stitched.ts";
import { findTrace } from "../query/find.ts";
import { gapsOf } from "./gaps.ts";

test("an old link to a missing parent leads to the story when the parent has come", async () => {
  const { ask, store } = await stored(span("worker", { parent: "root", isRemote: true, in: "worker", at: at(5) }));
  const before = await ask(traceId("t"));
  expect(before?.placeholder).toBe("missing-parent");
  await store.append(batch([span("root", { in: "api", at: at(0) })]));
  expect(await ask(before?.id ?? "")).toMatchObject({ id: id("t", "root"), spans: ["root", "worker"] });
});

test("where only the middle of a trace is missing, what it called belongs to the story that the trace began", async () => {
  const { ask, rows } = await stored(
    span("api", { in: "api", request: "r1", at: at(0) }),
    span("notify", { parent: "lost", isRemote: true, in: "notify", request: "r2", at: at(90) }),
    span("audit", { parent: "lost", isRemote: true, in: "audit", request: "r3", at: at(95) }),
  );
  expect(await rows()).toEqual(["api (3)"]);
  expect(await ask("r2")).toMatchObject({
    id: id("t", "api"),
    placeholder: "missing-parent",
    gaps: ["missing-parent"],
  });
  expect(await ask("r1")).toEqual(await ask("r3"));
});

test("a trace id that several stories share adopts no orphan", async () => {
  const { ask } = await stored(
    span("send 1", { trace: "a", in: "api", produces: ["sqs-message m"], at: at(0) }),
    span("send 2", { trace: "b", in: "api", produces: ["sqs-message n"], at: at(1) }),
    span("worker 1", { in: "worker", request: "r1", consumes: ["sqs-message m"], at: at(5) }),
    span("worker 2", { in: "worker", environment: "2", request: "r2", consumes: ["sqs-message n"], at: at(6) }),
    span("orphan", { parent: "lost", isRemote: true, in: "notify", request: "r3", at: at(9) }),
  );
  expect(await ask("r3")).toMatchObject({ id: `${traceId("t")}.0000000000000000`, spans: ["orphan"] });
});

test("an orphan that caused what seems to begin its trace is no circle", async () => {
  const { ask } = await stored(
    span("orphan", { parent: "lost", isRemote: true, in: "a", request: "r1", produces: ["sqs-message m"], at: at(0) }),
    span("worker", { in: "b", request: "r2", consumes: ["sqs-message m"], at: at(5) }),
  );
  expect(await ask("r2")).toMatchObject({ id: `${traceId("t")}.0000000000000000`, spans: ["orphan", "worker"] });
});

test("consumers that two ids connect have one root, one row and one id", async () => {
  const consumes = ["sqs-message q", "sns-message s"];
  const { ask, rows } = await stored(
    span("worker", { trace: "a", in: "worker", request: "r1", consumes, at: at(0) }),
    span("worker again", { trace: "b", in: "worker", environment: "2", request: "r2", consumes, at: at(60) }),
    span("notify", { trace: "c", in: "notify", request: "r3", consumes: ["sns-message s"], at: at(1) }),
  );
  expect(await rows()).toEqual(["worker (3)"]);
  for (const one of ["r1", "r2", "r3", "q", "s"])
    expect(await ask(one), one).toMatchObject({ id: "sns-message||s", spans: ["notify", "worker", "worker again"] });
});

test("a placeholder has one id, whichever queue its message was seen in", async () => {
  const { ask } = await stored(
    span("worker", { trace: "a", in: "worker", request: "r1", consumes: ["sqs-message m"], at: at(0) }),
    span("from the dead letters", { trace: "b", in: "mender", request: "r2", consumes: ["sqs-message m"], at: at(9) }),
  );
  expect([(await ask("r1"))?.id, (await ask("r2"))?.id, (await ask("m"))?.id]).toEqual(Array(3).fill("sqs-message||m"));
});

test("executions that nobody says to have started have a gap as well", async () => {
  const consumes = ["sfn-execution arn:x"];
  const { ask } = await stored(
    span("reserve", { trace: "a", in: "reserve", request: "r1", consumes, at: at(0) }),
    span("charge", { trace: "b", in: "charge", request: "r2", consumes, at: at(9) }),
  );
  expect((await ask("r1"))?.gaps).toEqual(["unknown-producer", "unknown-producer"]);
});

test("what was sent a message does not begin a trace, however early its clock", async () => {
  const { ask } = await stored(
    span("api", { in: "api", request: "r1", at: at(1_000) }),
    span("late", { in: "worker", request: "r2", consumes: ["sqs-message m"], at: at(0) }),
  );
  expect(await ask("r2")).toMatchObject({ id: id("t", "api"), joins: ["api continues late by xray-root"] });
});

test("a request id that only an inner span names is found", async () => {
  const { ask } = await stored(span("outer", {}), span("inner", { parent: "outer", request: "r" }));
  expect((await ask("r"))?.id).toBe(id("t", "outer"));
});

test("a batch without record spans has a row of its own when something came of it that no sender's story shows", async () => {
  const { ask, rows } = await stored(
    span("send", { trace: "s", in: "api", request: "r1", produces: ["sqs-message a"], at: at(0) }),
    span("batch", { in: "worker", request: "r2", batch: 2, consumes: ["sqs-message a", "sqs-message b"], at: at(9) }),
    span("put", { parent: "batch", in: "worker", produces: ["eventbridge-event e"], at: at(10) }),
    span("fulfil", { trace: "f", in: "fulfil", request: "r3", consumes: ["eventbridge-event e"], at: at(20) }),
  );
  expect(await rows()).toEqual(["batch (3)", "send (2)"]);
  expect((await ask("r3"))?.spans).toEqual(["batch", "fulfil", "put"]);
});

test("a batch that ended before it came to a message is told from one without record spans", async () => {
  const { ask, store } = await stored(
    span("send", { trace: "s", in: "api", produces: ["sqs-message b"], at: at(0) }),
    span("batch", { in: "worker", request: "r", batch: 2, consumes: ["sqs-message a", "sqs-message b"], at: at(9) }),
    span("other record", {
      trace: "o",
      in: "worker",
      request: "r",
      consumes: ["sqs-message a"],
      links: ["invocation:t/batch"],
    }),
  );
  expect((await ask("b"))?.gaps).toEqual(["batch-without-records"]);
  const found = await findTrace(store, "b");
  const [gap] = found ? gapsOf(found.trace, found.graph, 0n) : [];
  expect(gap?.message).toContain("ended before it came to it");
});
