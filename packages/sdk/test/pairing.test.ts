/**
 * Both sides of each hop: a real client's call, and the event that AWS makes of it. What the call's span says it produced is what the
 * next function says it consumed; but for the kinds whose scope is only for display, to the letter.
 */
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { KinesisClient, PutRecordCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CompleteMultipartUploadCommand, CopyObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SFNClient, SendTaskSuccessCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { PublishBatchCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { SQSClient, SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { expect, test } from "vitest";
import { dynamodbKey, formatStitchKeys, taskTokenKey } from "../src/stitch/keys.ts";
import { detectTrigger } from "../src/trigger/detect.ts";
import { type Answering, type Aws, calling, md5 } from "./aws.ts";

const json =
  (body: unknown): Answering =>
  () => ({ body: JSON.stringify(body) });
const xml =
  (body: string, headers = {}): Answering =>
  () => ({ body, headers: { "content-type": "text/xml", ...headers } });

const KINESIS = "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks";
const kinesisRecord = (sequenceNumber: string) => ({
  eventSource: "aws:kinesis",
  eventID: `shardId-000000000001:${sequenceNumber}`,
  eventSourceARN: KINESIS,
  kinesis: { partitionKey: "p", sequenceNumber, data: "aGk=" },
});
const kinesisAnswer = (n: string) => ({ ShardId: "shardId-000000000001", SequenceNumber: n });
const kinesis = ({ client }: Aws) => new KinesisClient({ ...client, requestHandler: new NodeHttpHandler() });

const change = (Keys: object) => ({
  eventSource: "aws:dynamodb",
  eventID: "e-1",
  eventSourceARN: "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2027-01-15T08:00:00.000",
  dynamodb: { Keys, SequenceNumber: "1" },
});
const KEYS = { pk: { S: "o-1" }, sk: { N: "7" } };

const stored = (object: object, requestId = "S3REQUEST") => ({
  eventSource: "aws:s3",
  responseElements: { "x-amz-request-id": requestId },
  s3: { bucket: { name: "files" }, object },
});
const s3 = ({ client }: Aws) => new S3Client({ ...client, forcePathStyle: true });
const S3_HEADERS = { "x-amz-request-id": "S3REQUEST", "x-amzn-requestid": "" };
const ETAG = "0123456789abcdef0123456789abcdef";

const snsRecord = (MessageId: string) => ({
  EventSource: "aws:sns",
  Sns: { MessageId, TopicArn: "arn:aws:sns:eu-west-1:111122223333:news", Message: "hi" },
});

interface Hop {
  readonly name: string;
  readonly answer: Answering;
  readonly call: (aws: Aws) => unknown;
  readonly event: unknown;
  readonly env?: Readonly<Record<string, string>>;
  /** Written differently on both sides, which the collector leaves out of account. */
  readonly scopeIsForDisplay?: boolean;
}

const HOPS: readonly Hop[] = [
  {
    name: "SQS SendMessage",
    answer: json({ MessageId: "m-1", MD5OfMessageBody: md5("hi") }),
    call: ({ client, url }) =>
      new SQSClient(client).send(new SendMessageCommand({ QueueUrl: `${url}/1/orders`, MessageBody: "hi" })),
    event: {
      Records: [
        { eventSource: "aws:sqs", messageId: "m-1", body: "hi", eventSourceARN: "arn:aws:sqs:eu-west-1:1:orders" },
      ],
    },
    scopeIsForDisplay: true,
  },
  {
    name: "SQS SendMessageBatch",
    answer: json({
      Successful: ["a", "b"].map((Id) => ({ Id, MessageId: `m-${Id}`, MD5OfMessageBody: md5("hi") })),
      Failed: [],
    }),
    call: ({ client, url }) =>
      new SQSClient(client).send(
        new SendMessageBatchCommand({
          QueueUrl: `${url}/1/orders`,
          Entries: ["a", "b"].map((Id) => ({ Id, MessageBody: "hi" })),
        }),
      ),
    event: {
      Records: ["a", "b"].map((id) => ({
        eventSource: "aws:sqs",
        messageId: `m-${id}`,
        eventSourceARN: "arn:aws:sqs:e:1:orders",
      })),
    },
    scopeIsForDisplay: true,
  },
  {
    name: "SNS Publish",
    answer: xml("<PublishResponse><PublishResult><MessageId>n-1</MessageId></PublishResult></PublishResponse>"),
    call: ({ client }) =>
      new SNSClient(client).send(
        new PublishCommand({ TopicArn: "arn:aws:sns:eu-west-1:111122223333:news", Message: "hi" }),
      ),
    event: { Records: [snsRecord("n-1")] },
    scopeIsForDisplay: true,
  },
  {
    name: "SNS PublishBatch, wrapped in SQS",
    answer: xml(
      "<PublishBatchResponse><PublishBatchResult><Successful><member><Id>a</Id><MessageId>n-1</MessageId></member></Successful><Failed/></PublishBatchResult></PublishBatchResponse>",
    ),
    call: ({ client }) =>
      new SNSClient(client).send(
        new PublishBatchCommand({
          TopicArn: "arn:aws:sns:eu-west-1:111122223333:news",
          PublishBatchRequestEntries: [{ Id: "a", Message: "hi" }],
        }),
      ),
    event: {
      Records: [
        {
          eventSource: "aws:sqs",
          body: JSON.stringify({
            Type: "Notification",
            MessageId: "n-1",
            TopicArn: "arn:aws:sns:e:1:news",
            Message: "hi",
          }),
        },
      ],
    },
    scopeIsForDisplay: true,
  },
  {
    name: "EventBridge PutEvents",
    answer: json({ FailedEntryCount: 0, Entries: [{ EventId: "e-1" }] }),
    call: ({ client }) =>
      new EventBridgeClient(client).send(
        new PutEventsCommand({ Entries: [{ Source: "shop", DetailType: "Placed", Detail: "{}" }] }),
      ),
    event: { id: "e-1", "detail-type": "Placed", source: "shop", detail: {} },
    scopeIsForDisplay: true,
  },
  {
    name: "Step Functions StartExecution",
    answer: json({ executionArn: "arn:aws:states:eu-west-1:1:execution:fulfil:run-1", startDate: 1 }),
    call: ({ client }) =>
      new SFNClient(client).send(
        new StartExecutionCommand({ stateMachineArn: "arn:aws:states:e:1:stateMachine:fulfil" }),
      ),
    event: { Execution: { Id: "arn:aws:states:eu-west-1:1:execution:fulfil:run-1" } },
  },
  {
    name: "Kinesis PutRecord",
    answer: json(kinesisAnswer("49590338271490256608559692538361571095921575989136588898")),
    call: (aws) =>
      kinesis(aws).send(new PutRecordCommand({ StreamName: "clicks", PartitionKey: "p", Data: Buffer.from("hi") })),
    event: { Records: [kinesisRecord("49590338271490256608559692538361571095921575989136588898")] },
  },
  {
    name: "Kinesis PutRecords, by the stream's ARN",
    answer: json({
      FailedRecordCount: 1,
      Records: [kinesisAnswer("1"), { ErrorCode: "Throttled" }, kinesisAnswer("3")],
    }),
    call: (aws) =>
      kinesis(aws).send(
        new PutRecordsCommand({
          StreamARN: KINESIS,
          Records: ["a", "b", "c"].map((text) => ({ PartitionKey: "p", Data: Buffer.from(text) })),
        }),
      ),
    event: { Records: [kinesisRecord("1"), kinesisRecord("3")] },
  },
  {
    name: "DynamoDB UpdateItem",
    answer: json({}),
    call: ({ client }) => new DynamoDBClient(client).send(new UpdateItemCommand({ TableName: "orders", Key: KEYS })),
    event: { Records: [change({ sk: { N: "7" }, pk: { S: "o-1" } })] },
  },
  {
    name: "DynamoDB DeleteItem, by the table's ARN, binary key",
    answer: json({}),
    call: ({ client }) =>
      new DynamoDBClient(client).send(
        new DeleteItemCommand({
          TableName: "arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
          Key: { pk: { B: Buffer.from("key") } },
        }),
      ),
    event: { Records: [change({ pk: { B: Buffer.from("key").toString("base64") } })] },
  },
  {
    name: "DynamoDB PutItem, whose keys are configured",
    answer: json({}),
    env: { MAYFLY_DYNAMODB_KEYS: "orders:pk,sk" },
    call: ({ client }) =>
      new DynamoDBClient(client).send(
        new PutItemCommand({ TableName: "orders", Item: { ...KEYS, total: { N: "9" } } }),
      ),
    event: { Records: [change(KEYS)] },
  },
  {
    name: "S3 PutObject, with versions",
    answer: () => ({ headers: { ...S3_HEADERS, etag: `"${ETAG}"`, "x-amz-version-id": "v1" }, body: "" }),
    call: (aws) => s3(aws).send(new PutObjectCommand({ Bucket: "files", Key: "a b/ü.txt", Body: "hi" })),
    event: { Records: [stored({ key: "a+b/%C3%BC.txt", eTag: ETAG, versionId: "v1" })] },
  },
  {
    name: "S3 CopyObject",
    answer: xml(`<CopyObjectResult><ETag>"${ETAG}"</ETag></CopyObjectResult>`, S3_HEADERS),
    call: (aws) => s3(aws).send(new CopyObjectCommand({ Bucket: "files", Key: "copy", CopySource: "files/a" })),
    event: { Records: [stored({ key: "copy", eTag: ETAG })] },
  },
  {
    name: "S3 CompleteMultipartUpload, told by EventBridge",
    answer: xml(`<CompleteMultipartUploadResult><ETag>"${ETAG}-2"</ETag></CompleteMultipartUploadResult>`, S3_HEADERS),
    call: (aws) =>
      s3(aws).send(
        new CompleteMultipartUploadCommand({ Bucket: "files", Key: "large", UploadId: "u", MultipartUpload: {} }),
      ),
    event: {
      id: "e-1",
      "detail-type": "Object Created",
      source: "aws.s3",
      detail: { bucket: { name: "files" }, object: { key: "large", etag: `${ETAG}-2` }, "request-id": "S3REQUEST" },
    },
  },
];

const withoutScope = (key: string): string => key.replace(/\|.*\|/, "||");

test.each(HOPS)("$name", async ({ answer, call, event, env, scopeIsForDisplay }) => {
  const called = await calling(answer, call, { ...(env && { env }) });
  expect(called.thrown).toBeUndefined();
  const produced = called.spans.flatMap(({ attributes }) => attributes["mayfly.keys.produced"] as string[]);
  const consumed = detectTrigger(event).records.flatMap(({ keys }) => formatStitchKeys(keys));
  const comparable = (keys: readonly string[]): readonly string[] =>
    scopeIsForDisplay ? keys.map(withoutScope) : keys;
  expect(produced.length).toBeGreaterThan(0);
  expect(comparable(consumed)).toEqual(expect.arrayContaining([...comparable(produced)]));
});

test("Lambda Invoke: the answer's request id is the callee's own", async () => {
  const called = await calling(
    () => ({ headers: { "x-amzn-requestid": "callee-1" }, body: "null" }),
    ({ client }) => new LambdaClient(client).send(new InvokeCommand({ FunctionName: "callee" })),
  );
  expect(called.spans[0]?.attributes["mayfly.keys.produced"]).toEqual(["lambda-request||callee-1"]);
});

test("a task token joins by its hash, and is nowhere to be seen", async () => {
  const called = await calling(json({}), ({ client }) =>
    new SFNClient(client).send(new SendTaskSuccessCommand({ taskToken: "token-of-a-task", output: "{}" })),
  );
  const key = formatStitchKeys([taskTokenKey("token-of-a-task")]);
  expect(called.spans[0]?.attributes).toMatchObject({ "mayfly.keys.consumed": key });
  const given = detectTrigger({ order: 7, TaskToken: "token-of-a-task" });
  expect(formatStitchKeys(given.records[0]?.keys ?? [])).toEqual(key);
  expect(JSON.stringify(called.spans.map(({ attributes }) => attributes))).not.toContain("token-of-a-task");
});

test("what a BatchWriteItem left unprocessed was not written, so its keys are not produced", async () => {
  const ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders";
  const put = (pk: string, total = "9") => ({ PutRequest: { Item: { pk: { S: pk }, total: { N: total } } } });
  const remove = (pk: string) => ({ DeleteRequest: { Key: { pk: { S: pk } } } });
  const requests = { [ARN]: [put("a"), put("b"), remove("c"), remove("d")], carts: [remove("b")] };
  const called = await calling(
    json({ UnprocessedItems: { [ARN]: [put("b"), remove("d")] } }),
    ({ client }) => new DynamoDBClient(client).send(new BatchWriteItemCommand({ RequestItems: requests })),
    { env: { MAYFLY_DYNAMODB_KEYS: "orders:pk" } },
  );
  expect(called.thrown).toBeUndefined();
  const key = (table: string, pk: string) => dynamodbKey(table, { pk: { S: pk } });
  expect(called.spans[0]?.attributes["mayfly.keys.produced"]).toEqual(
    formatStitchKeys([key("orders", "a"), key("orders", "c"), key("carts", "b")]),
  );
  expect(called.spans[0]?.attributes["aws.dynamodb.table_names"]).toEqual(["orders", "carts"]);
});

test("a PutItem whose keys nobody told produces none", async () => {
  const called = await calling(json({}), ({ client }) =>
    new DynamoDBClient(client).send(new PutItemCommand({ TableName: "orders", Item: KEYS })),
  );
  expect(called.spans[0]?.attributes).not.toHaveProperty("mayfly.keys.produced");
  expect(called.spans[0]?.attributes["aws.dynamodb.table_names"]).toEqual(["orders"]);
});
