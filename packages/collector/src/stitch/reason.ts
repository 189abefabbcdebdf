/** Joins in the contract's words: one sentence that says why we believe it. */
import type { Join, JoinKind, Placeholder, SpanRef, StitchKey } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { isMessageKey, keyKind, keyStrength, stitchKeyIdentity } from "../model/stitch-key.ts";
import { EVENTBRIDGE_REPLAY_NAME } from "../normalize/semconv.ts";
import { isParentMissing } from "./ascend.ts";
import type { Graph } from "./graph.ts";
import { type UnitJoin, wasSent } from "./joins.ts";
import type { Unit } from "./units.ts";

/** "SQS message id 059f36b4-…" */
export const keyName = (key: StitchKey): string => `${keyKind(key).name} ${key.id}`;

export const nameOf = (span: SpanRecord): string => span.origin.functionName ?? span.wire.name;

export const refOf = ({ traceId, spanId }: SpanRecord): SpanRef => ({ traceId, spanId });

/** propagation facts, pairing table: E is exact, S strong; the rest waits for rules that make it unambiguous. */
const strengthOf = ({ kind, keys, to }: UnitJoin): Join["strength"] => {
  // One that was sent no message may have begun the trace itself: only its clock says that it did not.
  if (kind === "xray-root") return wasSent(to) ? "strong" : "heuristic";
  const [key] = kind === "parent" || kind === "link" ? [] : keys;
  return key === undefined ? "exact" : keyStrength(key);
};

export const joinView = (join: UnitJoin): Join => {
  const [key] = join.keys;
  return {
    from: { traceId: join.from.traceId, spanId: join.from.spanId },
    to: { traceId: join.to.root.traceId, spanId: join.to.root.spanId },
    kind: join.kind,
    ...(key && { key }),
    strength: strengthOf(join),
    relation: join.relation,
    reason: isOutcome(join)
      ? `is told what came of the invocation, by ${keyName(key!)}`
      : `${reasonOf(join.kind, key)}${replayOf(join)}`,
  };
};

const reasonOf = (kind: JoinKind, key: StitchKey | undefined): string => {
  const shared = key && keyName(key);
  if (kind === "parent")
    return shared
      ? `carries the sender's context, and both sides saw ${shared}`
      : "carries the sender's context as its parent";
  if (kind === "link")
    return shared ? `links to the sender's context, and both sides saw ${shared}` : "links to the sender's context";
  if (kind === "xray-root") return "shares the X-Ray Root that Lambda handed on; which span sent it is not known";
  return `both sides saw ${shared}; the context itself was not carried`;
};

/** A destination's or dead-letter queue's. */
const isOutcome = ({ kind, keys: [key], fromUnit }: UnitJoin): boolean =>
  kind === "lambda-request" && key !== undefined && fromUnit.requestId === key.id;

const replayOf = ({ to }: UnitJoin): string => {
  const name = to.root.wire.attributes.find(({ key }) => key === EVENTBRIDGE_REPLAY_NAME)?.value;
  return name && "stringValue" in name ? `; the event was replayed from an archive (${name.stringValue})` : "";
};

/** Not every unit under a placeholder received its key: some hang there by another one. */
const receivedKey = (unit: Unit, key: StitchKey): StitchKey => {
  const identity = stitchKeyIdentity(key);
  const own = unit.consumed.find((one) => stitchKeyIdentity(one) === identity) ?? unit.consumed.find(isMessageKey);
  return own ?? key;
};

/** The join from a placeholder to a unit that hangs under it. */
export const placeholderJoin = (placeholder: Placeholder, unit: Unit, graph: Graph): Join => {
  const key = placeholder.key && receivedKey(unit, placeholder.key);
  return {
    from: { placeholder: placeholder.id },
    to: { traceId: unit.root.traceId, spanId: unit.root.spanId },
    kind: isParentMissing(unit, graph) || key === undefined ? "parent" : key.kind,
    ...(key && { key }),
    strength: "exact",
    relation: unit.isBatch ? "links" : "continues",
    reason: key
      ? `received ${keyName(key)}, as others did; nobody says who sent it`
      : "names a parent span that never arrived",
  };
};
