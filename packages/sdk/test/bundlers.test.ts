/**
 * One function, made by each tool in each format, on each Node.js that Lambda has: whoever calls it gets the same, and so does the
 * collector.
 */
import { type LogLine, type Runtime, isInstalled, startLab } from "@mayfly/lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Format, type Tool, createProject } from "./bundlers.ts";
import { type PlainSpan, startCollector } from "./collector.ts";

const TOOLS: readonly Tool[] = ["esbuild", "rollup", "webpack", "tsc"];
const FORMATS: readonly Format[] = ["cjs", "esm"];
const NODES = ["nodejs24.x", "nodejs22.x"] as const;
const BUILDS = TOOLS.flatMap((tool) => FORMATS.map((format) => ({ tool, format })));
const BUILD_TIMEOUT_MS = 120_000;

const project = createProject();
afterAll(() => project.remove());

const files = new Map<string, string>();
beforeAll(async () => {
  for (const { tool, format } of BUILDS) files.set(`${tool} ${format}`, await project.bundle(tool, format));
}, BUILD_TIMEOUT_MS);

const record = (messageId: string, body: object) => ({
  messageId,
  body: JSON.stringify(body),
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:orders",
  attributes: { ApproximateReceiveCount: "1" },
  messageAttributes: {
    traceparent: { stringValue: `00-${messageId.padStart(32, "a")}-${"b".repeat(16)}-01`, dataType: "String" },
  },
});
const EVENT = {
  Records: [record("1", { orderId: "o-1", isBroken: false }), record("2", { orderId: "o-2", isBroken: true })],
};

type Node = (typeof NODES)[number];

/** Its result, and what it told of itself, without what differs from one run to the next. */
const story = async (file: string, runtime: Node) => {
  const collector = await startCollector();
  const logs: LogLine[] = [];
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    QUEUE_URL: { queueUrl: "shipped" },
    MAYFLY_FLUSH_BUDGET_MS: "10000",
  };
  const lab = await startLab(
    { functions: { orders: { file, runtime, environment, timeoutMs: 20_000 } }, queues: { shipped: {} } },
    { runtimeClient: clientFor(runtime), onLog: (line) => logs.push(line) },
  );
  try {
    const url = `${lab.environment["AWS_ENDPOINT_URL_LAMBDA"]}/2015-03-31/functions/orders/invocations`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(EVENT) });
    const result: unknown = await answer.json();
    await lab.idle();
    return {
      result,
      spans: collector.spans.map((span) => spanStory(span, collector.spans)),
      logs: collector.logs.map(({ severityText, body, attributes }) => steady({ severityText, body, attributes })),
      lines: logs.map(({ text }) => steady(JSON.parse(text))),
    };
  } finally {
    await lab.close();
  }
};

/** AWS's own, where it is compiled; in CI it has to be. */
const clientFor = (node: Node): Runtime =>
  process.env["CI"] === "true" || isInstalled("aws-lambda-ric", node) ? "aws-lambda-ric" : "built-in";

const spanStory = (span: PlainSpan, all: readonly PlainSpan[]) => ({
  name: span.name,
  kind: span.kind,
  status: span.status,
  parent: all.find(({ spanId }) => spanId === span.parentSpanId)?.name ?? (span.parentSpanId && "remote"),
  isRoot: span.parentSpanId === "",
  links: span.links.length,
  events: span.events.map(({ name }) => name),
  attributes: steady(span.attributes),
});

const UNSTEADY = /(timestamp|[dD]uration_?(ms|Ms)|overhead_us|init_us|request_?[iI]d|traceId|spanId|stack_?[tT]race)$/;
const ID_OR_PORT = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|1-[\da-f]{8}-[\da-f]{24}|127\.0\.0\.1:\d+/g;

const steady = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (UNSTEADY.test(key)) return "…";
      return typeof inner === "string" ? inner.replaceAll(ID_OR_PORT, "…") : inner;
    }),
  );

let expected: Awaited<ReturnType<typeof story>>;

test("unbundled CommonJS on Node.js 24 has a span per invocation, record and message sent, and a line for each", async () => {
  expected = await story(files.get("tsc cjs") ?? "", "nodejs24.x");

  expect(expected.result).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }] });
  expect(expected.spans.map(({ name, parent }) => `${name} below ${parent || "nothing"}`).toSorted()).toEqual([
    "process orders below nothing",
    "process orders below remote",
    "process orders below remote",
    "send shipped below process orders",
    "send shipped below process orders",
  ]);
  expect(expected.lines).toMatchObject([
    { message: "order received", orderId: "o-1", currency: "EUR" },
    { message: "order received", orderId: "o-2", currency: "EUR" },
    { message: "record failed", orderId: "o-2", errorType: "RangeError" },
    { message: "invocation end", recordsFailed: 1 },
  ]);
  expect(expected.logs).toHaveLength(expected.lines.length);
});

describe.each(NODES)("on %s", (node) => {
  test.each(BUILDS)("made by $tool, as $format, it is the same", async ({ tool, format }) => {
    expect(await story(files.get(`${tool} ${format}`) ?? "", node)).toEqual(expected);
  });
});
