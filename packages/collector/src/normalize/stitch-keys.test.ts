/** Which keys are read off spans as instrumentations write them, and off which they are not. */
import type { KeyValue, Span, SpanLink } from "@mayfly/otlp";
import { expect, test } from "vitest";
import { formatStitchKey } from "../model/stitch-key.ts";
import { type IdReader, attributeReader } from "./attributes.ts";
import { KEY_SOURCES, lastPart } from "./key-sources.ts";
import { SPAN_TELLING_ATTRIBUTES, normalizedSpan } from "./spans.ts";
import { spanOrigin } from "./origin.ts";
import { stitchKeysOf } from "./stitch-keys.ts";

type Attributes = Readonly<Record<string, string | number | readonly string[]>>;

const keyValues = (attributes: Attributes): KeyValue[] =>
  Object.entries(attributes).map(([key, value]) => {
    if (typeof value === "string") return { key, value: { stringValue: value } };
    if (typeof value === "number") return { key, value: { intValue: BigInt(value) } };
    return { key, value: { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } } };
  });

const KINDS = { unspecified: 0, internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

const span = (kind: keyof typeof KINDS, attributes: Attributes, links: readonly Attributes[] = []): Span => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceState: "",
  parentSpanId: "",
  name: "s",
  kind: KINDS[kind],
  startTimeUnixNano: 1n,
  endTimeUnixNano: 2n,
  attributes: keyValues(attributes),
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: links.map(link),
  droppedLinksCount: 0,
  flags: 0,
});

const link = (attributes: Attributes): SpanLink => ({
  traceId: "0".repeat(32),
  spanId: "0".repeat(16),
  traceState: "",
  attributes: keyValues(attributes),
  droppedAttributesCount: 0,
  flags: 0,
});

/** `> key` for each that was produced, `< key` for each that was consumed. */
const keysOf = (one: Span): string[] => {
  const { produced, consumed } = stitchKeysOf(one, attributeReader(one.attributes));
  return [...produced.map((key) => `> ${formatStitchKey(key)}`), ...consumed.map((key) => `< ${formatStitchKey(key)}`)];
};

const SQS = { "messaging.system": "aws_sqs", "messaging.destination.name": "orders" };
const QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders";
const EXECUTION = "arn:aws:states:eu-west-1:111122223333:execution:ship:1";

test.each([
  // SQS
  ["JavaScript sends to SQS", "producer", { ...SQS, "messaging.message.id": "m" }, ["> sqs-message|orders|m"]],
  [
    "Python sends to SQS",
    "client",
    {
      "rpc.system": "aws-api",
      "rpc.service": "SQS",
      "rpc.method": "SendMessage",
      "messaging.system": "aws.sqs",
      "messaging.destination": "orders",
      "messaging.url": QUEUE_URL,
      "messaging.message.id": "m",
      "aws.request_id": "q",
    },
    ["> sqs-message|orders|m"],
  ],
  [
    "Python receives from SQS",
    "client",
    {
      "rpc.method": "ReceiveMessage",
      "messaging.system": "aws.sqs",
      "messaging.destination": "orders",
      "messaging.message.id": "m",
    },
    ["< sqs-message|orders|m"],
  ],
  [
    "Java sends to SQS",
    "producer",
    {
      "messaging.system": "AmazonSQS",
      "messaging.operation": "publish",
      "messaging.message_id": "m",
      "aws.queue.url": QUEUE_URL,
    },
    [`> sqs-message|${QUEUE_URL}|m`],
  ],
  [
    "a message is processed",
    "consumer",
    { ...SQS, "messaging.operation": "deliver", "messaging.message.id": "m" },
    ["< sqs-message|orders|m"],
  ],
  [
    "a message is received by a client, as semantic conventions 1.44 have it",
    "client",
    { ...SQS, "messaging.operation.type": "receive", "messaging.message.id": "m" },
    ["< sqs-message|orders|m"],
  ],
  [
    "a message is processed in a span of no kind",
    "internal",
    { ...SQS, "messaging.operation.type": "process", "messaging.message.id": "m" },
    ["< sqs-message|orders|m"],
  ],
  [
    "a message that is settled is no longer on its way",
    "client",
    { ...SQS, "messaging.operation.type": "settle", "messaging.message.id": "m" },
    [],
  ],
  ["a client that says nothing of an operation", "client", { ...SQS, "messaging.message.id": "m" }, []],
  [
    "a system that gives no shared ids",
    "producer",
    { "messaging.system": "rabbitmq", "messaging.message.id": "m" },
    [],
  ],
  // SNS, EventBridge, Pub/Sub, CloudEvents
  [
    "a hook of JavaScript's instrumentation tells what SNS answered",
    "producer",
    { "messaging.system": "aws.sns", "messaging.destination.name": "arn:aws:sns:x", "messaging.message.id": "m" },
    ["> sns-message|arn:aws:sns:x|m"],
  ],
  [
    "an event of EventBridge",
    "consumer",
    { "messaging.system": "aws_eventbridge", "messaging.message.id": "e" },
    ["< eventbridge-event||e"],
  ],
  [
    "a message of Pub/Sub",
    "producer",
    { "messaging.system": "gcp_pubsub", "messaging.destination.name": "t", "messaging.message.id": "p" },
    ["> pubsub-message|t|p"],
  ],
  [
    "a CloudEvent",
    "consumer",
    { "cloudevents.event_id": "c", "cloudevents.event_source": "/shop" },
    ["< cloudevent|/shop|c"],
  ],
  ["a CloudEvent from nowhere is none", "consumer", { "cloudevents.event_id": "c" }, []],
  // Kinesis, Kafka
  [
    "a record of Kinesis by the messaging conventions",
    "consumer",
    {
      "messaging.system": "aws_kinesis",
      "messaging.destination.name": "clicks",
      "messaging.destination.partition.id": "shardId-1",
      "messaging.message.id": "49",
    },
    ["< kinesis-record|clicks/shardId-1|49"],
  ],
  [
    "a record of Kinesis by attributes of its own",
    "client",
    { "aws.kinesis.stream.name": "clicks", "aws.kinesis.shard_id": "shardId-1", "aws.kinesis.sequence_number": "49" },
    ["> kinesis-record|clicks/shardId-1|49"],
  ],
  [
    "a record of a shard that is not known",
    "client",
    { "aws.kinesis.stream_name": "clicks", "aws.kinesis.sequence_number": "49" },
    [],
  ],
  [
    "Java sends to Kafka",
    "producer",
    {
      "messaging.system": "kafka",
      "messaging.destination.name": "orders",
      "messaging.destination.partition.id": "3",
      "messaging.kafka.message.offset": 0,
    },
    ["> kafka-record||orders/3/0"],
  ],
  [
    "Kafka is read, its servers known",
    "consumer",
    {
      "messaging.system": "kafka",
      "messaging.destination": "orders",
      "messaging.kafka.partition": 3,
      "messaging.kafka.offset": 42,
      "messaging.kafka.bootstrap.servers": "b2:9092,b1:9092",
    },
    ["< kafka-record|b1:9092,b2:9092|orders/3/42", "< kafka-record||orders/3/42"],
  ],
  // Lambda
  ["an invocation", "server", { "faas.invocation_id": "r" }, ["< lambda-request||r"]],
  ["an invocation by the older name", "consumer", { "faas.execution": "r" }, ["< lambda-request||r"]],
  ["a span inside an invocation", "internal", { "faas.invocation_id": "r" }, []],
  [
    "JavaScript invokes a function",
    "client",
    { "rpc.service": "Lambda", "rpc.method": "Invoke", "faas.invoked_name": "f", "faas.execution": "r" },
    ["> lambda-request||r"],
  ],
  ["Python invokes a function", "client", { "faas.invoked_name": "f", "aws.request_id": "r" }, ["> lambda-request||r"]],
  [
    "X-Ray saw a function invoked",
    "client",
    { "aws.service": "Lambda", "aws.operation": "Invoke", "aws.request_id": "r" },
    ["> lambda-request||r"],
  ],
  [
    "the newest conventions invoke",
    "client",
    { "rpc.method": "Lambda/Invoke", "aws.request.id": "r" },
    ["> lambda-request||r"],
  ],
  [
    "other calls of Lambda",
    "client",
    { "rpc.service": "Lambda", "rpc.method": "GetFunction", "aws.request_id": "r" },
    [],
  ],
  [
    "Datadog invokes a function",
    "client",
    { "aws.service": "Lambda", "aws.operation": "invoke", "aws.response.request_id": "r" },
    ["> lambda-request||r"],
  ],
  [
    "Datadog's span of an invocation",
    "unspecified",
    { function_arn: "arn:aws:lambda:x", request_id: "r" },
    ["< lambda-request||r"],
  ],
  ["a request id of anybody's", "server", { request_id: "r" }, []],
  // S3, HTTP, Step Functions
  [
    "Java 1 writes an object",
    "client",
    { "rpc.service": "Amazon S3", "rpc.method": "PutObject", "aws.requestId": "S" },
    ["> s3-request||S"],
  ],
  ["an object is read", "client", { "rpc.service": "S3", "rpc.method": "GetObject", "aws.request.id": "S" }, []],
  [
    "another service puts an object",
    "client",
    { "rpc.service": "S3Control", "rpc.method": "PutObject", "aws.request_id": "S" },
    [],
  ],
  ["API Gateway answers", "client", { "http.response.header.apigw-requestid": ["h="] }, ["> http-request||h="]],
  ["a server answers that itself", "server", { "http.response.header.apigw-requestid": ["h="] }, []],
  [
    "a hook tells the execution",
    "client",
    { "aws.step_functions.execution.arn": EXECUTION },
    [`> sfn-execution||${EXECUTION}`],
  ],
] as const)("%s", (_claim, kind, attributes, keys) => {
  expect(keysOf(span(kind, attributes))).toEqual(keys);
});

test("what the span says itself is all there is", () => {
  const own = { "mayfly.keys.produced": ["sqs-message|q|m", "sqs-message||m", "nonsense"] };
  expect(keysOf(span("producer", { ...own, ...SQS, "messaging.message.id": "n" }))).toEqual(["> sqs-message||m"]);
});

test("JavaScript's span for a batch names each message on a link, and the queue once", () => {
  const one = span("consumer", { ...SQS, "messaging.batch.message_count": 2, "messaging.operation.type": "process" }, [
    { "messaging.message.id": "m1" },
    { "messaging.message.id": "m2" },
    {},
  ]);
  expect(keysOf(one)).toEqual(["< sqs-message|orders|m1", "< sqs-message|orders|m2"]);
  expect(normalizedSpan(one, spanOrigin({ resourceSchemaUrl: "", scopeSchemaUrl: "" }), 0n).batchCount).toBe(2);
});

test("a record of Kafka that is known by its brokers and without them is one record", () => {
  const kafka = {
    "messaging.system": "kafka",
    "messaging.destination.name": "orders",
    "messaging.kafka.bootstrap.servers": "b",
  };
  const record = (offset: number) => ({ "messaging.destination.partition.id": "0", "messaging.kafka.offset": offset });
  const countOf = (one: Span): number =>
    normalizedSpan(one, spanOrigin({ resourceSchemaUrl: "", scopeSchemaUrl: "" }), 0n).batchCount;
  expect(countOf(span("consumer", { ...kafka, ...record(7) }))).toBe(1);
  expect(countOf(span("consumer", kafka, [record(7), record(8)]))).toBe(2);
});

test("a link of a batch from Kafka tells its partition and offset; what it does not tell, the span does", () => {
  const topic = { "messaging.system": "kafka", "messaging.destination.name": "orders" };
  const links = [
    { "messaging.destination.partition.id": "0", "messaging.kafka.offset": 7 },
    { "messaging.destination.partition.id": "1", "messaging.kafka.offset": 7 },
  ];
  expect(keysOf(span("consumer", topic, links))).toEqual(["< kafka-record||orders/0/7", "< kafka-record||orders/1/7"]);
});

const POINTER = { "link.kind": "span-pointer", "ptr.kind": "aws.s3.object", "ptr.hash": "40df87db" };

test("Datadog's pointers tell what was written on one side and read on the other", () => {
  const written = JSON.stringify([{ trace_id: "0", span_id: "0", attributes: { ...POINTER, "ptr.dir": "d" } }]);
  expect(keysOf(span("client", {}, [{ ...POINTER, "ptr.dir": "d" }]))).toEqual(["> s3-object||40df87db"]);
  expect(keysOf(span("client", { "_dd.span_links": written }))).toEqual(["> s3-object||40df87db"]);
  expect(keysOf(span("unspecified", {}, [{ ...POINTER, "ptr.dir": "u" }]))).toEqual(["< s3-object||40df87db"]);
  expect(keysOf(span("server", {}, [{ ...POINTER, "ptr.kind": "aws.dynamodb.item", "ptr.dir": "u" }]))).toEqual([
    "< dynamodb-record||40df87db",
  ]);
});

test.each([
  ["a websocket's", [{ ...POINTER, "ptr.kind": "websocket", "ptr.dir": "d" }], ""],
  ["one without a direction", [POINTER], ""],
  ["one named like what every object has", [{ ...POINTER, "ptr.kind": "constructor", "ptr.dir": "d" }], ""],
  ["a list that was cut", [], '[{"attributes":{"link.ki...'],
  ["a list of nothing", [], "[null, 1, {}]"],
])("no pointer of ours: %s", (_claim, links, written) => {
  expect(keysOf(span("server", { "_dd.span_links": written }, links))).toEqual([]);
});

test("what only stands beside an id is not looked at: a span that has nothing else says nothing of keys", () => {
  const reads: string[] = [];
  const counting: IdReader = {
    has: () => false,
    text: (...keys) => void reads.push(...keys),
    id: (...keys) => void reads.push(...keys),
    texts: (key) => void reads.push(key),
    isTrue: () => false,
  };
  stitchKeysOf({ kind: 3, links: [] }, counting);
  expect(reads.filter((key) => /^(?:rpc|aws)\./.test(key))).toEqual([]);
  for (const beside of ["rpc.service", "rpc.method", "messaging.destination.name", "messaging.system", "function_arn"])
    expect(SPAN_TELLING_ATTRIBUTES.has(beside), beside).toBe(false);
});

test("every attribute without which there is no key tells that there may be one", () => {
  for (const source of KEY_SOURCES)
    for (const attribute of lastPart(source)) expect(SPAN_TELLING_ATTRIBUTES.has(attribute), attribute).toBe(true);
});
