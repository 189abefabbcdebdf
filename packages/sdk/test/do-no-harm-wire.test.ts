/** What an application's AWS clients send, with and without the SDK: which bytes are ours, and that all others are the application's. */
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { FirehoseClient, PutRecordCommand as PutDeliveryCommand } from "@aws-sdk/client-firehose";
import { KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { type Aws, type AwsRequest, type ClientConfig, calling, startAws } from "./aws.ts";

interface Config extends ClientConfig {
  readonly maxAttempts: 1;
}

type Call = (config: Config) => Promise<unknown>;

const QUEUE = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders";
const TOPIC = "arn:aws:sns:eu-west-1:111122223333:orders";
const MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine:fulfilment";
const TEXT = '{ "orderId" : "o-1",\t"ä": 1.0 }';
const BYTES = Buffer.from([0, 255, 1, 254]);

const CALLS: Readonly<Record<string, Call>> = {
  "SQS SendMessage": (config) =>
    new SQSClient(config).send(new SendMessageCommand({ QueueUrl: QUEUE, MessageBody: TEXT })),
  "SNS Publish": (config) => new SNSClient(config).send(new PublishCommand({ TopicArn: TOPIC, Message: TEXT })),
  "Lambda Invoke": (config) => new LambdaClient(config).send(new InvokeCommand({ FunctionName: "pay", Payload: TEXT })),
  "Lambda Invoke, asynchronous": (config) =>
    new LambdaClient(config).send(new InvokeCommand({ FunctionName: "pay", Payload: TEXT, InvocationType: "Event" })),
  "EventBridge PutEvents": (config) =>
    new EventBridgeClient(config).send(
      new PutEventsCommand({ Entries: [{ Source: "shop", DetailType: "order.paid", Detail: TEXT }] }),
    ),
  "Step Functions StartExecution": (config) =>
    new SFNClient(config).send(new StartExecutionCommand({ stateMachineArn: MACHINE, input: TEXT, name: "o-1" })),
  "Kinesis PutRecord": (config) =>
    // By itself it speaks HTTP/2, which the AWS of these tests does not.
    new KinesisClient({ ...config, requestHandler: new SQSClient(config).config.requestHandler }).send(
      new PutRecordCommand({ StreamName: "orders", Data: BYTES, PartitionKey: "o-1" }),
    ),
  "Firehose PutRecord": (config) =>
    new FirehoseClient(config).send(new PutDeliveryCommand({ DeliveryStreamName: "orders", Record: { Data: BYTES } })),
  "DynamoDB PutItem": (config) =>
    new DynamoDBClient(config).send(new PutItemCommand({ TableName: "orders", Item: { id: { S: "o-1" } } })),
  "S3 PutObject": (config) =>
    new S3Client({ ...config, forcePathStyle: true }).send(
      new PutObjectCommand({ Bucket: "orders", Key: "o-1", Body: BYTES, Metadata: { a: "b" } }),
    ),
};

/** Of every call, what is not as without the SDK; and of these, what more. */
const OF_ALL = ["header x-amzn-trace-id"];
const OURS: Readonly<Record<string, readonly string[]>> = {
  "SQS SendMessage": ["body MessageAttributes.traceparent"],
  "SNS Publish": ["body MessageAttributes.entry.1.traceparent"],
  "Lambda Invoke": ["header x-amz-client-context"],
};

const configOf = ({ client }: Aws): Config => ({ ...client, maxAttempts: 1 });

/** The answer does not matter, and most clients cannot read it. */
const answer = () => ({ status: 200, body: "{}" });

test("no byte of an AWS call but the SDK's own is other than without it", async () => {
  // As in a function, where AWS's clients send it by themselves.
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "checkout");
  vi.stubEnv("_X_AMZN_TRACE_ID", "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0");
  const bare = new Map<string, AwsRequest>();
  // All of them before any SDK: what it does to a client stays as long as the process.
  for (const [name, call] of Object.entries(CALLS)) {
    const aws = await startAws(answer);
    await call(configOf(aws)).catch(() => undefined);
    bare.set(name, aws.requests[0] as AwsRequest);
  }
  for (const [name, call] of Object.entries(CALLS)) {
    const { requests } = await calling(answer, (aws) => call(configOf(aws)));
    expect(requests, name).toHaveLength(1);
    const ours = [...OF_ALL, ...(OURS[name] ?? [])];
    const others = differences(bare.get(name) as AwsRequest, requests[0] as AwsRequest);
    expect([name, ...others.toSorted()]).toEqual([name, ...ours.toSorted()]);
  }
});

/** Of each call its own: where it goes, when, and what follows from its bytes. */
const CHANGING = new Set(["host", "authorization", "x-amz-date", "amz-sdk-invocation-id"]);
const OF_THE_BODY = new Set(["content-length", "x-amz-content-sha256"]);

const differences = (before: AwsRequest, after: AwsRequest): string[] => {
  const body = bodyDifferences(before.body, after.body);
  const headers = [...new Set([...Object.keys(before.headers), ...Object.keys(after.headers)])]
    .filter((header) => !CHANGING.has(header) && !(body.length > 0 && OF_THE_BODY.has(header)))
    .filter((header) => before.headers[header] !== after.headers[header])
    .map((header) => `header ${header}`);
  return [...(before.path === after.path ? [] : ["path"]), ...headers, ...body];
};

/** Ours are message attributes, in JSON or in a form. Without them the rest is compared as text. */
const bodyDifferences = (before: string, after: string): string[] => {
  if (before === after) return [];
  if (after.startsWith("{")) {
    const { MessageAttributes: attributes = {}, ...rest } = JSON.parse(after) as { MessageAttributes?: object };
    if (JSON.stringify(rest) === before)
      return Object.keys(attributes).map((attribute) => `body MessageAttributes.${attribute}`);
  }
  const form = new URLSearchParams(after);
  const names = [...form].flatMap(([key, value]) =>
    key.endsWith(".Name") ? [`body ${key.slice(0, -5)}.${value}`] : [],
  );
  for (const key of new URLSearchParams(after).keys()) if (key.startsWith("MessageAttributes.")) form.delete(key);
  return [...names, ...(form.toString() === new URLSearchParams(before).toString() ? [] : ["body"])];
};
