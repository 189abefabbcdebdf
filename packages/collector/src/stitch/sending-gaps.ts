/**
 * What was sent, of which no receiver is known.
 *
 *   no-consumer     its id is known, and nobody says to have received that
 *   no-message-id   a call that sends says no id, and nobody carries its context
 *
 * Both wait `UNDER_WAY_NS`: until then the message may simply be on its way.
 */
import type { Gap, StitchKey, StitchKeyKind } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { identifying, isOfAnyCluster, stitchKeyIdentity } from "../model/stitch-key.ts";
import type { UnixNano } from "../model/time.ts";
import { attributeReader } from "../normalize/attributes.ts";
import { FAAS_INVOKED_NAME } from "../normalize/semconv.ts";
import { isSendingCall } from "../normalize/stitch-keys.ts";
import type { Graph } from "./graph.ts";
import { keyName, nameOf, refOf } from "./reason.ts";
import type { StitchedTrace } from "./walk.ts";

const UNDER_WAY_NS = 30_000_000_000n;

export const sendingGapsOf = (trace: StitchedTrace, graph: Graph, now: UnixNano): readonly Gap[] => [
  ...withoutConsumer(trace, graph).flatMap(({ span, keys }) =>
    dueAt(span) > now ? [] : keys.map((key) => noConsumer(span, key)),
  ),
  ...withoutMessageId(trace).flatMap((span) => (dueAt(span) > now ? [] : noMessageId(span))),
];

/** When what nobody has received by `now` becomes a gap, once for each, in no order. */
export const gapsToCome = (trace: StitchedTrace, graph: Graph, now: UnixNano): readonly UnixNano[] => {
  const waiting = withoutConsumer(trace, graph).flatMap(({ span, keys }) => keys.map(() => span));
  return [...waiting, ...withoutMessageId(trace)].map(dueAt).filter((due) => due > now);
};

/** What runs still has no end. */
const dueAt = ({ start, wire: { endTimeUnixNano: end } }: SpanRecord): UnixNano =>
  (end > start ? end : start) + UNDER_WAY_NS;

/** Others need no receiver among us: an API is anybody's, a bucket or a table may be read by nobody, a token is answered by people. */
const HAS_RECEIVER: ReadonlySet<StitchKeyKind> = new Set([
  "sqs-message",
  "sns-message",
  "eventbridge-event",
  "lambda-request",
  "sfn-execution",
  "kinesis-record",
  "kafka-record",
  "pubsub-message",
  "cloudevent",
]);

/** Where nobody says to have received it. */
export const isMissed = ({ kind }: StitchKey): boolean => HAS_RECEIVER.has(kind);

/** Who carries the context of a call and says no id may have received any of what it sent: so many fewer are missing. */
const withoutConsumer = (
  { parts, joins }: StitchedTrace,
  graph: Graph,
): readonly { readonly span: SpanRecord; readonly keys: readonly StitchKey[] }[] => {
  const unsaying = Map.groupBy(
    joins.filter(({ keys }) => keys.length === 0),
    ({ from }) => from,
  );
  return parts
    .flatMap((part) => part.spans)
    .filter(({ produced }) => produced.length > 0)
    .map((span) => ({ span, keys: unreceived(span, graph).slice(unsaying.get(span)?.length ?? 0) }))
    .filter(({ keys }) => keys.length > 0);
};

const unreceived = (span: SpanRecord, graph: Graph): readonly StitchKey[] =>
  span.produced.filter(
    (key) =>
      isMissed(key) &&
      !identifying(key).some((one) => graph.consumers(stitchKeyIdentity(one)).length > 0) &&
      !(isOfAnyCluster(key) && span.produced.some((one) => !isOfAnyCluster(one) && one.id === key.id)),
  );

const noConsumer = (span: SpanRecord, key: StitchKey): Gap => {
  const { message, advice } = toldOf(span, key);
  return { reason: "no-consumer", at: refOf(span), key, message: `${nameOf(span)} ${message}`, advice };
};

const toldOf = (span: SpanRecord, key: StitchKey): Pick<Gap, "message" | "advice"> => {
  if (key.kind === "lambda-request") {
    const invoked = attributeReader(span.wire.attributes).text(FAAS_INVOKED_NAME) ?? "a function";
    return {
      message: `invoked ${invoked} (${keyName(key)}), and nothing of that invocation has arrived.`,
      advice: `Wrap ${invoked} with observe(), or send Lambda's own records of it here; if it is wrapped, look at its exporter.`,
    };
  }
  if (key.kind === "sfn-execution")
    return {
      message: `started ${keyName(key)}, and nothing of it has arrived.`,
      advice: `Bring it with \`mayfly import step-functions --execution-arn ${key.id}\`, or hand $$.Execution to the functions that it runs.`,
    };
  return {
    message: `sent ${keyName(key)}, and no invocation says it received that.`,
    advice:
      "Wrap the consumer with observe(); if it is wrapped, look for a filter, a dead-letter queue or a disabled trigger.",
  };
};

/** Spans that sent something, say no id of it, and whose context nobody carries: no later half can be joined to them. */
const withoutMessageId = ({ parts, joins }: StitchedTrace): readonly SpanRecord[] => {
  const senders = new Set(joins.map((join) => join.from));
  return parts.flatMap((part) =>
    part.spans.filter(
      (span) =>
        span.produced.length === 0 &&
        !span.isError &&
        !span.isUnfinished && // it may still say
        !senders.has(span) &&
        isSendingCall(span.wire),
    ),
  );
};

const noMessageId = (span: SpanRecord): Gap => ({
  reason: "no-message-id",
  at: refOf(span),
  message: `${nameOf(span)} sent something (${span.wire.name}) and does not say its id, and nobody carries its context: who received it cannot be known.`,
  advice: "Wrap the sender with observe(), so that the id of what it sends is recorded.",
});
