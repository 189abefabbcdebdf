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
  type KeySource,
  type Role,
  type Sign,
  type Spellings,
} from "./key-sources.ts";
import {
  AWS_CALL_OPERATION,
  AWS_CALL_SERVICE,
  DATADOG_FUNCTION_ARN,
  DATADOG_SPAN_LINKS,
  MAYFLY_KEYS_CONSUMED,
  MAYFLY_KEYS_PRODUCED,
  MESSAGING_OPERATION,
  MESSAGING_RECEIVING_OPERATIONS,
  MESSAGING_SENDING_OPERATIONS,
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

const distinct = (keys: readonly StitchKey[]): StitchKey[] =>
  keys.length < 2 ? [...keys] : [...new Map(keys.map((key) => [stitchKeyIdentity(key), key])).values()];

const plainKeys = (span: Sending, attributes: IdReader): SpanKeys => {
  const found = sourcesFor(span, attributes).filter(({ signs }) => signs.some((sign) => holds(sign, attributes)));
  const pointers = pointersOf(span, attributes);
  if (found.length === 0) return pointers;
  const links = span.links.map((link) => attributeReader(link.attributes));
  const keys = (isProduced: boolean): StitchKey[] =>
    found
      .filter(({ role }) => isProducing(role) === isProduced)
      .flatMap((source) => keysAt(source, attributes, source.isInLinks ? links : []));
  return { produced: [...keys(true), ...pointers.produced], consumed: [...keys(false), ...pointers.consumed] };
};

const isProducing = (role: Role): boolean => role === "sends" || role === "calls";

/** Rows for spans of these roles; made once, because every span is asked. */
const sources = (...roles: readonly Role[]): readonly KeySource[] =>
  KEY_SOURCES.filter(({ role }) => roles.includes(role));

const NONE = sources();
const SENDING = sources("sends");
const RECEIVING = sources("receives");
const CALLING = sources("calls");
const SERVING = sources("serves");
const SENDING_OR_CALLING = sources("sends", "calls");
const RECEIVING_OR_CALLING = sources("receives", "calls");
const RECEIVING_OR_SERVING = sources("receives", "serves");

/** A kind says most; a client may send or receive, and a span of no kind of its own only what its operation says. */
const sourcesFor = ({ kind }: Sending, attributes: IdReader): readonly KeySource[] => {
  switch (kind) {
    case PRODUCER:
      return SENDING_OR_CALLING;
    case CONSUMER:
    case SERVER:
      return RECEIVING_OR_SERVING;
    case CLIENT:
      return { sends: SENDING_OR_CALLING, receives: RECEIVING_OR_CALLING, neither: CALLING }[operationOf(attributes)];
    case UNSPECIFIED: // Datadog's spans of invocations, among others
      if (attributes.text(DATADOG_FUNCTION_ARN) !== undefined) return SERVING;
  }
  return { sends: SENDING, receives: RECEIVING, neither: NONE }[operationOf(attributes)];
};

const SENDING_CALLS = /^(?:SendMessage|Publish|PutEvents|PutRecord)/;
const RECEIVING_CALLS = /^ReceiveMessage/;

const operationOf = (attributes: IdReader): "sends" | "receives" | "neither" => {
  const operation = attributes.text(...MESSAGING_OPERATION) ?? "";
  const call = operation === "" ? awsOperation(attributes) : "";
  if (MESSAGING_SENDING_OPERATIONS.has(operation) || SENDING_CALLS.test(call)) return "sends";
  if (MESSAGING_RECEIVING_OPERATIONS.has(operation) || RECEIVING_CALLS.test(call)) return "receives";
  return "neither";
};

const holds = (sign: Sign, attributes: IdReader): boolean => {
  if ("service" in sign)
    return awsService(attributes) === sign.service && sign.operations.has(awsOperation(attributes));
  const value = attributes.id(...sign.attribute);
  return value !== undefined && (sign.values === undefined || sign.values.has(value));
};

/** `S3/PutObject`, or `PutObject` of the service `S3`, `AmazonS3`, `Amazon S3`; Datadog writes `putObject`. */
const awsOperation = (attributes: IdReader): string => {
  const operation =
    attributes
      .text(...AWS_CALL_OPERATION)
      ?.split("/")
      .at(-1) ?? "";
  return operation.slice(0, 1).toUpperCase() + operation.slice(1);
};

const awsService = (attributes: IdReader): string => {
  const [service, operation] = attributes.text(...AWS_CALL_OPERATION)?.split("/") ?? [];
  const name = operation === undefined ? attributes.text(...AWS_CALL_SERVICE) : service;
  return (name ?? "").toLowerCase().replace(/^(?:amazon|aws)\s*/, "");
};

/** What a link does not say, its span says for all of them: the queue, the stream. */
const keysAt = (source: KeySource, span: IdReader, links: readonly IdReader[]): StitchKey[] =>
  [[span], ...links.map((link) => [link, span])].flatMap((place) => keyAt(source, place) ?? []);

const keyAt = (
  { kind, id: parts, scope: around, needsScope }: KeySource,
  place: readonly IdReader[],
): StitchKey | undefined => {
  const [own] = place;
  // The last part is what tells one from another, so it must be the place's own.
  const last = parts.at(-1);
  if (last === undefined || own?.id(...last) === undefined) return undefined;
  const id = joined(parts, place);
  const scope = around && joined(around, place);
  if (id === undefined || (needsScope && scope === undefined)) return undefined;
  return { kind, ...(scope !== undefined && { scope: kind === "kafka-record" ? hosts(scope) : scope }), id };
};

const joined = (parts: readonly Spellings[], place: readonly IdReader[]): string | undefined => {
  const texts = parts.map((spellings) => place.map((reader) => reader.id(...spellings)).find(Boolean));
  return texts.includes(undefined) ? undefined : texts.join("/");
};

/** Both sides list them in an order of their own. */
const hosts = (servers: string): string => servers.split(",").toSorted().join(",");
