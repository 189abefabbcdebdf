/** The layer in the lab: several functions with real event sources between them, none of which has a word of Mayfly in its code. */
import { join, resolve } from "node:path";
import { mkdirSync, symlinkSync } from "node:fs";
import { type LabDefinition, type Moment, type Runtime, startLab } from "@mayfly/lab";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { startCollector } from "../../sdk/test/collector.ts";
import { LAYER, isCompiled } from "./environment.ts";
import { taskRoot } from "./task-root.ts";

const AMPLE_MS = 20_000;
const NODE_MODULES = resolve(import.meta.dirname, "../../sdk/node_modules");

const ORDERS = `
  import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
  const client = new SQSClient({});
  export const handler = async ({ body }) => {
    await client.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: body }));
    return { statusCode: 202, body: "taken" };
  };`;

const BILLING = `
  exports.handler = async ({ Records }) => {
    for (const { body } of Records) if (body === "") throw new RangeError("nothing to bill");
  };`;

type Node = "nodejs22.x" | "nodejs24.x";

/** An ES module with its packages beside it, and a CommonJS bundle. */
const shop = async (runtime: Node): Promise<LabDefinition> => {
  const orders = taskRoot({ "src/orders.mjs": ORDERS });
  mkdirSync(join(orders, "node_modules"));
  symlinkSync(join(NODE_MODULES, "@aws-sdk"), join(orders, "node_modules/@aws-sdk"));
  const billing = taskRoot({ "source.js": BILLING });
  const bundle = join(billing, "out/billing.js");
  await build({
    entryPoints: [join(billing, "source.js")],
    outfile: bundle,
    bundle: true,
    format: "cjs",
    minify: true,
  });
  const layered = { runtime, layers: [LAYER], timeoutMs: AMPLE_MS };
  return {
    functions: {
      orders: {
        ...layered,
        file: join(orders, "src/orders.mjs"),
        taskRoot: orders,
        environment: { QUEUE_URL: { queueUrl: "orders" } },
      },
      billing: { ...layered, file: bundle, reservedConcurrency: 1 },
    },
    routes: { "POST /orders": "orders" },
    queues: { orders: { visibilityTimeoutMs: 60_000 } },
    eventSourceMappings: [{ queue: "orders", function: "billing", batchSize: 1 }],
  };
};

const start = async (runtimeClient: Runtime, runtime: Node) => {
  const collector = await startCollector();
  const moments: Moment[] = [];
  const lab = await startLab(await shop(runtime), {
    runtimeClient,
    environment: {
      AWS_LAMBDA_EXEC_WRAPPER: "/opt/mayfly",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      MAYFLY_FLUSH_BUDGET_MS: String(AMPLE_MS),
    },
    onMoment: (moment) => moments.push(moment),
  });
  onTestFinished(() => lab.close());
  const order = async (body: string): Promise<string> =>
    (await fetch(`${lab.httpUrl}/orders`, { method: "POST", body })).text();
  return { lab, collector, moments, order };
};

const CLIENTS = [
  ["built-in", "nodejs24.x"],
  ["aws-lambda-ric", "nodejs24.x"],
  ["aws-lambda-ric", "nodejs22.x"],
] as const;

const isSkipped = (client: Runtime, runtime: Node): boolean =>
  client === "aws-lambda-ric" && process.env["CI"] !== "true" && !isCompiled(runtime);

for (const [client, runtime] of CLIENTS)
  describe.skipIf(isSkipped(client, runtime))(`${runtime} under ${client}`, () => {
    test("one story goes through an ES module with its packages and a CommonJS bundle", async () => {
      const { lab, collector, order } = await start(client, runtime);
      expect(await order("lamp")).toBe("taken");
      await lab.idle();
      await vi.waitFor(() => expect(collector.spans).toHaveLength(3), AMPLE_MS);
      const [taken, sent, billed] = ["POST /orders", "send orders", "process orders"].map((name) =>
        collector.spans.find((span) => span.name === name),
      );
      const requestIds = lab.truth.deliveries.map(({ requestId }) => requestId);
      expect([taken, billed].map((span) => span?.attributes["faas.invocation_id"])).toEqual(requestIds);
      expect(sent?.parentSpanId).toBe(taken?.spanId);
      expect(billed?.parentSpanId).toBe(sent?.spanId);
      expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
      expect(billed?.attributes["messaging.message.id"]).toBe(sent?.attributes["messaging.message.id"]);
    });

    test("the response leaves first, and the freeze waits for the extension", async () => {
      const { moments, order } = await start(client, runtime);
      await order("lamp");
      const life = (): string[] =>
        moments.filter(({ functionName }) => functionName === "orders").map(({ what }) => what);
      await vi.waitFor(() => expect(life().filter((what) => what === "frozen")).toHaveLength(2), AMPLE_MS);
      expect(life().filter((what) => what === "extensionRegistered")).toHaveLength(1);
      expect(life().lastIndexOf("response")).toBeGreaterThan(life().indexOf("thawed"));
      expect(life().lastIndexOf("extensionNext")).toBeGreaterThan(life().lastIndexOf("response"));
      expect(life().lastIndexOf("frozen")).toBeGreaterThan(life().lastIndexOf("extensionNext"));
    });
  });
