/** AWS clients that are bundled into the handler, by esbuild as a user runs it, in the lab. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LogLine, startLab } from "@mayfly/lab";
import { type BuildOptions, build } from "esbuild";
import { expect, onTestFinished, test, vi } from "vitest";
import { mayfly } from "../src/esbuild.ts";
import { startAws } from "./aws.ts";
import { startCollector } from "./collector.ts";

const SDK = join(import.meta.dirname, "../dist/index.js");

const source = (wrap: (client: string) => string): string => `
  import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
  import { SNSClient, PublishCommand } from "@aws-sdk/client-sns";
  import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
  import { instrumentAwsClient, observe } from ${JSON.stringify(SDK)};
  const sqs = ${wrap("new SQSClient({})")};
  const sns = ${wrap("new SNSClient({})")};
  const dynamodb = ${wrap("new DynamoDBClient({})")};
  export const handler = observe(async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: "hello" }));
    await sns.send(new PublishCommand({ TopicArn: process.env.TOPIC_ARN, Message: "hello" }));
    await dynamodb.send(new UpdateItemCommand({ TableName: "orders", Key: { pk: { S: "o-1" } } }));
    return typeof instrumentAwsClient;
  });
`;

const AS_IT_IS = source((client) => client);
const BY_HAND = source((client) => `instrumentAwsClient(${client})`);
const REQUIRE = "const require=process.getBuiltinModule('node:module').createRequire(import.meta.url);";

/** One invocation of the function, and what came of it. */
const invoked = async (contents: string, options: BuildOptions) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bundled-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, options.format === "cjs" ? "index.cjs" : "index.mjs");
  await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "js" },
    outfile: file,
    bundle: true,
    minify: true,
    platform: "node",
    logLevel: "silent",
    ...(options.format === "esm" && { banner: { js: REQUIRE } }),
    ...options,
  });
  const collector = await startCollector();
  const tables = await startAws(() => ({}));
  const logs: LogLine[] = [];
  const consumer = { file: join(import.meta.dirname, "handlers/print-event.mjs") };
  const lab = await startLab(
    {
      functions: {
        sender: {
          file,
          timeoutMs: 20_000,
          environment: {
            QUEUE_URL: { queueUrl: "orders" },
            TOPIC_ARN: { topicArn: "news" },
            AWS_ENDPOINT_URL_DYNAMODB: tables.url,
            OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
            MAYFLY_FLUSH_BUDGET_MS: "20000",
          },
        },
        queued: consumer,
        notified: consumer,
      },
      queues: { orders: {} },
      topics: { news: { subscriptions: [{ function: "notified" }] } },
      eventSourceMappings: [{ queue: "orders", function: "queued" }],
    },
    { onLog: (line) => logs.push(line) },
  );
  onTestFinished(() => lab.close());
  await fetch(`${lab.environment["AWS_ENDPOINT_URL_LAMBDA"]}/2015-03-31/functions/sender/invocations`, {
    method: "POST",
    body: "{}",
  });
  await lab.idle();
  const events = await vi.waitFor(() => {
    const printed = logs.filter(({ functionName, text }) => functionName !== "sender" && text.includes('"Records"'));
    expect(printed).toHaveLength(2);
    return printed.map(({ text }) => text.slice(text.indexOf("{")));
  }, 10_000);
  return { spans: collector.spans, events: events.join("\n") };
};

const FORMS: readonly (readonly [string, BuildOptions])[] = [
  ["CommonJS", { format: "cjs" }],
  ["an ES module", { format: "esm" }],
  ["an ES module of ES modules", { format: "esm", mainFields: ["module", "main"] }],
];

const expectJoined = ({ spans, events }: Awaited<ReturnType<typeof invoked>>): void => {
  for (const [name, kind] of [
    ["send orders", "sqs-message"],
    ["send news", "sns-message"],
  ] as const) {
    const span = spans.find((one) => one.name === name);
    expect(span?.attributes["mayfly.keys.produced"], name).toEqual([expect.stringMatching(`^${kind}\\|`)]);
    expect(events).toContain(`00-${span?.traceId}-${span?.spanId}-`);
  }
  const written = spans.find((one) => one.name === "DynamoDB.UpdateItem");
  expect(written?.attributes["mayfly.keys.produced"]).toEqual([
    expect.stringMatching(/^dynamodb-record\|orders\|[\da-f]{32}$/),
  ]);
};

test.each(FORMS)("with the plugin, %s needs no change to the code", async (_form, options) => {
  expectJoined(await invoked(AS_IT_IS, { ...options, plugins: [mayfly()] }));
});

test.each(FORMS)("without it, %s hands its clients over", async (_form, options) => {
  expectJoined(await invoked(BY_HAND, options));
});
