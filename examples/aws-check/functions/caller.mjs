/**
 * Calls AWS in every way the SDK knows, each time with a context of its own, and answers with what it sent and what AWS said. It uses
 * the clients of Lambda's runtime and no Mayfly: what is looked at is AWS.
 */
import { randomBytes } from "node:crypto";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { KinesisClient, PutRecordCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { PublishBatchCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { SQSClient, SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";

const { env } = process;
const HEADER = "x-amzn-trace-id";

const hex = (bytes) => randomBytes(bytes).toString("hex");
const traceHeader = () => `Root=1-${Math.floor(Date.now() / 1e3).toString(16)}-${hex(12)};Parent=${hex(8)};Sampled=0`;
const traceparent = () => `00-${hex(16)}-${hex(8)}-01`;
const text = (value) => ({ DataType: "String", StringValue: value });

/** What the client sets by itself, and what goes out; where `own` is given, it is put there after signing. */
const watched = (client, own) => {
  const seen = {};
  const headerOf = ({ headers }) =>
    Object.entries(headers).find(([name]) => name.toLowerCase() === HEADER)?.[1] ?? null;
  client.middlewareStack.add(
    (next) => async (args) => {
      seen.bySdk = headerOf(args.request);
      seen.isSigned = /SignedHeaders=[^,]*x-amzn-trace-id/.test(args.request.headers.authorization ?? "");
      if (own) {
        for (const name of Object.keys(args.request.headers))
          if (name.toLowerCase() === HEADER) delete args.request.headers[name];
        args.request.headers["X-Amzn-Trace-Id"] = own;
      }
      seen.sent = headerOf(args.request);
      const result = await next(args);
      seen.headers = result.response.headers;
      return result;
    },
    { step: "finalizeRequest", priority: "low", name: "aws-check" },
  );
  return { client, seen };
};

const CALLS = {
  sqs: async ({ run, context }) => {
    const { client, seen } = watched(new SQSClient());
    const attributes = { traceparent: text(context) };
    const output = await client.send(
      new SendMessageCommand({ QueueUrl: env.QUEUE_URL, MessageBody: run, MessageAttributes: attributes }),
    );
    return { ids: [output.MessageId], seen };
  },
  "sqs-own-header": async ({ run, header }) => {
    const { client, seen } = watched(new SQSClient(), header);
    const output = await client.send(
      new SendMessageCommand({ QueueUrl: env.QUEUE_URL, MessageBody: `${run} own header` }),
    );
    return { ids: [output.MessageId], seen };
  },
  "sqs-batch": async ({ run, context }) => {
    const { client, seen } = watched(new SQSClient());
    const Entries = [1, 2, 3].map((n) => ({
      Id: `e${n}`,
      MessageBody: `${run} ${n}`,
      MessageAttributes: { traceparent: text(context) },
    }));
    const output = await client.send(new SendMessageBatchCommand({ QueueUrl: env.QUEUE_URL, Entries }));
    return { ids: (output.Successful ?? []).map(({ MessageId }) => MessageId), seen };
  },
  "sqs-fifo": async ({ run, context, header }) => {
    const { client, seen } = watched(new SQSClient(), header);
    const message = {
      QueueUrl: env.FIFO_QUEUE_URL,
      MessageBody: run,
      MessageGroupId: "g",
      MessageDeduplicationId: run,
    };
    const output = await client.send(
      new SendMessageCommand({ ...message, MessageAttributes: { traceparent: text(context) } }),
    );
    return { ids: [output.MessageId], sequenceNumber: output.SequenceNumber, seen };
  },
  "sqs-failing": async ({ run }) => {
    const { client, seen } = watched(new SQSClient());
    const output = await client.send(new SendMessageCommand({ QueueUrl: env.FAILING_QUEUE_URL, MessageBody: run }));
    return { ids: [output.MessageId], seen };
  },
  sns: async ({ run, context, header }) => {
    const { client, seen } = watched(new SNSClient(), header);
    const message = { TopicArn: env.TOPIC_ARN, Message: run, MessageAttributes: { traceparent: text(context) } };
    const output = await client.send(new PublishCommand(message));
    return { ids: [output.MessageId], seen };
  },
  "sns-batch": async ({ run }) => {
    const { client, seen } = watched(new SNSClient());
    const PublishBatchRequestEntries = [1, 2].map((n) => ({ Id: `e${n}`, Message: `${run} ${n}` }));
    const output = await client.send(new PublishBatchCommand({ TopicArn: env.TOPIC_ARN, PublishBatchRequestEntries }));
    return { ids: (output.Successful ?? []).map(({ MessageId }) => MessageId), seen };
  },
  eventbridge: async ({ run, header }) => {
    const { client, seen } = watched(new EventBridgeClient(), header);
    const Entries = [{ Source: "aws-check", DetailType: "aws-check", Detail: JSON.stringify({ run }) }];
    const output = await client.send(new PutEventsCommand({ Entries }));
    return { ids: [output.Entries?.[0]?.EventId], seen };
  },
  "step-functions": async ({ run, header }) => {
    const { client, seen } = watched(new SFNClient(), header);
    const output = await client.send(
      new StartExecutionCommand({ stateMachineArn: env.STATE_MACHINE_ARN, input: JSON.stringify({ run }) }),
    );
    return { ids: [output.executionArn], seen };
  },
  "lambda-sync": ({ run, context }) => invoke(env.SYNC_FUNCTION, { run }, { context }),
  "lambda-async": ({ run, context }) => invoke(env.ASYNC_FUNCTION, { run }, { context, InvocationType: "Event" }),
  "lambda-async-failing": ({ run }) => invoke(env.FAILING_FUNCTION, { run }, { InvocationType: "Event" }),
  "lambda-dead-lettered": ({ run }) => invoke(env.DEAD_LETTERED_FUNCTION, { run }, { InvocationType: "Event" }),
  "lambda-traced": ({ run }) => invoke(env.TRACED_FUNCTION, { run }, { InvocationType: "Event" }),
  // Twice: the second is warm.
  "after-response": async ({ run }) => {
    await invoke(env.AFTER_FUNCTION, { run }, {});
    const startedMs = performance.now();
    const called = await invoke(env.AFTER_FUNCTION, { run }, {});
    return { ...called, waitedMs: performance.now() - startedMs };
  },
  kinesis: async ({ run }) => {
    const { client, seen } = watched(new KinesisClient());
    const output = await client.send(
      new PutRecordCommand({ StreamName: env.STREAM_NAME, Data: Buffer.from(run), PartitionKey: run }),
    );
    return { ids: [`${output.ShardId}:${output.SequenceNumber}`], seen };
  },
  "kinesis-batch": async ({ run }) => {
    const { client, seen } = watched(new KinesisClient());
    const Records = [1, 2].map((n) => ({ Data: Buffer.from(`${run} ${n}`), PartitionKey: run }));
    const output = await client.send(new PutRecordsCommand({ StreamName: env.STREAM_NAME, Records }));
    return { ids: (output.Records ?? []).map(({ ShardId, SequenceNumber }) => `${ShardId}:${SequenceNumber}`), seen };
  },
  dynamodb: async ({ run }) => {
    const { client, seen } = watched(new DynamoDBClient());
    const output = await client.send(
      new PutItemCommand({ TableName: env.TABLE_NAME, Item: { id: { S: run }, n: { N: "1" } } }),
    );
    return { ids: [output.$metadata.requestId], seen };
  },
  s3: async ({ run }) => {
    const { client, seen } = watched(new S3Client());
    const output = await client.send(
      new PutObjectCommand({ Bucket: env.BUCKET_NAME, Key: `${run} ä+.txt`, Body: run }),
    );
    return { ids: [output.$metadata.requestId], etag: output.ETag, seen };
  },
};

const invoke = async (FunctionName, payload, { context, ...more }) => {
  const { client, seen } = watched(new LambdaClient());
  const custom = context && Buffer.from(JSON.stringify({ custom: { traceparent: context } })).toString("base64");
  const command = { FunctionName, Payload: JSON.stringify(payload), ...more, ...(custom && { ClientContext: custom }) };
  const output = await client.send(new InvokeCommand(command));
  return { ids: [output.$metadata.requestId], seen };
};

export const handler = async ({ run }, { awsRequestId }) => {
  const sent = [];
  for (const [hop, call] of Object.entries(CALLS)) {
    const own = { run, context: traceparent(), header: traceHeader() };
    try {
      sent.push({ hop, traceparent: own.context, traceHeader: own.header, ...(await call(own)) });
    } catch (error) {
      sent.push({ hop, ids: [], error: `${error.name}: ${error.message}` });
    }
  }
  return { requestId: awsRequestId, traceHeader: env["_X_AMZN_TRACE_ID"] ?? null, sent };
};
