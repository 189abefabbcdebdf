/** A record of Kafka: topic, partition and offset are unique in its cluster, which not everybody knows by the same brokers. */
import { expect, test } from "vitest";
import { type SpanSpec, span } from "../../test/builders.ts";
import { at, id, stored } from "../../test/stitched.ts";
import { findTrace } from "../query/find.ts";
import { joinView } from "./reason.ts";

const record = (brokers?: string): string => ["kafka-record", ...(brokers ? [brokers] : []), "orders/0/42"].join(" ");
const send = (brokers?: string, spec: SpanSpec = {}) =>
  span("send", { in: "api", kind: 4, produces: [record(brokers)], at: at(0), ...spec });
const receive = (brokers?: string, spec: SpanSpec = {}) =>
  span("receive", {
    trace: "r",
    in: "ship",
    request: "r-1",
    kind: 5,
    consumes: [record(brokers)],
    at: at(50),
    ...spec,
  });

test.each([
  ["the same brokers on both sides", "b1", "b1", "exact"],
  ["brokers that only the consumer knows", undefined, "b1", "heuristic"],
  ["brokers that only the producer knows", "b1", undefined, "heuristic"],
  ["brokers that both call otherwise", "b1", "b2", "heuristic"],
  ["brokers that nobody knows", undefined, undefined, "heuristic"],
])("with %s it joins, and says how sure that is", async (_what, produced, consumed, strength) => {
  const { store, ask, rows } = await stored(receive(consumed), send(produced));
  expect(await ask("r-1")).toMatchObject({ id: id("t", "send"), gaps: [] });
  const found = await findTrace(store, "r-1");
  expect(found?.trace.joins.map((join) => joinView(join))).toMatchObject([
    { kind: "kafka-record", strength, relation: "continues" },
  ]);
  expect(await rows()).toEqual(["send (2)"]);
});

test("where two clusters may be meant it joins neither; the one whose brokers fit is no guess", async () => {
  const other = send("b2", { trace: "o" });
  const guess = await stored(send(undefined), other, receive());
  expect((await guess.ask("r-1"))?.joins).toEqual([]);
  const sure = await stored(send("b1"), other, receive("b1"));
  expect((await sure.ask("r-1"))?.id).toBe(id("t", "send"));
  expect((await sure.ask("r-1"))?.joins).toEqual(["send continues receive by kafka-record+kafka-record"]);
});

test("what was sent after it was received was not it", async () => {
  const { ask } = await stored(send(undefined, { at: at(60_000) }), receive("b1"));
  expect((await ask("r-1"))?.joins).toEqual([]);
});

test("consumers of one record whose brokers differ have no sender in common", async () => {
  const again = (brokers: string | undefined, n: number) =>
    receive(brokers, { trace: `r${n}`, request: `r-${n}`, environment: `${n}` });
  const apart = await stored(again("b1", 1), again("b2", 2), again(undefined, 3));
  expect(await apart.rows()).toHaveLength(3);
  const together = await stored(again("b1", 1), again("b1", 2));
  expect(await together.ask("r-1")).toMatchObject({
    placeholder: "unknown-producer",
    gaps: ["unknown-producer", "unknown-producer"],
  });
});

test("a record that nobody received is missed once", async () => {
  const { ask } = await stored(send("b1"));
  expect((await ask("orders/0/42"))?.gaps).toEqual(["no-consumer"]);
});
