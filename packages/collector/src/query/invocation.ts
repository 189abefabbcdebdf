/**
 * One invocation by its request id: its attempts, and the transactions that each worked for.
 *
 * Lambda retries an asynchronous event under the request id of the first attempt, so one id may name several
 * invocations; each has an invocation span of its own, which is the identity (request id, invocation span id).
 */
import { stitchKeyIdentity } from "../model/stitch-key.ts";
import { rootOf } from "../stitch/ascend.ts";
import { type Graph, createGraph } from "../stitch/graph.ts";
import { byStart } from "../stitch/joins.ts";
import { membersOf } from "../stitch/members.ts";
import type { Unit } from "../stitch/units.ts";
import { loadConsumers, recordsOf } from "../stitch/walk.ts";
import type { StoreReader } from "../store/store.ts";
import { WALK_BOUNDS } from "./find.ts";

/** Lambda tries an event three times; whoever reuses ids otherwise is answered in part. */
const MAX_TRACES = 50;

export interface Attempt {
  readonly unit: Unit;
  /** The units of its records, which are its spans too. */
  readonly records: readonly Unit[];
  readonly stitchedTraceId: string;
  readonly memberOf: readonly string[];
}

/** Earliest first; empty when no span names this request. */
export const findInvocation = async (store: StoreReader, requestId: string): Promise<readonly Attempt[]> => {
  const graph = createGraph(store, WALK_BOUNDS);
  const traceIds = await store.tracesOfRequest(requestId, MAX_TRACES);
  await graph.load(traceIds);
  const units = [...new Set(traceIds.flatMap((traceId) => [...graph.units(traceId), ...graph.seenIn(traceId)]))]
    .filter((unit) => unit.requestId === requestId && unit.invocation === undefined)
    .toSorted(byStart);
  const attempts: Attempt[] = [];
  for (const unit of units.filter(isInvocation(units))) attempts.push(await attemptOf(unit, graph));
  return attempts;
};

/** Spans that name the request without being below its invocation span are shown in its trace and are no attempt. */
const isInvocation = (all: readonly Unit[]) => {
  const invocations = all.filter((unit) => unit.consumed.some((key) => isOwnRequest(unit, stitchKeyIdentity(key))));
  const chosen = new Set(invocations.length > 0 ? invocations : all);
  return (unit: Unit): boolean => chosen.has(unit);
};

const isOwnRequest = ({ requestId = "" }: Unit, identity: string): boolean =>
  identity === stitchKeyIdentity({ kind: "lambda-request", id: requestId });

const attemptOf = async (unit: Unit, graph: Graph): Promise<Attempt> => {
  await loadConsumers([unit], graph);
  return {
    unit,
    records: recordsOf(unit, graph),
    stitchedTraceId: (await rootOf(unit, graph)).id,
    memberOf: await membersOf(unit, graph),
  };
};
