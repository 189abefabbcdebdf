/**
 * Other projects' event payloads, where they are present: their index says of each what it is and which contexts it carries.
 * What a file's trigger is called here stands in this list, by hand, so that nothing of what is tested decides it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CarriedContext } from "../propagate/w3c.ts";
import { detectTrigger } from "./detect.ts";

const DATADOG = "datadog-lambda-js";
const POWERTOOLS = "powertools-lambda-typescript";
const ELASTIC = "elastic-apm-agent-nodejs";

const GOOGLE = "google-cloudevents";

/** Type and source → files; whatever is not here must be unknown. */
const TRIGGERS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "http api-gateway-rest": {
    [DATADOG]: [
      "api-gateway-traced-authorizer-request-v1-cached",
      "api-gateway-traced-authorizer-request-v1",
      "api-gateway-traced-authorizer-token-v1-cached",
      "api-gateway-traced-authorizer-token-v1",
      "api-gateway-v1-parametrized",
      "input_events__api-gateway-get",
    ],
    [POWERTOOLS]: [
      "parser__apigw-http__invalid",
      "parser__apigw-rest__console-test-ui",
      "parser__apigw-rest__iam-auth",
      "parser__apigw-rest__invalid",
      "parser__apigw-rest__jwt-authorizer-auth",
      "parser__apigw-rest__lambda-authorizer-auth",
      "parser__apigw-rest__no-auth",
    ],
    [ELASTIC]: ["aws_api_rest_test_data", "aws_apigateway_event_with_template_path"],
  },
  "http api-gateway-http": {
    [DATADOG]: [
      "api-gateway-traced-authorizer-request-v2-cached",
      "api-gateway-traced-authorizer-request-v2",
      "api-gateway-v1",
      "api-gateway-v2-parametrized",
      "api-gateway-v2",
    ],
    [POWERTOOLS]: [
      "parser__apigw-http__iam-auth",
      "parser__apigw-http__jwt-authorizer-auth",
      "parser__apigw-http__lambda-authorizer-auth",
    ],
    [ELASTIC]: ["aws_api_http_test_data"],
  },
  "http api-gateway-websocket": {
    [DATADOG]: [
      "api-gateway-traced-authorizer-request-websocket-connect",
      "api-gateway-traced-authorizer-request-websocket-message",
      "api-gateway-wss",
    ],
    [POWERTOOLS]: ["parser__apigw-rest__websocket"],
  },
  "http api-gateway-authorizer": {
    [POWERTOOLS]: [
      "parser__apigw-http__authorizer-request",
      "parser__apigw-rest__authorizer-request",
      "parser__apigw-rest__authorizer-token",
      "parser__apigw-websocket__connectEvent",
    ],
  },
  "http alb": {
    [DATADOG]: ["application-load-balancer-multivalue-headers", "application-load-balancer"],
    [POWERTOOLS]: ["parser__alb__base", "parser__alb__multi-fields"],
    [ELASTIC]: ["aws_elb_test_data"],
  },
  "http function-url": {
    [DATADOG]: ["lambda-function-urls"],
    [POWERTOOLS]: [
      "parser__lambda__base",
      "parser__lambda__get-request",
      "parser__lambda__iam-auth",
      "parser__lambda__invalid",
    ],
  },
  sqs: {
    [DATADOG]: ["eventbridge-sqs", "snssqs", "sqs", "input_events__sqs"],
    [POWERTOOLS]: ["parser__s3__sqs-event", "parser__sqs__base", "parser__sqs__sns-body"],
    [ELASTIC]: ["aws_sqs_test_data"],
  },
  sns: {
    [DATADOG]: ["sns", "input_events__sns"],
    [POWERTOOLS]: ["parser__sns__base"],
    [ELASTIC]: ["aws_sns_test_data"],
  },
  eventbridge: {
    [DATADOG]: ["eventbridge"],
    [POWERTOOLS]: [
      "parser__eventbridge__base",
      "parser__s3__eventbridge-object-created",
      "parser__s3__eventbridge-object-deleted",
      "parser__s3__eventbridge-object-expired",
      "parser__s3__eventbridge-object-restored",
    ],
  },
  schedule: { [DATADOG]: ["cloudwatch-events"] },
  "step-functions": { [DATADOG]: ["states"] },
  "http appsync": { [POWERTOOLS]: ["parser__appsync__resolver"] },
  "http vpc-lattice": { [POWERTOOLS]: ["parser__vpc-lattice-v2__base", "parser__vpc-lattice__base"] },
  kinesis: {
    [DATADOG]: ["kinesis"],
    [POWERTOOLS]: [
      "parser__kinesis__dynamodb-stream",
      "parser__kinesis__stream-cloudwatch-logs",
      "parser__kinesis__stream",
    ],
  },
  firehose: {
    [POWERTOOLS]: [
      "parser__kinesis__firehose-put",
      "parser__kinesis__firehose-sqs-invalid",
      "parser__kinesis__firehose-sqs",
      "parser__kinesis__firehose",
    ],
  },
  dynamodb: {
    [DATADOG]: [
      "dynamodb",
      "input_events__dynamodb-one-key-table",
      "input_events__dynamodb-remove",
      "input_events__dynamodb-two-key-table",
    ],
    [POWERTOOLS]: ["parser__dynamodb__base"],
  },
  s3: {
    [DATADOG]: [
      "s3",
      "input_events__s3-completemultipartupload",
      "input_events__s3-copyobject",
      "input_events__s3-putobject",
    ],
    [POWERTOOLS]: [
      "parser__s3__base",
      "parser__s3__decoded-key",
      "parser__s3__delete-object",
      "parser__s3__glacier",
      "parser__s3__s3-lifecycle-event",
    ],
    [ELASTIC]: ["aws_s3_test_data"],
  },
  kafka: {
    [POWERTOOLS]: [
      "kafka__avro",
      "kafka__default",
      "kafka__protobuf-complex.confluent",
      "kafka__protobuf-complex.glue",
      "kafka__protobuf",
      "parser__kafka__base",
    ],
  },
  "appsync-events": { [POWERTOOLS]: ["event-handler__onPublish", "parser__appsync-events__base"] },
  cloudformation: {
    [POWERTOOLS]: [
      "parser__cloudformation__custom-resource-create",
      "parser__cloudformation__custom-resource-delete",
      "parser__cloudformation__custom-resource-update",
    ],
  },
  cloudfront: { [DATADOG]: ["cloudfront"] },
  "cloudwatch-logs": { [DATADOG]: ["cloudwatch-logs"], [POWERTOOLS]: ["parser__cloudwatch__base"] },
  cognito: { [POWERTOOLS]: ["parser__cognito__base"] },
  connect: { [POWERTOOLS]: ["parser__connect-outbound-campaigns__base"] },
  "s3-object-lambda": { [POWERTOOLS]: ["parser__s3__object-iam-user", "parser__s3__object-temp-credentials"] },
  ses: { [POWERTOOLS]: ["parser__ses__base"] },
  "transfer-family": { [POWERTOOLS]: ["parser__transfer-family__base"] },
  pubsub: {
    [GOOGLE]: ["binary", "duplicatedFields", "text"].map(
      (name) => `google__events__cloud__pubsub__v1__MessagePublishedData-${name}`,
    ),
  },
  gcs: {
    [GOOGLE]: ["complex", "simple"].map((name) => `google__events__cloud__storage__v1__StorageObjectData-${name}`),
  },
};

/** Bare data without an envelope, and payloads that are nobody's. */
const UNKNOWN = 16;

const FILES = Object.entries(TRIGGERS).flatMap(([trigger, projects]) =>
  Object.entries(projects).flatMap(([project, names]) =>
    names.map((name) => [`${project}/${name}.json`, trigger] as const),
  ),
);

const corpusDir = process.env["MAYFLY_CORPUS_DIR"];
const folder = join(corpusDir ?? "", "fixtures/events");
const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), "utf8"));

/** File → what the index found in it; its sections are named by project. */
const readIndex = (): ReadonlyMap<string, string> => {
  const sections = readFileSync(join(folder, "INDEX.md"), "utf8").split(/^## /m).slice(1);
  return new Map(
    sections.flatMap((section) => {
      const project = section.split(" ", 1)[0] ?? "";
      const rows = section.matchAll(/^\| (\S+\.json) \| [^|]* \| ([^|]*) \|/gm);
      return Array.from(rows, ([, name, contexts]) => [`${project}/${name}`, contexts ?? ""] as const);
    }),
  );
};

const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].toSorted();

/** A 64-bit id, as the carrier has it and as we write it. */
const hex = (decimal: string | undefined): string =>
  BigInt(decimal ?? "")
    .toString(16)
    .padStart(16, "0");

const listed = (contexts: string) => ({
  datadog: unique(
    Array.from(
      contexts.matchAll(/datadog trace=(\d+) parent=(\d+)/g),
      ([, trace, span]) => `${hex(trace)}-${hex(span)}`,
    ),
  ),
  w3c: unique(Array.from(contexts.matchAll(/traceparent 00-(\w{32}-\w{16})-/g), ([, ids]) => ids ?? "")),
  xray: unique(Array.from(contexts.matchAll(/x-ray Root=1-(\w{8})-(\w{24})/g), ([, time, rest]) => `${time}${rest}`)),
});

const carried = (file: string) => {
  const contexts = detectTrigger(read(file)).records.flatMap((record): readonly CarriedContext[] => record.contexts);
  return {
    datadog: unique(
      contexts.flatMap(({ format, traceId, spanId }) =>
        format === "datadog" ? [`${traceId.slice(16)}-${spanId}`] : [],
      ),
    ),
    w3c: unique(contexts.flatMap(({ format, traceId, spanId }) => (format === "w3c" ? [`${traceId}-${spanId}`] : []))),
    xray: unique(contexts.flatMap(({ format, traceId }) => (format === "xray" ? [traceId] : []))),
  };
};

describe.skipIf(corpusDir === undefined)("payloads of other projects", () => {
  test.each(FILES)("%s is %s", (file, trigger) => {
    const { type, source, records } = detectTrigger(read(file));
    expect([type, source].filter(Boolean).join(" ")).toBe(trigger);
    expect(records).toHaveLength(recordsIn(read(file), trigger));
  });

  test.each(FILES)("%s carries the contexts that its index found", (file) => {
    const { w3c, datadog, xray } = listed(readIndex().get(file) ?? "no such file");
    expect(carried(file).w3c).toEqual(w3c);
    expect(carried(file).datadog).toEqual(datadog);
    // The index missed two: in an AWSTraceHeader, and beside a traceparent.
    expect(carried(file).xray).toEqual(expect.arrayContaining(xray));
    const inFile = JSON.stringify(read(file)).matchAll(/Root=1-([0-9a-f]{8})-([0-9a-f]{24})/g);
    expect(carried(file).xray).toEqual(unique(Array.from(inFile, ([, time, rest]) => `${time}${rest}`)));
  });

  test("Datadog's high half of a trace id stands before the low one", () => {
    const [context] = detectTrigger(
      read(`${DATADOG}/application-load-balancer-multivalue-headers.json`),
    ).records.flatMap((record) => record.contexts.filter(({ format }) => format === "datadog"));
    expect(context?.traceId).toBe(`68126c4300000000${hex("0987654321")}`);
  });

  test("every record has a key, where its platform gives it an id that both sides see", () => {
    const keyless = FILES.filter(([file, trigger]) => {
      if (trigger === "schedule" || /appsync|alb|lattice|authorizer|gcs/.test(trigger)) return false;
      return detectTrigger(read(file)).records.some(({ keys }) => keys.length === 0);
    });
    // These two have no name of a stream or a table in their ARNs.
    expect(keyless.map(([file]) => file)).toEqual([
      `${DATADOG}/kinesis.json`,
      `${POWERTOOLS}/parser__dynamodb__base.json`,
    ]);
  });

  test("all other files are unknown", () => {
    const known = new Set<string>(FILES.map(([file]) => file));
    const others = [...readIndex().keys()].filter((file) => !known.has(file));
    expect(others.length + known.size).toBe(readIndex().size);
    expect(others.length).toBe(UNKNOWN);
    expect(others.filter((file) => detectTrigger(read(file)).type !== "unknown")).toEqual([]);
  });
});

const ONE_RECORD = /^(http .*|eventbridge|step-functions|pubsub)$/;

/** One per record of a batch; one of a request or a message; none where only the type is told, or nothing caused it. */
function recordsIn(event: unknown, trigger: string): number {
  const { Records, records } = event as { Records?: readonly unknown[]; records?: Record<string, readonly unknown[]> };
  if (trigger === "kafka") return Object.values(records ?? {}).flat().length;
  if (/^(sqs|sns|kinesis|dynamodb|s3)$/.test(trigger)) return Records?.length ?? 0;
  return ONE_RECORD.test(trigger) ? 1 : 0;
}
