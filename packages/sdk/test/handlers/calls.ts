/**
 * A function as its author's bundler gets it: AWS's own clients and the SDK, everything in one file. Calls each service once, and
 * prints what came of it. Observed where OBSERVED is set.
 */
import { createHash } from "node:crypto";
import http from "node:http";
import { buffer } from "node:stream/consumers";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { observe } from "../../src/index.ts";

interface Event {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const CALLS: Readonly<Record<string, (config: object, endpoint: string) => Promise<unknown>>> = {
  sqs: (config, endpoint) =>
    new SQSClient(config).send(new SendMessageCommand({ QueueUrl: `${endpoint}/1/orders`, MessageBody: "hello" })),
  traceparent: (config, endpoint) => {
    const client = new SQSClient(config);
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers["traceparent"] = "00-their-own-01";
        return next(args);
      },
      { step: "build" },
    );
    return client.send(new SendMessageCommand({ QueueUrl: `${endpoint}/1/orders`, MessageBody: "hello" }));
  },
  sns: (config) =>
    new SNSClient(config).send(new PublishCommand({ TopicArn: "arn:aws:sns:eu-west-1:1:t", Message: "m" })),
  lambda: (config) =>
    new LambdaClient(config).send(new InvokeCommand({ FunctionName: "pay:live", Payload: Buffer.from("{}") })),
  s3: (config) =>
    new S3Client({ ...config, forcePathStyle: true }).send(
      new PutObjectCommand({ Bucket: "orders", Key: "in/ä b.json", Body: "{}" }),
    ),
  dynamodb: (config) =>
    new DynamoDBClient(config).send(new PutItemCommand({ TableName: "orders", Item: { id: { S: "o-1" } } })),
  events: (config) =>
    new EventBridgeClient(config).send(
      new PutEventsCommand({ Entries: [{ Source: "shop", DetailType: "Placed", Detail: "{}" }] }),
    ),
  states: (config) =>
    new SFNClient(config).send(
      new StartExecutionCommand({ stateMachineArn: "arn:aws:states:eu-west-1:1:stateMachine:m" }),
    ),
  http: (_config, endpoint) =>
    new Promise((resolve, reject) => {
      const signed = { authorization: "AWS4-HMAC-SHA256 fixed", "x-own": createHash("sha1").update("a").digest("hex") };
      const request = http.request(`${endpoint}/own`, { method: "PUT", headers: signed }, (response) => {
        buffer(response).then((bytes) => resolve(bytes.toString()), reject);
      });
      request.on("error", reject);
      request.end("body");
    }),
  fetch: async (_config, endpoint) => (await fetch(`${endpoint}/own`, { method: "PUT", body: "body" })).text(),
};

const call = async ({ endpoint, credentials }: Event, names: readonly string[]): Promise<unknown> => {
  const results: Record<string, unknown> = {};
  for (const name of names) {
    try {
      const result = await CALLS[name]?.({ endpoint, credentials, region: "eu-west-1" }, endpoint);
      results[name] = typeof result === "string" ? result : "ok";
    } catch (error) {
      results[name] = String(error);
    }
  }
  return results;
};

const event = JSON.parse(process.env["EVENT"] ?? "") as Event & { readonly calls: readonly string[] };
const handler = async (given: typeof event, _context: object): Promise<unknown> => call(given, given.calls);
const observed = process.env["OBSERVED"] ? observe(handler) : handler;
void observed(event, { awsRequestId: "r-1" }).then((results) => process.stdout.write(JSON.stringify(results)));
