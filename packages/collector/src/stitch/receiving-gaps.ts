/**
 * What was received, of which no sender is known: at the beginning of a story, where nothing leads further up.
 *
 *   unknown-producer     its id is known, and no span says to have sent that
 *   ambiguous-producer   its id is one that several may have sent, and nothing says which of them did
 *   missing-parent       it carried the context of a span that never arrived, as a link
 *   no-message-id        neither an id nor a context is told
 *
 * Nothing is missing before what begins by itself: a request, a schedule, an upload to a bucket (anybody may have done that), an
 * event of an AWS service's own.
 */
import type { Gap, GapCandidate, StitchKey } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { isExact, isMessageKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import { attributeReader } from "../normalize/attributes.ts";
import {
  EVENTBRIDGE_SOURCE,
  FAAS_TRIGGER,
  FAAS_TRIGGER_PUBSUB,
  FAAS_TRIGGER_TIMER,
  MESSAGING_SYSTEM,
} from "../normalize/semconv.ts";
import { CONSUMER } from "../normalize/span-kind.ts";
import { isParentMissing } from "./ascend.ts";
import type { Graph } from "./graph.ts";
import { hasProducer, isEntry, joinsInto } from "./joins.ts";
import { keyName, nameOf, refOf } from "./reason.ts";
import type { Unit } from "./units.ts";
import { possibleWriters } from "./writers.ts";

/** Of so many the gap names the latest; the sentence says how many there are. */
const MAX_CANDIDATES = 10;

/** Of a unit that begins a story. `shared`: what the units under a placeholder share, where that is no message. */
export const receivingGapsOf = (unit: Unit, graph: Graph, shared: StitchKey | undefined): readonly Gap[] => {
  if (unit.isBatch || beginsByItself(unit)) return [];
  const gap =
    ambiguousProducer(unit, graph) ??
    unknownProducer(unit, graph, shared) ??
    missingSender(unit, graph) ??
    unsaidMessage(unit, graph);
  return gap ? [gap] : [];
};

/** A retry of what a schedule began shares its request id with nobody else; only AWS's services may call a source `aws.`. */
const beginsByItself = ({ root }: Unit): boolean => {
  const attributes = attributeReader(root.wire.attributes);
  return (
    attributes.text(FAAS_TRIGGER) === FAAS_TRIGGER_TIMER ||
    (attributes.text(EVENTBRIDGE_SOURCE)?.startsWith("aws.") ?? false)
  );
};

const unknownProducer = (unit: Unit, graph: Graph, shared: StitchKey | undefined): Gap | undefined => {
  // A task that names its state has the gap of that.
  const execution = isParentMissing(unit, graph) ? undefined : unit.consumed.find(isOfExecution(unit));
  const key = unit.consumed.find(isMessageKey) ?? execution ?? shared;
  if (key === undefined || unit.consumed.some(isUpload) || hasProducer(unit, graph)) return undefined;
  const { received, sent, advice } = toldOf(key);
  const isSaidLater = !isExact(key) && graph.producers(stitchKeyIdentity(key)).length > 0;
  const when = isSaidLater ? " by then" : "";
  const message = `${nameOf(unit.root)} ${received} ${keyName(key)}, and no span says it ${sent} that${when}.`;
  return { reason: "unknown-producer", at: refOf(unit.root), key, message, advice };
};

/** Not of itself: an imported execution may have been started by nobody who tells. */
const isOfExecution =
  ({ produced }: Unit) =>
  (one: StitchKey): boolean =>
    (one.kind === "sfn-execution" || one.kind === "sfn-task-token") && !produced.some(({ key }) => key.id === one.id);

/** Whatever it came through afterwards. */
const isUpload = ({ kind }: StitchKey): boolean => kind === "s3-request" || kind === "s3-object";

interface Words {
  /** What the receiver did. */
  readonly received: string;
  /** What nobody says to have done. */
  readonly sent: string;
  readonly advice: string;
}

const toldOf = ({ kind, id }: StitchKey): Words => {
  if (kind === "sfn-execution")
    return {
      received: "ran in",
      sent: "started",
      advice: `Bring the execution with \`mayfly import step-functions --execution-arn ${id}\`, or wrap who starts it with observe().`,
    };
  if (kind === "dynamodb-record")
    return {
      received: "was told of a change of",
      sent: "wrote",
      advice: "Wrap the writer with observe(); of its puts it must know the table's keys (MAYFLY_DYNAMODB_KEYS).",
    };
  return {
    received: "received",
    sent: "sent",
    advice: "Wrap the sender with observe(), so that the id of what it sends is recorded.",
  };
};

/** Nothing joined it, because more than one may have sent it (writers.ts). */
const ambiguousProducer = (unit: Unit, graph: Graph): Gap | undefined => {
  if (isParentMissing(unit, graph) || joinsInto(unit, graph).length > 0) return undefined;
  for (const key of unit.consumed.filter((one) => !isExact(one))) {
    const writers = writersOf(key, unit, graph);
    if (writers.length < 2) continue;
    const { received, sent } = toldOf(key);
    return {
      reason: "ambiguous-producer",
      at: refOf(unit.root),
      key,
      message: `${nameOf(unit.root)} ${received} ${keyName(key)}, which ${writers.length} spans say they ${sent}: which of them it was cannot be told.`,
      advice:
        key.kind === "dynamodb-record"
          ? "Write a traceparent into the item: the stream hands it on with each change."
          : "Let the sender put its trace context on what it sends, so that it need not be told by this id.",
      candidates: candidatesAmong(writers),
    };
  }
  return undefined;
};

/** Each span once; none of the unit's own is possible. */
const writersOf = (key: StitchKey, unit: Unit, graph: Graph): readonly SpanRecord[] => [
  ...new Map(possibleWriters(key, unit, graph).map(({ path, by }) => [path, by])).values(),
];

/** Latest first; of one that retention has removed no more than its key is left. */
const candidatesAmong = (writers: readonly SpanRecord[]): readonly GapCandidate[] =>
  writers
    .filter((span) => nameOf(span) !== "")
    .toSorted((a, b) => Number(b.start - a.start) || (a.spanId < b.spanId ? -1 : 1))
    .slice(0, MAX_CANDIDATES)
    .map((span) => ({ ...refOf(span), name: nameOf(span) }));

/** Of a request the link may be to a trace outside, which it does not continue on purpose. */
const missingSender = (unit: Unit, graph: Graph): Gap | undefined => {
  const [link] = unit.links;
  if (link === undefined || isEntry(unit) || isParentMissing(unit, graph) || joinsInto(unit, graph).length > 0)
    return undefined;
  return {
    reason: "missing-parent",
    at: refOf(unit.root),
    message: `${nameOf(unit.root)} carries the context of who sent to it (${link.spanId} of trace ${link.traceId}), which never arrived.`,
    advice: "Send the sender's spans here too, or check its sampling and its exporter for drops.",
  };
};

/** It says that it handled a message, and nothing by which any sender could be found. */
const unsaidMessage = (unit: Unit, graph: Graph): Gap | undefined => {
  const handling = unit.spans.find(({ wire }) => wire.kind === CONSUMER && wire.attributes.some(isMessaging));
  const at = handling ?? (isTriggeredByMessage(unit) ? unit.root : undefined);
  const isTold = unit.links.length > 0 || unit.consumed.some(isMessageKey) || isParentMissing(unit, graph);
  if (at === undefined || isTold || joinsInto(unit, graph).length > 0) return undefined;
  return {
    reason: "no-message-id",
    at: refOf(unit.root),
    message: `${nameOf(at)} received a message (${at.wire.name}) and says neither its id nor a context of its sender's: who sent it cannot be known.`,
    advice: "Wrap the consumer with observe(), so that the id and the context of what it receives are recorded.",
  };
};

const isMessaging = ({ key }: { readonly key: string }): boolean => key === MESSAGING_SYSTEM;

const isTriggeredByMessage = ({ root }: Unit): boolean =>
  attributeReader(root.wire.attributes).text(FAAS_TRIGGER) === FAAS_TRIGGER_PUBSUB;
