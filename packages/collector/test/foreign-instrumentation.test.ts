/**
 * Functions that know OpenTelemetry and nothing of Mayfly, in the lab: NodeSDK with the official instrumentations of Lambda and of
 * the AWS SDK, as their own documentation sets them up. What shares an id on the wire is one stitched trace.
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TraceDetail, TraceList } from "@mayfly/api";
import { startLab } from "@mayfly/lab";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { startCollector } from "../src/index.ts";

const PACKAGES = join(import.meta.dirname, "../..");

const PRELOAD = `
  const { NodeSDK } = require("@opentelemetry/sdk-node");
  const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
  const { AwsInstrumentation } = require("@opentelemetry/instrumentation-aws-sdk");
  const { AwsLambdaInstrumentation } = require("@opentelemetry/instrumentation-aws-lambda");
  const { trace } = require("@opentelemetry/api");
  const { registerInstrumentations } = require("@opentelemetry/instrumentation");
  new NodeSDK({ traceExporter: new OTLPTraceExporter() }).start();
  // After the start, as OpenTelemetry's layer does: one that finds no provider then flushes none before the response.
  registerInstrumentations({
    tracerProvider: trace.getTracerProvider(),
    instrumentations: [
      new AwsInstrumentation(),
      new AwsLambdaInstrumentation({ lambdaHandler: "app.handler", useGlobalPropagatorForSqsExtraction: true }),
    ],
  });`;

/** Lambda's runtime requires a CommonJS handler, which the instrumentation listens for; the lab's imports it. */
const ENTRY = `exports.handler = require("./app.cjs").handler;`;

const APP = `
  const { LambdaClient, InvokeCommand } = require("@aws-sdk/client-lambda");
  const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
  const { SNSClient, PublishCommand } = require("@aws-sdk/client-sns");
  const { EventBridgeClient, PutEventsCommand } = require("@aws-sdk/client-eventbridge");
  const { SFNClient, StartExecutionCommand } = require("@aws-sdk/client-sfn");
  const send = async () => {
    const { QUEUE_URL: QueueUrl, TOPIC_ARN: TopicArn, MACHINE_ARN: stateMachineArn } = process.env;
    await new LambdaClient({}).send(new InvokeCommand({ FunctionName: "charge", Payload: "{}" }));
    await new SQSClient({}).send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" }));
    await new SNSClient({}).send(new PublishCommand({ TopicArn, Message: "{}" }));
    const Entries = [{ Source: "shop", DetailType: "order", Detail: "{}" }];
    await new EventBridgeClient({}).send(new PutEventsCommand({ Entries }));
    await new SFNClient({}).send(new StartExecutionCommand({ stateMachineArn, input: "{}" }));
  };
  exports.handler = async () => {
    if (process.env.AWS_LAMBDA_FUNCTION_NAME === "api") await send();
    return { statusCode: 202, body: "taken" };
  };`;

const NAMES = ["api", "charge", "worker", "mail", "ship", "pack"] as const;

test("functions with the official instrumentations are one trace as far as ids go, and the rest stays apart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-foreign-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  // A minute ahead, so that nothing is on its way any more.
  const clock = () => systemClock() + 60_000_000_000n;
  const collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir: join(folder, "data") }, { clock });
  onTestFinished(() => collector.close());
  const taskRoot = join(folder, "task");
  await mkdir(join(taskRoot, "node_modules"), { recursive: true });
  await symlink(join(PACKAGES, "lab/node_modules/@aws-sdk"), join(taskRoot, "node_modules/@aws-sdk"));
  await symlink(join(PACKAGES, "sdk/node_modules/@opentelemetry"), join(taskRoot, "node_modules/@opentelemetry"));
  for (const [name, code] of Object.entries({ preload: PRELOAD, entry: ENTRY, app: APP }))
    await writeFile(join(taskRoot, `${name}.cjs`), code);
  const fn = (name: (typeof NAMES)[number]) => ({
    file: join(taskRoot, "entry.cjs"),
    taskRoot,
    timeoutMs: 30_000,
    memoryMb: 256,
    environment: {
      NODE_OPTIONS: `--require=${join(taskRoot, "preload.cjs")}`,
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      ...(name === "api" && {
        QUEUE_URL: { queueUrl: "orders" },
        TOPIC_ARN: { topicArn: "news" },
        MACHINE_ARN: { stateMachineArn: "packing" },
      }),
    },
  });
  const lab = await startLab({
    functions: Object.fromEntries(NAMES.map((name) => [name, fn(name)])),
    routes: { "POST /orders": "api" },
    queues: { orders: {} },
    eventSourceMappings: [{ queue: "orders", function: "worker" }],
    topics: { news: { subscriptions: [{ function: "mail" }] } },
    buses: { default: { rules: { orders: { pattern: { source: ["shop"] }, targets: [{ function: "ship" }] } } } },
    stateMachines: {
      packing: {
        definition: {
          StartAt: "Pack",
          States: {
            Pack: {
              Type: "Task",
              Resource: "arn:aws:states:::lambda:invoke",
              Parameters: { FunctionName: "pack", "Payload.$": "$" },
              End: true,
            },
          },
        },
      },
    },
  });
  onTestFinished(() => lab.close());
  const answer = await fetch(`${lab.httpUrl}/orders`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(202);
  await lab.idle();
  const get = async <T>(path: string): Promise<T> => (await (await fetch(collector.url + path)).json()) as T;

  const { traces } = await vi.waitFor(
    async () => {
      const list = await get<TraceList>("/api/traces");
      expect(new Set(list.traces.flatMap(({ functions }) => functions))).toEqual(new Set(NAMES));
      return list;
    },
    { timeout: 20_000, interval: 100 },
  );

  const whole = traces.find(({ name }) => name === "api");
  const { spans, joins, gaps } = await get<TraceDetail>(`/api/traces/${whole?.id}`);
  const deliveredBy = (via: string): string | undefined => {
    const delivery = lab.truth.deliveries.find(({ causes }) => causes.some((cause) => cause.via.kind === via));
    return delivery?.requestId;
  };
  const invocationOf = (spanId: string) => spans.find((span) => span.spanId === spanId)?.requestId;
  // The ids that the instrumentations tell on both sides, each to the invocation that the lab gave it to.
  expect(joins.map(({ key, to }) => `${key?.kind} ${invocationOf(to.spanId)}`).toSorted()).toEqual([
    `lambda-request ${deliveredBy("lambda-request")}`,
    `sqs-message ${deliveredBy("sqs-message")}`,
  ]);
  expect(new Set(spans.map(({ functionName }) => functionName))).toEqual(new Set(["api", "charge", "worker"]));
  // They say nothing of SNS, EventBridge and executions at the receiving end: joined, these would be guessed.
  const nameOf = (spanId: string | undefined) => spans.find((span) => span.spanId === spanId)?.name;
  expect(gaps.map(({ reason, at }) => `${reason} ${nameOf(at.spanId)}`).toSorted()).toEqual([
    "no-message-id EventBridge.PutEvents",
    "no-message-id SFN.StartExecution",
    "no-message-id news send",
  ]);
  expect(traces.map(({ functions }) => functions.join()).toSorted()).toEqual([
    "api,charge,worker",
    "mail",
    "pack",
    "ship",
  ]);
}, 60_000);
