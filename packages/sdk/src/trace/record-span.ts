/** The span of one record of a batch, under its own cause. */
import { type Span, SpanKind, context, trace } from "@opentelemetry/api";
import type { Scope } from "../scope.ts";
import { sdk } from "../sdk.ts";
import { ATTR, LINK_TO_INVOCATION } from "../semconv.ts";
import { formatStitchKeys } from "../stitch/keys.ts";
import { recordIdOf } from "../trigger/batch.ts";
import { type TriggerRecord, objectAt, textAt } from "../trigger/trigger.ts";
import { handedOn, messageAttributes } from "./invocation-span.ts";
import { recordParent } from "./parent.ts";

export const startRecordSpan = (scope: Scope, record: unknown, index: number): Span => {
  const facts = factsOf(scope, record, index) ?? { contexts: [], keys: [] };
  const { trigger, invocation, invocationSpan } = scope;
  const parent = recordParent(facts);
  const single = { ...trigger, records: [facts] };
  const receiveCount = Number(textAt(objectAt(record, "attributes"), "ApproximateReceiveCount"));
  return sdk().spans.tracer.startSpan(
    `process ${trigger.destination ?? trigger.type}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        ...messageAttributes(single),
        [ATTR.faasInvocationId]: invocation.requestId,
        [ATTR.keysConsumed]: formatStitchKeys(facts.keys),
        ...handedOn(facts.keys),
        ...(receiveCount > 1 && { [ATTR.receiveCount]: receiveCount }),
      },
      links: parent ? [{ context: invocationSpan.spanContext(), attributes: { [ATTR.link]: LINK_TO_INVOCATION } }] : [],
    },
    parent ?? trace.setSpan(context.active(), invocationSpan),
  );
};

/**
 * What the trigger knows of this record. Usually at the same place; but a handler may pass on a part of its batch, and a record must
 * not get another's context.
 */
const factsOf = (scope: Scope, record: unknown, index: number): TriggerRecord | undefined => {
  const id = recordIdOf(record);
  const inPlace = scope.trigger.records[index];
  if (inPlace?.id === id) return inPlace;
  return id === undefined ? undefined : scope.trigger.records.find((one) => one.id === id);
};
