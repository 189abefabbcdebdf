/**
 * Which roots the list has a row for: all but those batches that their messages' transactions show already.
 *
 * A batch that did something beside its records has a row, or that would be seen nowhere.
 */
import type { Root } from "../stitch/ascend.ts";
import type { Graph } from "../stitch/graph.ts";
import type { UnitJoin } from "../stitch/joins.ts";
import { membersOf } from "../stitch/members.ts";
import type { Unit } from "../stitch/units.ts";
import { consumersOf, loadConsumers } from "../stitch/walk.ts";

export const isShown = async (root: Root, graph: Graph): Promise<boolean> =>
  root.placeholder !== undefined || !(await isShownByItsMembers(root.unit, graph));

const isShownByItsMembers = async (unit: Unit, graph: Graph): Promise<boolean> =>
  unit.isBatch && (await membersOf(unit, graph)).length > 0 && (await consumersBeside(unit, graph)).length === 0;

const consumersBeside = async (batch: Unit, graph: Graph): Promise<readonly UnitJoin[]> => {
  await loadConsumers([batch], graph);
  return consumersOf(batch, graph).filter((join) => join.to.invocation !== batch.path);
};
