/**
 * A span → a segment document for PutTraceSegments.
 *
 * A server's span, or one whose parent is absent or somebody else's, is a segment; any other a subsegment that is sent alone.
 * Times are written with all their digits. Attributes named as annotations are X-Ray's annotations, which it indexes; those
 * that X-Ray has a field for are in it; all others in the metadata, and what it does not index costs nothing there.
 *
 * Bounds  64 kB a document: metadata, then stacks are left out of a larger one.
 * Source  AWS X-Ray developer guide, "Segment documents"; names and faults as OpenTelemetry's X-Ray exporter decides them.
 */
import { createHash } from "node:crypto";
import { attributesToPlain, type PlainAttributes, type PlainValue, type Span } from "@mayfly/otlp";
import type { UnixNano } from "../../model/time.ts";
import { rootOfTraceId } from "../../model/xray-header.ts";
import {
  AWS_DYNAMODB_TABLE_NAMES,
  AWS_LOG_GROUP_NAMES,
  AWS_REQUEST_ID,
  AWS_S3_BUCKET,
  AWS_S3_KEY,
  AWS_SNS_TOPIC_ARN,
  AWS_SQS_QUEUE_URL,
  CLIENT_ADDRESS,
  CLOUD_ACCOUNT_ID,
  CLOUD_REGION,
  DB_NAMESPACE,
  DB_QUERY_TEXT,
  DB_SYSTEM_NAME,
  ENDUSER_ID,
  ERROR_TYPE,
  EXCEPTION_EVENT,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  FAAS_INVOKED_NAME,
  HTTP_REQUEST_METHOD,
  HTTP_RESPONSE_BODY_SIZE,
  HTTP_RESPONSE_STATUS_CODE,
  PEER_SERVICE,
  RPC_METHOD,
  RPC_SERVICE,
  RPC_SYSTEM,
  RPC_SYSTEM_AWS,
  SERVER_ADDRESS,
  SERVICE_NAME,
  SERVICE_VERSION,
  TELEMETRY_SDK_NAME,
  TELEMETRY_SDK_VERSION,
  URL_FULL,
  USER_AGENT_ORIGINAL,
} from "../../normalize/semconv.ts";
import { CLIENT, PRODUCER, SERVER } from "../../normalize/span-kind.ts";
import * as words from "../../normalize/xray-words.ts";
import { framesOf } from "./stack.ts";

export interface SegmentSource {
  readonly span: Span;
  readonly resource: PlainAttributes;
  /** Nobody of its own service called it. */
  readonly isLocalRoot: boolean;
  /** Attributes that X-Ray shall index, beside those that the span names itself. */
  readonly annotations: ReadonlySet<string>;
}

export interface SegmentDocument {
  readonly id: string;
  readonly text: string;
  /** Something was left out so that it fits. */
  readonly isShortened: boolean;
}

type Json = { readonly [field: string]: unknown };

const MAX_DOCUMENT_BYTES = 64 * 1024;
const MAX_NAME = 200;
const MAX_ANNOTATIONS = 50;
const STATUS_ERROR = 2;

/** undefined: too large, whatever is left out. */
export const segmentDocument = (source: SegmentSource): SegmentDocument | undefined => {
  const whole = documentOf(source);
  const shorter: (() => Json)[] = [
    () => whole,
    () => ({ ...whole, metadata: undefined }),
    () => ({ ...whole, metadata: undefined, cause: undefined, sql: undefined }),
  ];
  for (const [step, document] of shorter.entries()) {
    const text = JSON.stringify(document());
    if (Buffer.byteLength(text) <= MAX_DOCUMENT_BYTES) return { id: source.span.spanId, text, isShortened: step > 0 };
  }
  return undefined;
};

const documentOf = ({ span, resource, isLocalRoot, annotations: indexed }: SegmentSource): Json => {
  const attributes = attributesToPlain(span.attributes);
  const taken = new Reader(attributes);
  const isSegment = span.kind === SERVER || span.parentSpanId === "" || isLocalRoot;
  const name = nameOf(span, attributes, isSegment ? resource[SERVICE_NAME] : undefined);
  const fields: Json = {
    name,
    id: span.spanId,
    trace_id: rootOfTraceId(span.traceId),
    ...(span.parentSpanId !== "" && { parent_id: span.parentSpanId }),
    ...(!isSegment && { type: "subsegment", namespace: namespaceOf(span, attributes) }),
    start_time: secondsOf(span.startTimeUnixNano),
    ...(span.endTimeUnixNano === 0n
      ? { in_progress: true }
      : { end_time: secondsOf(atLeast(span.endTimeUnixNano, span.startTimeUnixNano)) }),
    ...(isSegment && serviceOf(resource)),
    user: taken.text(ENDUSER_ID),
    origin: isSegment ? taken.text(words.XRAY_ORIGIN) : undefined,
    http: httpOf(taken),
    aws: awsOf(taken, resource, isSegment),
    sql: sqlOf(taken),
    ...faultOf(span, taken),
    cause: causeOf(span, taken),
    links: span.links.length === 0 ? undefined : span.links.map(linkOf),
  };
  const rest = { ...taken.rest(), ...(name !== span.name && { [SPAN_NAME]: span.name }) };
  const annotations = annotationsOf(rest, indexed);
  return { ...fields, annotations, metadata: metadataOf(rest, indexed, isSegment ? resource : {}) };
};

/** Attributes, of which those that were read are not in the metadata as well. */
class Reader {
  readonly #attributes: PlainAttributes;
  readonly #read = new Set<string>();

  constructor(attributes: PlainAttributes) {
    this.#attributes = attributes;
  }

  text(...keys: readonly string[]): string | undefined {
    return this.#first(keys, (value) => typeof value === "string" && value !== "") as string | undefined;
  }

  number(...keys: readonly string[]): number | undefined {
    return this.#first(keys, (value) => typeof value === "number" && Number.isFinite(value)) as number | undefined;
  }

  isTrue(key: string): boolean {
    return this.#first([key], (value) => value === true) === true;
  }

  texts(key: string): readonly string[] | undefined {
    const isTexts = (value: PlainValue): boolean =>
      Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
    return this.#first([key], isTexts) as readonly string[] | undefined;
  }

  rest(): PlainAttributes {
    return Object.fromEntries(Object.entries(this.#attributes).filter(([key]) => !this.#read.has(key)));
  }

  #first(keys: readonly string[], fits: (value: PlainValue) => boolean): PlainValue | undefined {
    const key = keys.find((one) => this.#attributes[one] !== undefined && fits(this.#attributes[one]));
    if (key === undefined) return undefined;
    this.#read.add(key);
    return this.#attributes[key];
  }
}

/** Where a segment is called after something else. */
const SPAN_NAME = "otel.span.name";

const UNNAMEABLE = /[^\p{L}\p{N} _.:/%&#=+\\\-@]/gu;

/** A segment is called after its service, a call after what it calls, as far as it says. */
const nameOf = (span: Span, attributes: PlainAttributes, service: PlainValue | undefined): string => {
  const called =
    span.kind === CLIENT || span.kind === PRODUCER
      ? [PEER_SERVICE, words.AWS_SERVICE].map((key) => attributes[key])
      : [];
  const place = [RPC_SERVICE, SERVER_ADDRESS, "http.host", "net.peer.name"].map((key) => attributes[key]);
  const candidates = called.length > 0 ? [...called, databaseOf(attributes), ...place] : [];
  return [service, ...candidates, span.name].map(nameable).find((name) => name !== "") ?? "span";
};

const nameable = (value: PlainValue | undefined): string =>
  typeof value === "string" ? value.replace(UNNAMEABLE, "").slice(0, MAX_NAME) : "";

const databaseOf = (attributes: PlainAttributes): string | undefined => {
  const name = attributes[DB_NAMESPACE] ?? attributes["db.name"];
  const host = attributes[SERVER_ADDRESS];
  return typeof name === "string" ? `${name}@${typeof host === "string" ? host : "unknown"}` : undefined;
};

const namespaceOf = ({ kind }: Span, attributes: PlainAttributes): string | undefined => {
  if (attributes[RPC_SYSTEM] === RPC_SYSTEM_AWS || attributes[words.AWS_SERVICE] !== undefined) return "aws";
  return kind === CLIENT ? "remote" : undefined;
};

const serviceOf = (resource: PlainAttributes): Json =>
  typeof resource[SERVICE_VERSION] === "string" ? { service: { version: resource[SERVICE_VERSION] } } : {};

const httpOf = (attributes: Reader): Json | undefined =>
  unlessEmpty({
    request: unlessEmpty({
      method: attributes.text(HTTP_REQUEST_METHOD, "http.method"),
      url: attributes.text(URL_FULL, "http.url"),
      user_agent: attributes.text(USER_AGENT_ORIGINAL, "http.user_agent"),
      client_ip: attributes.text(CLIENT_ADDRESS, "http.client_ip"),
      x_forwarded_for: attributes.isTrue(words.XRAY_FORWARDED_FOR) || undefined,
    }),
    response: unlessEmpty({
      status: attributes.number(...STATUS_CODE),
      content_length: attributes.number(HTTP_RESPONSE_BODY_SIZE, "http.response_content_length"),
    }),
  });

const STATUS_CODE = [HTTP_RESPONSE_STATUS_CODE, "http.status_code"];

const awsOf = (attributes: Reader, resource: PlainAttributes, isSegment: boolean): Json | undefined => {
  const tables = attributes.texts(AWS_DYNAMODB_TABLE_NAMES);
  const groups = attributes.texts(AWS_LOG_GROUP_NAMES);
  const sdk = resource[TELEMETRY_SDK_NAME];
  return unlessEmpty({
    operation: attributes.text(RPC_METHOD),
    account_id: attributes.text(CLOUD_ACCOUNT_ID) ?? resource[CLOUD_ACCOUNT_ID],
    region: attributes.text(CLOUD_REGION) ?? (isSegment ? undefined : resource[CLOUD_REGION]),
    request_id: attributes.text(...AWS_REQUEST_ID),
    queue_url: attributes.text(AWS_SQS_QUEUE_URL),
    topic_arn: attributes.text(AWS_SNS_TOPIC_ARN),
    bucket_name: attributes.text(AWS_S3_BUCKET),
    key: attributes.text(AWS_S3_KEY),
    function_name: attributes.text(FAAS_INVOKED_NAME),
    ...(tables?.length === 1 ? { table_name: tables[0] } : { table_names: tables }),
    retries: attributes.number(words.XRAY_RETRIES),
    ...(isSegment && {
      cloudwatch_logs: groups?.map((group) => ({ log_group: group })),
      xray: typeof sdk === "string" ? { sdk, sdk_version: resource[TELEMETRY_SDK_VERSION] } : undefined,
    }),
  });
};

const sqlOf = (attributes: Reader): Json | undefined =>
  unlessEmpty({
    sanitized_query: attributes.text(DB_QUERY_TEXT, "db.statement"),
    database_type: attributes.text(DB_SYSTEM_NAME, "db.system"),
  });

/** What HTTP says comes first: 4xx is the caller's error, 429 a throttled one, everything else the service's fault. */
const faultOf = (span: Span, attributes: Reader): Json => {
  const [status] = STATUS_CODE.map((key) => span.attributes.find((one) => one.key === key)?.value).filter(Boolean);
  const code = status && "intValue" in status ? Number(status.intValue) : 0;
  const said = {
    throttle: attributes.isTrue(words.XRAY_THROTTLE) || code === 429 || undefined,
    error: attributes.isTrue(words.XRAY_ERROR) || (code >= 400 && code < 500) || undefined,
    fault: attributes.isTrue(words.XRAY_FAULT) || code >= 500 || undefined,
  };
  const isSaid = Object.values(said).includes(true);
  return { ...said, ...(!isSaid && span.status?.code === STATUS_ERROR && { fault: true }) };
};

const causeOf = (span: Span, attributes: Reader): Json | string | undefined => {
  const exceptions = span.events
    .filter((event) => event.name === EXCEPTION_EVENT)
    .map((event, index) => exceptionOf(span, attributesToPlain(event.attributes), index));
  const message = span.status?.message ?? "";
  if (exceptions.length === 0 && span.status?.code === STATUS_ERROR && message !== "")
    exceptions.push({ id: exceptionId(span, 0), type: attributes.text(ERROR_TYPE), message });
  if (exceptions.length === 0) return attributes.text(words.XRAY_CAUSE);
  return { working_directory: attributes.text(words.XRAY_WORKING_DIRECTORY), exceptions };
};

const exceptionOf = (span: Span, event: PlainAttributes, index: number): Json => {
  const stack = event[EXCEPTION_STACKTRACE];
  return {
    id: event[words.xrayException("id")] ?? exceptionId(span, index),
    type: event[EXCEPTION_TYPE],
    message: event[EXCEPTION_MESSAGE],
    remote: span.kind === CLIENT || span.kind === PRODUCER || undefined,
    stack: typeof stack === "string" ? framesOf(stack) : undefined,
  };
};

/** The same each time, so that a span sent again is the same document. */
const exceptionId = (span: Span, index: number): string =>
  createHash("sha256").update(`${span.traceId}.${span.spanId}#${index}`).digest("hex").slice(0, 16);

const linkOf = ({ traceId, spanId, attributes }: Span["links"][number]): Json => ({
  trace_id: rootOfTraceId(traceId),
  id: spanId,
  attributes: unlessEmpty(attributesToPlain(attributes)),
});

const isScalar = (value: PlainValue | undefined): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);

const chosen = (attributes: PlainAttributes, indexed: ReadonlySet<string>): string[] => {
  const own = attributes[words.XRAY_ANNOTATIONS];
  const named = new Set([...indexed, ...(Array.isArray(own) ? own : [])]);
  return Object.keys(attributes)
    .filter((key) => named.has(key) && isScalar(attributes[key]))
    .slice(0, MAX_ANNOTATIONS);
};

const annotationsOf = (attributes: PlainAttributes, indexed: ReadonlySet<string>): Json | undefined =>
  unlessEmpty(Object.fromEntries(chosen(attributes, indexed).map((key) => [key.replace(/\W/g, "_"), attributes[key]])));

const METADATA = words.xrayMetadata("");

const metadataOf = (
  attributes: PlainAttributes,
  indexed: ReadonlySet<string>,
  resource: PlainAttributes,
): Json | undefined => {
  const elsewhere = new Set([...chosen(attributes, indexed), words.XRAY_ANNOTATIONS]);
  const others = Object.entries(attributes).filter(([key]) => !elsewhere.has(key));
  const [spaces, plain] = [
    others.filter(([key]) => key.startsWith(METADATA)),
    others.filter(([key]) => !key.startsWith(METADATA)),
  ];
  const ofResource = Object.entries(resource).map(([key, value]) => [`otel.resource.${key}`, value]);
  const fallback = Object.fromEntries([...plain, ...ofResource]);
  return unlessEmpty({
    ...(Object.keys(fallback).length > 0 && { default: fallback }),
    ...Object.fromEntries(spaces.map(([key, value]) => [key.slice(METADATA.length), unpacked(value)])),
  });
};

const unpacked = (value: PlainValue): unknown => {
  try {
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch {
    return value;
  }
};

const unlessEmpty = (fields: Json): Json | undefined =>
  Object.values(fields).some((value) => value !== undefined) ? fields : undefined;

const atLeast = (time: UnixNano, least: UnixNano): UnixNano => (time > least ? time : least);

/** Seconds with all nine digits, which a double would not hold. */
const secondsOf = (time: UnixNano): unknown => {
  const digits = String(time).padStart(10, "0");
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(`${digits.slice(0, -9)}.${digits.slice(-9)}`);
};
