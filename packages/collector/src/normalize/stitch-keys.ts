/**
 * Which stitch keys a span produced and consumed.
 *
 * Mayfly's SDK says so itself (`mayfly.keys.*`), and then that is all there is. Other spans are read by the table of
 * key-sources.ts, and for Datadog's span pointers.
 */
import type { StitchKey } from "@mayfly/api";
import type { Span } from "@mayfly/otlp";
import { identifying, parseStitchKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import { type IdReader, attributeReader } from "./attributes.ts";
import {
  KEY_SOURCES,
  KEY_SOURCE_ATTRIBUTES,
  KEY_TELLING_ATTRIBUTES,
  type KeySource,
  type Role,
  type Sign,
  type Spellings,
  lastPart,
} from "./key-sources.ts";
import {
  AWS_CALL_OPERATION,
  AWS_CALL_SERVICE,
  AWS_REQUEST_ID,
  CLOUDEVENT_ID,
  DATADOG_FUNCTION_ARN,
  DATADOG_SPAN_LINKS,
  FAAS_INVOCATION_ID,
  MAYFLY_KEYS_CONSUMED,
  MAYFLY_KEYS_PRODUCED,
  MESSAGING_OPERATION,
  MESSAGING_RECEIVING_OPERATIONS,
  MESSAGING_SENDING_OPERATIONS,
  MESSAGING_SYSTEM,
} from "./semconv.ts";
import { CLIENT, CONSUMER, PRODUCER, SERVER, UNSPECIFIED } from "./span-kind.ts";
import { pointersOf } from "./span-pointers.ts";

/** Beside its attributes. */
type Sending = Pick<Span, "kind" | "links">;

export interface SpanKeys {
  readonly produced: readonly StitchKey[];
  readonly consumed: readonly StitchKey[];
}

/** Every attribute that keys are read from, beside those of links. */
export const STITCH_KEY_ATTRIBUTES: readonly string[] = [
  ...KEY_SOURCE_ATTRIBUTES,
  ...MESSAGING_OPERATION,
  DATADOG_SPAN_LINKS,
  MAYFLY_KEYS_PRODUCED,
  MAYFLY_KEYS_CONSUMED,
];

/** Without any of these, and without links, a span has no key. */
export const STITCH_KEY_TELLING_ATTRIBUTES: readonly string[] = [
  ...KEY_TELLING_ATTRIBUTES,
  DATADOG_SPAN_LINKS,
  MAYFLY_KEYS_PRODUCED,
  MAYFLY_KEYS_CONSUMED,
];

export const stitchKeysOf = (span: Sending, attributes: IdReader): SpanKeys => {
  const produced = attributes.texts(MAYFLY_KEYS_PRODUCED);
  const consumed = attributes.texts(MAYFLY_KEYS_CONSUMED);
  const keys =
    (produced ?? consumed) ? { produced: parsed(produced), consumed: parsed(consumed) } : plainKeys(span, attributes);
  return {
    produced: distinct(keys.produced.flatMap(identifying)),
    consumed: distinct(keys.consumed.flatMap(identifying)),
  };
};

const parsed = (texts: readonly string[] = []): StitchKey[] => texts.flatMap((text) => parseStitchKey(text) ?? []);

const distinct = (keys: readonly StitchKey[]): readonly StitchKey[] => {
  if (keys.length === 0) return keys;
  const all = keys.flatMap(identifying);
  return all.length === 1 ? all : [...new Map(all.map((key) => [stitchKeyIdentity(key), key])).values()];
};

const plainKeys = (span: Sending, attributes: IdReader): SpanKeys => {
  const found = applying(span, attributes);
  const pointers = pointersOf(span, attributes);
  if (found.length === 0) return pointers;
  const keys = (isProduced: boolean): StitchKey[] =>
    found.flatMap((source) => (isProducing(source.role) === isProduced ? keysAt(source, attributes, span) : []));
  return { produced: [...keys(true), ...pointers.produced], consumed: [...keys(false), ...pointers.consumed] };
};

const isProducing = (role: Role): boolean => role === "sends" || role === "calls";

/** Rows for spans of these roles, by their signs; made once, because every span is asked. */
interface Rows {
  readonly bySystem: ReadonlyMap<string, readonly KeySource[]>;
  readonly byCall: ReadonlyMap<string, readonly KeySource[]>;
  readonly byAttribute: readonly { readonly attribute: Spellings; readonly source: KeySource }[];
}

const rows = (...roles: readonly Role[]): Rows => {
  const signed = KEY_SOURCES.filter(({ role }) => roles.includes(role)).flatMap((source) =>
    source.signs.map((sign) => ({ source, sign })),
  );
  const by = (namesOf: (sign: Sign) => readonly string[]): Rows["bySystem"] => {
    const named = signed.flatMap(({ source, sign }) => namesOf(sign).map((name) => ({ name, source })));
    return new Map(
      [...Map.groupBy(named, ({ name }) => name)].map(([name, all]) => [name, all.map(({ source }) => source)]),
    );
  };
  return {
    bySystem: by((sign) => ("systems" in sign ? [...sign.systems] : [])),
    byCall: by((sign) => ("service" in sign ? [...sign.operations].map((one) => `${sign.service}/${one}`) : [])),
    byAttribute: signed.flatMap(({ source, sign }) =>
      "attribute" in sign ? [{ attribute: sign.attribute, source }] : [],
    ),
  };
};

const NONE = rows();
const SENDING = rows("sends");
const RECEIVING = rows("receives");
const CALLING = rows("calls");
const SERVING = rows("serves");
const SENDING_OR_CALLING = rows("sends", "calls");
const RECEIVING_OR_CALLING = rows("receives", "calls");
const RECEIVING_OR_SERVING = rows("receives", "serves");

/**
 * The rows that apply, in the order of the table. Every text that is read costs, so a messaging system is asked for first, then
 * what is merely there, and the call only where its request id is.
 */
const applying = (span: Sending, attributes: IdReader): readonly KeySource[] => {
  const { bySystem, byCall, byAttribute } = rowsFor(span, attributes);
  const system = attributes.id(MESSAGING_SYSTEM);
  const ofSystem = system === undefined ? undefined : bySystem.get(system);
  const found = [...(ofSystem ?? [])];
  for (const { attribute, source } of byAttribute) if (attributes.has(...attribute)) found.push(source);
  if (byCall.size > 0 && ofSystem === undefined && attributes.has(...CALL_IDS))
    found.push(...(byCall.get(awsCall(attributes)) ?? []));
  return found.length < 2 ? found : KEY_SOURCES.filter((source) => found.includes(source));
};

/** A kind says most; a client may send or receive, and a span of no kind of its own only what its operation says. */
const rowsFor = ({ kind }: Sending, attributes: IdReader): Rows => {
  switch (kind) {
    case PRODUCER:
      return SENDING_OR_CALLING;
    case CONSUMER:
    case SERVER:
      return RECEIVING_OR_SERVING;
    case CLIENT:
      return { sends: SENDING_OR_CALLING, receives: RECEIVING_OR_CALLING, neither: CALLING }[directionOf(attributes)];
    case UNSPECIFIED: // Datadog's spans of invocations, among others
      if (attributes.has(DATADOG_FUNCTION_ARN)) return SERVING;
  }
  return { sends: SENDING, receives: RECEIVING, neither: NONE }[directionOf(attributes)];
};

const CALL_IDS = [...FAAS_INVOCATION_ID, ...AWS_REQUEST_ID];
/** Only what has one of these can be sent or received. */
const MESSAGE_SIGNS: Spellings = [MESSAGING_SYSTEM, ...CLOUDEVENT_ID];
const SENDING_CALLS = /^(?:SendMessage|Publish|PutEvents|PutRecord)/;
const RECEIVING_CALLS = /^ReceiveMessage/;

const directionOf = (attributes: IdReader): "sends" | "receives" | "neither" => {
  if (!attributes.has(...MESSAGE_SIGNS)) return "neither";
  const operation = attributes.text(...MESSAGING_OPERATION) ?? "";
  const call = operation === "" ? awsOperation(attributes) : "";
  if (MESSAGING_SENDING_OPERATIONS.has(operation) || SENDING_CALLS.test(call)) return "sends";
  if (MESSAGING_RECEIVING_OPERATIONS.has(operation) || RECEIVING_CALLS.test(call)) return "receives";
  return "neither";
};

/** `S3/PutObject`, or `PutObject` of the service `S3`, `AmazonS3`, `Amazon S3`; Datadog writes `putObject`. */
const awsCall = (attributes: IdReader): string => {
  const text = attributes.text(...AWS_CALL_OPERATION) ?? "";
  const service = text.includes("/") ? text.slice(0, text.indexOf("/")) : (attributes.text(...AWS_CALL_SERVICE) ?? "");
  return `${service.toLowerCase().replace(/^(?:amazon|aws)\s*/, "")}/${operationIn(text)}`;
};

const awsOperation = (attributes: IdReader): string => operationIn(attributes.text(...AWS_CALL_OPERATION) ?? "");

const operationIn = (call: string): string => {
  const operation = call.slice(call.lastIndexOf("/") + 1);
  return operation.slice(0, 1).toUpperCase() + operation.slice(1);
};

/** Calls of AWS whose answers name what was sent. */
const CALLS_THAT_SEND: ReadonlySet<string> = new Set([
  "SendMessage",
  "SendMessageBatch",
  "Publish",
  "PublishBatch",
  "PutEvents",
  "StartExecution",
  "StartSyncExecution",
]);
/** Operations that other services have too. */
const CALLS_OF_SERVICE_THAT_SEND: ReadonlySet<string> = new Set(["kinesis/PutRecord", "kinesis/PutRecords"]);

/** By its kind, or by the call that it is: it sends something, whether or not it says an id of that. */
export const isSendingCall = ({ kind, attributes }: Pick<Span, "kind" | "attributes">): boolean => {
  if (kind !== CLIENT && kind !== PRODUCER) return false;
  if (!attributes.some(({ key }) => SENDING_SIGNS.has(key))) return false;
  const reader = attributeReader(attributes);
  if (kind === PRODUCER && reader.has(MESSAGING_SYSTEM)) return true;
  return CALLS_THAT_SEND.has(awsOperation(reader)) || CALLS_OF_SERVICE_THAT_SEND.has(awsCall(reader));
};

const SENDING_SIGNS: ReadonlySet<string> = new Set([MESSAGING_SYSTEM, ...AWS_CALL_OPERATION]);

/** What a link does not say, its span says for all of them: the queue, the stream. */
const keysAt = (source: KeySource, attributes: IdReader, { links }: Sending): StitchKey[] => {
  const own = keyAt(source, attributes, attributes) ?? [];
  if (!source.isInLinks || links.length === 0) return [own].flat();
  return [own, ...links.map((link) => keyAt(source, attributeReader(link.attributes), attributes) ?? [])].flat();
};

const keyAt = (source: KeySource, own: IdReader, span: IdReader): StitchKey | undefined => {
  const { kind, id: parts, scope: around, needsScope } = source;
  // It must be the place's own.
  const last = own.id(...lastPart(source));
  if (last === undefined) return undefined;
  const id = joined(parts.slice(0, -1), own, span, last);
  const scope = around && joined(around, own, span);
  if (id === undefined || (needsScope && scope === undefined)) return undefined;
  return { kind, ...(scope !== undefined && { scope: kind === "kafka-record" ? hosts(scope) : scope }), id };
};

const joined = (
  parts: readonly Spellings[],
  own: IdReader,
  span: IdReader,
  ...last: readonly string[]
): string | undefined => {
  const texts: string[] = [];
  for (const spellings of parts) {
    const text = own.id(...spellings) ?? (own === span ? undefined : span.id(...spellings));
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return [...texts, ...last].join("/");
};

/** Both sides list them in an order of their own. */
const hosts = (servers: string): string => servers.split(",").toSorted().join(",");
