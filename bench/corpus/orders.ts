/**
 * Transactions of an order system, as OTLP spans: nine spans over three functions, one hop by HTTP, one by SQS, one by
 * EventBridge; ten to twelve attributes each, one in thirty fails with an exception event.
 *
 *   orders-api    POST /orders ─┬─ DynamoDB.PutItem
 *                               └─ orders send ─▶ payments   process orders ─┬─ authorize card ── POST psp.example
 *                                                                           ├─ DynamoDB.UpdateItem
 *                                                                           └─ EventBridge.PutEvents ─▶ shipping   order.paid
 *
 * What is different in every transaction (ids, times, the order's number) is a `Blank`: text or bytes of a fixed size
 * that occur nowhere else in a request, so that a request can be encoded once and filled in again and again.
 */
import type { AnyValue, KeyValue, Resource, Span, SpanEvent } from "../../packages/otlp/src/index.ts";
import type { Random } from "./random.ts";

export type BlankKind = "trace-id" | "span-id" | "uuid" | "order" | "time";

export interface Blank {
  readonly kind: BlankKind;
  /** As it stands in the spans: hex for ids, decimal nanoseconds for times. */
  readonly text: string;
  /** Times only: what to add to the beginning of the transaction, in ns. */
  readonly afterNs: number;
}

export interface Part {
  readonly resource: Resource;
  readonly spans: readonly Span[];
}

export interface Transaction {
  readonly parts: readonly Part[];
  readonly blanks: readonly Blank[];
}

type FunctionName = "orders-api" | "payments" | "shipping";
const ENVIRONMENTS = 16;
const TIERS = ["free", "silver", "gold", "platinum"];
const COUNTRIES = ["de", "fr", "it", "es", "nl", "se", "pl", "us"];

/** The blanks of one transaction; `number` keeps those of one request apart. */
const createBlanks = (number: number) => {
  const blanks: Blank[] = [];
  const blank = (kind: BlankKind, afterNs = 0): string => {
    const text = PLACEHOLDERS[kind](number * 1000 + blanks.length);
    blanks.push({ kind, text, afterNs });
    return text;
  };
  return { blanks, blank };
};

const hexOf = (mark: number, digits: number): string =>
  `${mark.toString(16).padStart(8, "0")}${"fe37a1d05c96b284".repeat(2)}`.slice(0, digits);

const PLACEHOLDERS: Readonly<Record<BlankKind, (mark: number) => string>> = {
  "trace-id": (mark) => hexOf(mark, 32),
  "span-id": (mark) => hexOf(mark, 16),
  uuid: (mark) => `${mark.toString(16).padStart(8, "0")}-9b3d-4f6e-8a2c-71e05bd9c64f`,
  order: (mark) => `o-${String(mark).padStart(10, "7")}`,
  time: (mark) => String(1_111_111_111_000_000_000n + BigInt(mark) * 1_000_003n),
};

export const orderTransaction = (random: Random, number: number): Transaction => {
  const { blanks, blank } = createBlanks(number);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const traceId = blank("trace-id");
  const order = blank("order");
  const [tier, country] = [pick(TIERS), pick(COUNTRIES)];
  const failed = random() < 1 / 30;
  const coldStart = random() < 1 / 50;
  const [apiRequest, payRequest, shipRequest] = [blank("uuid"), blank("uuid"), blank("uuid")];
  const [messageId, eventId] = [blank("uuid"), blank("uuid")];

  const span = (
    name: string,
    kind: number,
    parentSpanId: string,
    [startMs, endMs]: readonly [number, number],
    attributes: Readonly<Record<string, Plain>>,
    more: Partial<Span> = {},
  ): Span => ({
    traceId,
    spanId: blank("span-id"),
    traceState: "",
    parentSpanId,
    name,
    kind,
    startTimeUnixNano: BigInt(blank("time", jittered(startMs, random))),
    endTimeUnixNano: BigInt(blank("time", jittered(endMs, random))),
    attributes: attributesOf(attributes),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    flags: 0x101,
    ...more,
  });
  const business = { "app.order.id": order, "app.customer.tier": tier, "app.country": country };
  const invocation = (requestId: string, trigger: string) => ({
    "faas.invocation_id": requestId,
    "faas.trigger": trigger,
    "faas.coldstart": coldStart,
    "mayfly.sdk.flush_us": Math.floor(random() * 900),
  });
  const aws = (service: string, method: string) => ({
    "rpc.system": "aws-api",
    "rpc.service": service,
    "rpc.method": method,
    "aws.request_id": blank("uuid"),
    "http.response.status_code": 200,
    "server.address": `${service.toLowerCase()}.eu-central-1.amazonaws.com`,
    "cloud.region": "eu-central-1",
    "http.request.resend_count": 0,
  });

  const api = span("POST /orders", SERVER, "", [0, 41], {
    ...invocation(apiRequest, "http"),
    "http.request.method": "POST",
    "http.route": "/orders",
    "url.path": "/orders",
    "http.response.status_code": 202,
    "mayfly.keys.consumed": [`lambda-request||${apiRequest}`],
    ...business,
  });
  const put = span("DynamoDB.PutItem", CLIENT, api.spanId, [3, 11], {
    ...aws("DynamoDB", "PutItem"),
    "db.system.name": "aws.dynamodb",
    "aws.dynamodb.table_names": ["orders"],
    "app.order.id": order,
  });
  const send = span("orders send", PRODUCER, api.spanId, [12, 19], {
    "messaging.system": "aws_sqs",
    "messaging.operation.type": "send",
    "messaging.operation.name": "SendMessage",
    "messaging.destination.name": "orders",
    "messaging.message.id": messageId,
    "aws.request_id": blank("uuid"),
    "http.response.status_code": 200,
    "cloud.region": "eu-central-1",
    "server.address": "sqs.eu-central-1.amazonaws.com",
    "mayfly.keys.produced": [`sqs-message|orders|${messageId}`],
  });
  const pay = span(
    "orders process",
    CONSUMER,
    send.spanId,
    [120, 260],
    {
      ...invocation(payRequest, "sqs"),
      "messaging.system": "aws_sqs",
      "messaging.destination.name": "orders",
      "messaging.message.id": messageId,
      "mayfly.keys.consumed": [`lambda-request||${payRequest}`, `sqs-message|orders|${messageId}`],
      ...business,
    },
    {
      flags: 0x301,
      ...(failed && {
        status: { code: 2, message: "card declined" },
        events: [exceptionAt(BigInt(blank("time", 255e6)))],
      }),
    },
  );
  const authorize = span(
    "authorize card",
    INTERNAL,
    pay.spanId,
    [122, 230],
    {
      "app.card.network": pick(["visa", "mastercard", "amex"]),
      "app.card.country": country,
      "app.amount.cents": Math.floor(random() * 50_000),
      "app.amount.currency": "EUR",
      "app.risk.score": Math.round(random() * 1000) / 1000,
      "app.risk.model": "v12",
      "app.retry": 0,
      "app.three_d_secure": random() < 0.5,
      ...business,
    },
    failed ? { status: { code: 2, message: "card declined" } } : {},
  );
  const psp = span("POST", CLIENT, authorize.spanId, [125, 228], {
    "http.request.method": "POST",
    "url.full": `https://psp.example/v2/authorizations/${blank("uuid")}`,
    "server.address": "psp.example",
    "server.port": 443,
    "http.response.status_code": failed ? 402 : 201,
    "network.protocol.version": "1.1",
    "network.peer.address": "203.0.113.7",
    "user_agent.original": "undici",
    "http.request.body.size": 512,
    "http.response.body.size": Math.floor(random() * 4000),
  });
  const update = span("DynamoDB.UpdateItem", CLIENT, pay.spanId, [228, 232], {
    ...aws("DynamoDB", "UpdateItem"),
    "db.system.name": "aws.dynamodb",
    "aws.dynamodb.table_names": ["payments"],
    "app.order.id": order,
  });
  const emit = span("EventBridge.PutEvents", CLIENT, pay.spanId, [232, 250], {
    ...aws("EventBridge", "PutEvents"),
    "aws.eventbridge.bus": "default",
    "mayfly.keys.produced": [`eventbridge-event|default|${eventId}`],
  });
  const ship = span(
    "order.paid",
    CONSUMER,
    emit.spanId,
    [410, 440],
    {
      ...invocation(shipRequest, "eventbridge"),
      "cloudevents.event_type": "order.paid",
      "cloudevents.event_source": "payments",
      "app.warehouse": pick(["ber", "muc", "ham"]),
      "mayfly.keys.consumed": [`lambda-request||${shipRequest}`, `eventbridge-event|default|${eventId}`],
      ...business,
    },
    { flags: 0x301 },
  );
  const place = Math.floor(random() * ENVIRONMENTS);
  return {
    parts: [
      { resource: resourceOf("orders-api", place), spans: [api, put, send] },
      { resource: resourceOf("payments", place), spans: [pay, authorize, psp, update, emit] },
      { resource: resourceOf("shipping", place), spans: [ship] },
    ],
    blanks,
  };
};

const [INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER] = [1, 2, 3, 4, 5];

/** Durations differ as real ones do; in whole microseconds plus some ns, so that times compress as badly as real ones. */
const jittered = (ms: number, random: Random): number => Math.floor(ms * 1e6 * (0.8 + 0.4 * random()));

type Plain = string | number | boolean | readonly string[];

const attributesOf = (plain: Readonly<Record<string, Plain>>): KeyValue[] =>
  Object.entries(plain).map(([key, value]) => ({ key, value: anyValueOf(value) }));

const anyValueOf = (value: Plain): AnyValue => {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: BigInt(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
};

const exceptionAt = (timeUnixNano: bigint): SpanEvent => ({
  timeUnixNano,
  name: "exception",
  attributes: attributesOf({
    "exception.type": "CardDeclined",
    "exception.message": "card declined by issuer",
    "exception.stacktrace":
      "CardDeclined: card declined by issuer\n    at authorize (/var/task/index.mjs:118:11)\n    at handler (/var/task/index.mjs:64:5)",
  }),
  droppedAttributesCount: 0,
});

const resourceOf = (name: FunctionName, environment: number): Resource => ({
  attributes: attributesOf({
    "service.name": name,
    "faas.name": name,
    "faas.version": "$LATEST",
    "faas.instance": `2026/11/25/[$LATEST]${hexOf(environment * 7919 + name.length, 32)}`,
    "faas.max_memory": 536_870_912,
    "cloud.provider": "aws",
    "cloud.platform": "aws_lambda",
    "cloud.region": "eu-central-1",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "3.1.1",
    "process.runtime.version": "24.11.0",
  }),
  droppedAttributesCount: 0,
  entityRefs: [],
});
