/** Two seconds by which clocks may disagree, wherever one environment's time is held against another's. */
import { expect, test } from "vitest";
import { rootOfTraceId } from "../model/xray-header.ts";
import { rewired, span, traceId } from "../../test/builders.ts";
import { at, sentOrders, stored } from "../../test/stitched.ts";
import { isLater } from "./later.ts";

test("two seconds later may be as early, and a nanosecond more is later", () => {
  const first = span("first");
  const afterNs = (ns: bigint) => rewired(span("second"), { startTimeUnixNano: first.start + ns });
  expect(isLater(afterNs(2_000_000_000n), first)).toBe(false);
  expect(isLater(afterNs(2_000_000_001n), first)).toBe(true);
  expect(isLater(first, afterNs(2_000_000_001n))).toBe(false);
});

test("who has a batch's Root may be called by it from two seconds before the batch began", async () => {
  const root = `xray-root ${rootOfTraceId(traceId("t1"))}`;
  const batch = span("batch", {
    trace: "b",
    in: "payment",
    request: "r-batch",
    consumes: ["sqs-message m1", "sqs-message m2", root],
    batch: 2,
    at: at(5_000),
  });
  const joinsAt = async (ms: number) => {
    const callee = span("ship", { trace: "t1", in: "ship", request: "r-ship", consumes: [], at: at(ms) });
    return (await (await stored(...sentOrders, batch, callee)).ask("r-ship"))?.joins;
  };
  expect(await joinsAt(3_000)).toEqual([]);
  expect(await joinsAt(2_999)).toContain("order 1 continues ship by xray-root");
});

test("of what shares a Root, an entry that began two seconds after the earliest may have begun the trace", async () => {
  const joinsAt = async (ms: number) => {
    const api = span("api", { in: "api", request: "r-api", attributes: { "faas.trigger": "http" }, at: at(ms) });
    const task = span("task", { in: "task", request: "r-task", attributes: { "faas.trigger": "other" }, at: at(0) });
    return (await (await stored(api, task)).ask("r-task"))?.joins;
  };
  expect(await joinsAt(2_000)).toEqual(["api continues task by xray-root"]);
  expect(await joinsAt(2_001)).toEqual(["task continues api by xray-root"]);
});
