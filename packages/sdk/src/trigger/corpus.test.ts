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

/** Type and source → files; whatever is not here must be unknown. */
const FIRST_CUT: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
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
};

const FILES = Object.entries(FIRST_CUT).flatMap(([trigger, projects]) =>
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

const listed = (contexts: string) => ({
  w3c: unique(Array.from(contexts.matchAll(/traceparent 00-(\w{32}-\w{16})-/g), ([, ids]) => ids ?? "")),
  xray: unique(Array.from(contexts.matchAll(/x-ray Root=1-(\w{8})-(\w{24})/g), ([, time, rest]) => `${time}${rest}`)),
});

const carried = (file: string) => {
  const contexts = detectTrigger(read(file)).records.flatMap((record): readonly CarriedContext[] => record.contexts);
  return {
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
    const { w3c, xray } = listed(readIndex().get(file) ?? "no such file");
    expect(carried(file).w3c).toEqual(w3c);
    // The index missed two: in an AWSTraceHeader, and beside a traceparent.
    expect(carried(file).xray).toEqual(expect.arrayContaining(xray));
    const inFile = JSON.stringify(read(file)).matchAll(/Root=1-([0-9a-f]{8})-([0-9a-f]{24})/g);
    expect(carried(file).xray).toEqual(unique(Array.from(inFile, ([, time, rest]) => `${time}${rest}`)));
  });

  test("all other files are unknown", () => {
    const known = new Set<string>(FILES.map(([file]) => file));
    const others = [...readIndex().keys()].filter((file) => !known.has(file));
    expect(others.length + known.size).toBe(readIndex().size);
    expect(others.length).toBeGreaterThan(60);
    expect(others.filter((file) => detectTrigger(read(file)).type !== "unknown")).toEqual([]);
  });
});

/** One per record of a batch; one of anything else, but for a schedule, which has no cause. */
function recordsIn(event: unknown, trigger: string): number {
  if (trigger === "schedule") return 0;
  return (event as { Records?: readonly unknown[] }).Records?.length ?? 1;
}
