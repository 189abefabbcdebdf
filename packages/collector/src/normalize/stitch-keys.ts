/**
 * Which stitch keys a span produced and consumed.
 *
 * Mayfly's SDK says so itself (`mayfly.keys.*`), and then that is all there is. Spans of other instrumentations are read
 * for the ids that both sides of a hop set by convention: message ids of SQS and SNS, request ids of Lambda.
 */
import type { StitchKey, StitchKeyKind } from "@mayfly/api";
import type { Span } from "@mayfly/otlp";
import { parseStitchKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import { type IdReader, attributeReader } from "./attributes.ts";
import {
  AWS_REQUEST_ID,
  FAAS_INVOCATION_ID,
  FAAS_INVOKED_NAME,
  MAYFLY_KEYS_CONSUMED,
  MAYFLY_KEYS_PRODUCED,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SENDING_OPERATIONS,
  MESSAGING_SYSTEM,
  MESSAGING_SYSTEM_SNS,
  MESSAGING_SYSTEM_SQS,
} from "./semconv.ts";
import { CLIENT, CONSUMER, PRODUCER, SERVER } from "./span-kind.ts";

/** Beside its attributes. */
type Sending = Pick<Span, "kind" | "links">;

export interface SpanKeys {
  readonly produced: readonly StitchKey[];
  readonly consumed: readonly StitchKey[];
}

export const stitchKeysOf = (span: Sending, attributes: IdReader): SpanKeys => {
  const produced = attributes.texts(MAYFLY_KEYS_PRODUCED);
  const consumed = attributes.texts(MAYFLY_KEYS_CONSUMED);
  const keys =
    (produced ?? consumed) ? { produced: parsed(produced), consumed: parsed(consumed) } : plainKeys(span, attributes);
  return { produced: distinct(keys.produced), consumed: distinct(keys.consumed) };
};

const parsed = (texts: readonly string[] = []): StitchKey[] => texts.flatMap((text) => parseStitchKey(text) ?? []);

const distinct = (keys: readonly StitchKey[]): readonly StitchKey[] =>
  keys.length < 2 ? keys : [...new Map(keys.map((key) => [stitchKeyIdentity(key), key])).values()];

const plainKeys = (span: Sending, attributes: IdReader): SpanKeys => {
  const messages = messageKeys(span, attributes);
  switch (span.kind) {
    case PRODUCER:
      return { produced: messages, consumed: [] };
    case CLIENT:
      return { produced: isSending(attributes) ? messages : invokedRequest(attributes), consumed: [] };
    case CONSUMER:
      return { produced: [], consumed: [...ownRequest(attributes), ...messages] };
    case SERVER:
      return { produced: [], consumed: ownRequest(attributes) };
    default:
      return { produced: [], consumed: [] };
  }
};

const isSending = (attributes: IdReader): boolean =>
  MESSAGING_SENDING_OPERATIONS.has(attributes.text(...MESSAGING_OPERATION_TYPE) ?? "");

const MESSAGE_KINDS: ReadonlyMap<string | undefined, StitchKeyKind> = new Map([
  [MESSAGING_SYSTEM_SQS, "sqs-message"],
  [MESSAGING_SYSTEM_SNS, "sns-message"],
]);

/** The span's own message, and the messages that its links speak of (a batch). */
const messageKeys = (span: Sending, attributes: IdReader): StitchKey[] => {
  const kind = MESSAGE_KINDS.get(attributes.text(MESSAGING_SYSTEM));
  if (kind === undefined) return [];
  const scope = attributes.text(...MESSAGING_DESTINATION_NAME);
  return [attributes, ...span.links.map((link) => attributeReader(link.attributes))].flatMap((reader) => {
    const id = reader.text(...MESSAGING_MESSAGE_ID);
    return id === undefined ? [] : [{ kind, ...(scope !== undefined && { scope }), id }];
  });
};

/** A caller of Lambda sees the request id of the invocation that it caused. */
const invokedRequest = (attributes: IdReader): StitchKey[] =>
  attributes.text(FAAS_INVOKED_NAME) === undefined
    ? []
    : lambdaRequest(attributes.text(...FAAS_INVOCATION_ID, ...AWS_REQUEST_ID));

const ownRequest = (attributes: IdReader): StitchKey[] => lambdaRequest(attributes.text(...FAAS_INVOCATION_ID));

const lambdaRequest = (id: string | undefined): StitchKey[] =>
  id === undefined ? [] : [{ kind: "lambda-request", id }];
