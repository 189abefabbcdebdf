/**
 * Places where the story of a stitched trace is known to be incomplete, each with what is missing and how to mend it.
 *
 * `no-consumer` and `no-message-id` wait `NO_CONSUMER_AFTER_NS`: until then the message may simply be on its way.
 */
import type { Gap, StitchKey, StitchKeyKind } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { attributeReader } from "../normalize/attributes.ts";
import { FAAS_TRIGGER, MESSAGING_SYSTEM, RPC_METHOD, RPC_SENDING_METHODS } from "../normalize/semconv.ts";
import { CLIENT, CONSUMER, PRODUCER } from "../normalize/span-kind.ts";
import { identifying, isMessageKey, isOfAnyCluster, stitchKeyIdentity } from "../model/stitch-key.ts";
import type { UnixNano } from "../model/time.ts";
import { type Missing, isParentMissing } from "./ascend.ts";
import type { Graph } from "./graph.ts";
import { hasProducer } from "./joins.ts";
import { contextGapsOf, isSampledOut } from "./context-gaps.ts";
import { keyName, nameOf, refOf } from "./reason.ts";
import type { Unit } from "./units.ts";
import { type StitchedTrace, recordsOf } from "./walk.ts";

const NO_CONSUMER_AFTER_NS = 30_000_000_000n;

export const gapsOf = (trace: StitchedTrace, graph: Graph, now: UnixNano): readonly Gap[] => [
  ...trace.missing.flatMap((one) => missingParentsOf(one, graph)),
  ...rootsOf(trace).flatMap(([unit, shared]) => unknownProducers(unit, graph, shared)),
  ...trace.parts.flatMap(({ unit, isWhole }) => (isWhole ? [] : withoutRecords(unit, trace, graph))),
  ...withoutSpans(trace),
  ...contextGapsOf(trace, graph),
  ...trace.parts.flatMap((part) => part.spans.flatMap((span) => withoutConsumer(span, graph, now))),
  ...withoutMessageId(trace).flatMap((span) => (dueAt(span) > now ? [] : noMessageId(span))),
  ...rootsOf(trace).flatMap(([unit]) => unsaidMessages(unit, graph)),
];

/** Units without a cause above them, with the key of the placeholder that stands there. */
const rootsOf = ({ id, missing, parts }: StitchedTrace): readonly (readonly [Unit, StitchKey | undefined])[] => {
  const top = missing.find(({ placeholder }) => placeholder.id === id);
  if (top) return top.units.map((unit) => [unit, top.placeholder.key] as const);
  return parts.slice(0, 1).map(({ unit }) => [unit, undefined] as const);
};

/** One for each parent, however many it called. */
const missingParentsOf = ({ units }: Missing, graph: Graph): Gap[] => {
  const called = new Map(
    units.filter((unit) => isParentMissing(unit, graph)).map((unit) => [unit.root.parentSpanId, unit]),
  );
  return [...called.values()].map(missingParent);
};

const missingParent = (unit: Unit): Gap => missingState(unit) ?? unrecordedCaller(unit) ?? missingCaller(unit);

/** A task of Step Functions knows the attempt that ran it; only an import tells of that. */
const missingState = ({ root, consumed }: Unit): Gap | undefined => {
  const execution = consumed.find(({ kind }) => kind === "sfn-execution");
  return (
    execution && {
      reason: "missing-parent",
      at: refOf(root),
      key: execution,
      message: `The state of ${execution.id} that ran ${nameOf(root)} (${root.parentSpanId}) never arrived, nor did who started that execution.`,
      advice: `Bring the execution with \`mayfly import step-functions --execution-arn ${execution.id}\`, or wrap who starts it with observe().`,
    }
  );
};

const unrecordedCaller = ({ root }: Unit): Gap | undefined =>
  isSampledOut(root)
    ? {
        reason: "sampled-out",
        at: refOf(root),
        message: `The span that called ${nameOf(root)} (${root.parentSpanId}) was not recorded: its trace was sampled out where it began.`,
        advice:
          "Raise the sampling ratio of whoever begins the trace; Mayfly's own invocations are sent whatever it decides.",
      }
    : undefined;

const missingCaller = ({ root }: Unit): Gap => ({
  reason: "missing-parent",
  at: refOf(root),
  message: `The span that called ${nameOf(root)} (${root.parentSpanId}) never arrived.`,
  advice: "Send the caller's spans here too, or check its sampling and its exporter for drops.",
});

/** `shared`: what the units under a placeholder share, where that is no message. */
const unknownProducers = (unit: Unit, graph: Graph, shared: StitchKey | undefined): Gap[] => {
  // A task that names its state has the gap of that.
  const execution = isParentMissing(unit, graph) ? undefined : unit.consumed.find(isOfExecution(unit));
  const key = unit.consumed.find(isMessageKey) ?? execution ?? shared;
  if (key === undefined || unit.isBatch || isScheduled(unit) || hasProducer(unit, graph)) return [];
  const name = nameOf(unit.root);
  const [message, advice] =
    key.kind === "sfn-execution"
      ? [
          `${name} ran in ${keyName(key)}, and no span says it started that.`,
          `Bring the execution with \`mayfly import step-functions --execution-arn ${key.id}\`, or wrap who starts it with observe().`,
        ]
      : [
          `${name} received ${keyName(key)}, and no span says it sent that.`,
          "Wrap the sender with observe(), so that the id of what it sends is recorded.",
        ];
  return [{ reason: "unknown-producer", at: refOf(unit.root), key, message, advice }];
};

/** Not of itself: an imported execution may have been started by nobody who tells. */
const isOfExecution =
  ({ produced }: Unit) =>
  (one: StitchKey): boolean =>
    (one.kind === "sfn-execution" || one.kind === "sfn-task-token") && !produced.some(({ key }) => key.id === one.id);

/** Nobody sent it; a retry shares its request id with nobody else. */
const isScheduled = ({ root }: Unit): boolean => attributeReader(root.wire.attributes).text(FAAS_TRIGGER) === "timer";

/** One for each function, however often it ran. */
const withoutSpans = ({ parts }: StitchedTrace): Gap[] => {
  const alone = parts.map(({ unit }) => unit).filter((unit) => unit.platform?.isAlone);
  const first = new Map(alone.toReversed().map((unit) => [nameOf(unit.root), unit.root]));
  return [...first].toReversed().map(([name, root]) => ({
    reason: "uninstrumented-function",
    at: refOf(root),
    message: `${name} ran and sent no spans: all that is known of it is what Lambda says.`,
    advice:
      "Wrap its handler with observe(), or add the layer. If it is wrapped, its spans were lost: look for a timeout, or an exporter that is refused.",
  }));
};

const withoutRecords = (batch: Unit, trace: StitchedTrace, graph: Graph): Gap[] => {
  if (!batch.isBatch || trace.parts.some(({ unit }) => unit.invocation === batch.path)) return [];
  const name = nameOf(batch.root);
  const [message, advice] = handlesByRecord(batch, graph)
    ? [
        `${name} handled other records of this batch and left no span for this one: it ended before it came to it, or the span was lost.`,
        "Look at how the invocation ended; a message it did not handle is delivered again.",
      ]
    : [
        `${name} handled a batch without a span per record, so what it did for this transaction is unknown.`,
        "Handle the batch with eachRecord(event, fn): each record then gets its own span.",
      ];
  return [{ reason: "batch-without-records", at: refOf(batch.root), message, advice }];
};

/** Its records may be in traces that this story does not lead to: their links to the invocation tell. */
const handlesByRecord = (batch: Unit, graph: Graph): boolean =>
  recordsOf(batch, graph).length > 0 || graph.linksTo(batch.path).length > 0;

/** When a message of this trace that nobody has received by `now` becomes a gap; undefined where none waits. */
export const nextGapAfter = (trace: StitchedTrace, graph: Graph, now: UnixNano): UnixNano | undefined => {
  const waiting = trace.parts
    .flatMap((part) => part.spans)
    .filter((span) => dueAt(span) > now && unreceived(span, graph).length > 0);
  return [...waiting, ...withoutMessageId(trace)]
    .map(dueAt)
    .filter((due) => due > now)
    .reduce<UnixNano | undefined>((next, one) => (next === undefined || one < next ? one : next), undefined);
};

const dueAt = (span: SpanRecord): UnixNano => span.wire.endTimeUnixNano + NO_CONSUMER_AFTER_NS;

const unreceived = (span: SpanRecord, graph: Graph): StitchKey[] =>
  span.produced.filter(
    (key) =>
      isExpectedHere(key) &&
      !identifying(key).some((one) => graph.consumers(stitchKeyIdentity(one)).length > 0) &&
      !(isOfAnyCluster(key) && span.produced.some((one) => !isOfAnyCluster(one) && one.id === key.id)),
  );

const withoutConsumer = (span: SpanRecord, graph: Graph, now: UnixNano): Gap[] => {
  if (dueAt(span) > now) return [];
  return unreceived(span, graph).map((key) => ({
    reason: "no-consumer",
    at: refOf(span),
    key,
    message: `${nameOf(span)} sent ${keyName(key)}, and no invocation says it received that.`,
    advice:
      "Wrap the consumer with observe(); if it is wrapped, look for a filter, a dead-letter queue or a disabled trigger.",
  }));
};

/** Spans that sent something, say no id of it, and whose context nobody carries: no later half can be joined to them. */
const withoutMessageId = ({ parts, joins }: StitchedTrace): readonly SpanRecord[] => {
  const senders = new Set(joins.map((join) => join.from));
  return parts.flatMap((part) => part.spans.filter((span) => isUnnamedSending(span) && !senders.has(span)));
};

const isUnnamedSending = ({ produced, isError, wire }: SpanRecord): boolean => {
  if (produced.length > 0 || isError || (wire.kind !== PRODUCER && wire.kind !== CLIENT)) return false;
  return wire.attributes.some(
    ({ key, value }) =>
      key === RPC_METHOD && value !== undefined && "stringValue" in value && RPC_SENDING_METHODS.has(value.stringValue),
  );
};

const noMessageId = (span: SpanRecord): Gap[] => [
  {
    reason: "no-message-id",
    at: refOf(span),
    message: `${nameOf(span)} sent something (${span.wire.name}) and does not say its id, and nobody carries its context: who received it cannot be known.`,
    advice: "Wrap the sender with observe(), so that the id of what it sends is recorded.",
  },
];

/** It handled messages, and says nothing by which any sender could be found. */
const unsaidMessages = (unit: Unit, graph: Graph): Gap[] => {
  const handling = unit.spans.find(({ wire }) => wire.kind === CONSUMER && wire.attributes.some(isMessaging));
  const isTold = unit.links.length > 0 || unit.consumed.some(isMessageKey) || isParentMissing(unit, graph);
  if (handling === undefined || isTold) return [];
  return [
    {
      reason: "no-message-id",
      at: refOf(handling),
      message: `${nameOf(handling)} received a message (${handling.wire.name}) and says neither its id nor a context of its sender's: who sent it cannot be known.`,
      advice: "Wrap the consumer with observe(), so that the id and the context of what it receives are recorded.",
    },
  ];
};

const isMessaging = ({ key }: { readonly key: string }): boolean => key === MESSAGING_SYSTEM;

/** An HTTP service or a callee of somebody else's need not report to us; a message we sent has a consumer of ours. */
const NOT_EXPECTED: ReadonlySet<StitchKeyKind> = new Set([
  "http-request",
  "xray-root",
  "s3-request",
  "s3-object",
  "sfn-task-token",
]);
const isExpectedHere = (key: StitchKey): boolean => !NOT_EXPECTED.has(key.kind);
