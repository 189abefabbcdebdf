import type { TraceDetail } from "@mayfly/api";
import type { TruthLog } from "@mayfly/lab";
import { expect, test } from "vitest";
import { TEST_CARDS } from "../src/card-network.ts";
import { ORDER, startRig } from "./rig.ts";

/** Runs no Mayfly, so no span can know of it. */
const UNOBSERVED = "audit";

type Edge = `${string} → ${string}`;

/** Who caused whom, as the lab saw it: request ids, with the unobserved left out. */
const trueEdges = ({ deliveries }: TruthLog): Edge[] => {
  const observed = deliveries.filter((delivery) => delivery.functionName !== UNOBSERVED);
  return distinct(
    observed.flatMap(({ requestId, causes }) => causes.map((cause): Edge => `${cause.requestId} → ${requestId}`)),
  );
};

/** Who caused whom, as stitched: each join as the invocations it leads from and to. */
const stitchedEdges = ({ spans, joins }: TraceDetail): Edge[] => {
  const requestOf = new Map(spans.map((span) => [`${span.traceId}.${span.spanId}`, span.requestId]));
  return distinct(
    joins.map((join): Edge => {
      if ("placeholder" in join.from) throw new Error(`a placeholder stands in the story: ${join.from.placeholder}`);
      return `${requestOf.get(`${join.from.traceId}.${join.from.spanId}`)} → ${requestOf.get(`${join.to.traceId}.${join.to.spanId}`)}`;
    }),
  );
};

const distinct = (edges: readonly Edge[]): Edge[] => [...new Set(edges)].toSorted();

test("one order is one stitched trace, whichever request id one asks by, and its graph is what really happened", async () => {
  const { lab, order, trace, traces } = await startRig();
  await order();

  const list = await traces();
  expect(list.traces).toHaveLength(1);
  const [row] = list.traces;
  expect(row?.functions).toEqual(["api", "payment", "fulfil", "reserve", "charge", "ship", "notify"]);
  expect(row?.coldStarts).toBe(7);

  const observed = lab.truth.deliveries.filter((delivery) => delivery.functionName !== UNOBSERVED);
  const answers = await Promise.all(observed.map(({ requestId }) => trace(requestId)));
  for (const answer of answers) expect({ ...answer, settled: true }).toEqual({ ...answers[0], settled: true });

  const [detail] = answers;
  if (detail === undefined) throw new Error("nothing was delivered");
  expect(detail.requestIds.toSorted()).toEqual(observed.map((delivery) => delivery.requestId).toSorted());
  expect(detail.traceIds.length).toBeGreaterThanOrEqual(1);
  expect(detail.spans).toHaveLength(detail.spanCount);
  expect(stitchedEdges(detail)).toEqual(trueEdges(lab.truth));
  expect(detail.gaps).toEqual([]);
});

test("each hop says what it was joined by, the one without a carried context too", async () => {
  const { order, trace, lab } = await startRig();
  await order();
  const [delivery] = lab.truth.deliveries;
  const detail = await trace(delivery?.requestId ?? "");
  const nameOf = new Map(detail.spans.map((span) => [span.spanId, span.functionName]));
  const hops = detail.joins.map((join) => [
    "placeholder" in join.from ? "?" : nameOf.get(join.from.spanId),
    nameOf.get(join.to.spanId),
    join.kind,
    join.key?.kind,
    join.relation,
    join.strength,
  ]);
  expect(new Set(hops.map((hop) => hop.join(" ")))).toEqual(
    new Set([
      "api payment parent sqs-message continues exact",
      "payment fulfil eventbridge-event eventbridge-event continues exact",
      "fulfil reserve sfn-execution sfn-execution continues exact",
      "fulfil charge sfn-execution sfn-execution continues exact",
      "fulfil ship sfn-execution sfn-execution continues exact",
      "ship notify parent sns-message continues exact",
    ]),
  );
});

test("a card that is declined once is charged twice, in one story with one error", async () => {
  const { order, traces, trace, lab } = await startRig();
  await order({ ...ORDER, card: TEST_CARDS.DECLINED_ONCE });
  const [row] = (await traces()).traces;
  expect(
    lab.truth.deliveries.filter((delivery) => delivery.functionName === "charge").map((one) => one.outcome),
  ).toEqual(["error", "success"]);
  const detail = await trace(row?.id ?? "");
  const attempts = detail.spans
    .filter((span) => span.name === "charge")
    .map((span) => span.attributes["mayfly.sfn.state.retry_count"]);
  expect(attempts).toEqual([0, 1]);
  expect(detail.spans.find((span) => span.name === "capture payment")?.status).toMatchObject({ code: "error" });
});

test("an invocation that times out is seen, and its message is delivered again", async () => {
  const { order, traces, trace } = await startRig();
  await order({ ...ORDER, card: TEST_CARDS.HANGS });
  const [row] = (await traces()).traces;
  const detail = await trace(row?.id ?? "");
  const timedOut = detail.spans.filter(
    (span) => span.attributes["mayfly.unfinished"] === true && span.attributes["faas.trigger"] === "pubsub",
  );
  expect(timedOut.map((span) => span.status.code)).toEqual(["error", "error", "error"]);
}, 60_000);

test("a bug in a task fails the fulfilment, and the story ends where it failed", async () => {
  const { order, traces } = await startRig();
  await order({ ...ORDER, items: [{ sku: "gift-card", quantity: 1 }] });
  const [row] = (await traces()).traces;
  expect(row?.functions.at(-1)).toBe("reserve");
  expect(row?.errorCount).toBeGreaterThan(0);
});
