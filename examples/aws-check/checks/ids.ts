/** Each pair of ids by which a producer's call and its consumer's event are joined where no context travels. */
import type { Check } from "../checks.ts";
import { type Finding, at, holds, pair, parsed, receivedBy, recordsOf, sameIds, unknown } from "../looking.ts";
import type { Json, Observations, Received } from "../observations.ts";

/** Ids of what was sent by the one hop are found by `place` in records of the other. */
const inRecords = (from: string, to: string, place: (record: Json) => unknown) => (seen: Observations) =>
  pair(seen, [from, to], (sent, received) => sameIds(sent.ids, recordsOf(received).map(place)));

const inEvents = (from: string, to: string, place: (received: Received) => unknown) => (seen: Observations) =>
  pair(seen, [from, to], (sent, received) => sameIds(sent.ids, received.map(place)));

const messageId = (record: Json): unknown => record["messageId"];

const answerHeader = (seen: Observations, name: string, header: string, hop: string): Finding => {
  const ids = (seen.answers[name] ?? []).flatMap(({ headers }) => headers[header] ?? []);
  const received = receivedBy(seen, hop);
  if (received.length === 0) return unknown(`nothing arrived by ${hop}`);
  return sameIds(
    ids,
    received.map(({ event }) => at(event, "requestContext", "requestId")),
  );
};

/** Where both an execution's history and its function were seen. */
const inHistory = (seen: Observations, judge: (received: Received) => Finding, hop = "step-functions"): Finding => {
  const [received] = receivedBy(seen, hop);
  if (seen.history.length === 0) return unknown("there is no history");
  return received === undefined ? unknown(`nothing arrived by ${hop}`) : judge(received);
};

export const ids = {
  "sqs-message-id": {
    claim: "SQS SendMessage's `MessageId` is the record's `messageId`.",
    known: "documented",
    judge: inRecords("sqs", "sqs", messageId),
  },
  "sqs-batch-message-ids": {
    claim: "SQS SendMessageBatch: so is each entry's.",
    known: "documented",
    judge: inRecords("sqs-batch", "sqs", messageId),
  },
  "sqs-fifo-sequence": {
    claim: "SQS FIFO: so is its, and `SequenceNumber` is the record's.",
    known: "documented",
    judge: (seen) =>
      pair(seen, ["sqs-fifo", "sqs-fifo"], (sent, received) => {
        const records = recordsOf(received);
        const found = records.map((one) => [messageId(one), at(one, "attributes", "SequenceNumber")]);
        const isSo = found.some(([id, sequence]) => id === sent.ids[0] && sequence === sent.sequenceNumber);
        return holds(isSo, { sent: [sent.ids[0], sent.sequenceNumber], found });
      }),
  },
  "sqs-dead-letter-id": {
    claim: "SQS: a message keeps its id as it moves to the dead-letter queue.",
    known: "assumed",
    judge: inRecords("sqs-failing", "sqs-dead-letter", messageId),
  },
  "sns-message-id": {
    claim: "SNS Publish's `MessageId` is `Sns.MessageId` of the record.",
    known: "documented",
    judge: inRecords("sns", "sns", (one) => at(one, "Sns", "MessageId")),
  },
  "sns-batch-message-ids": {
    claim: "SNS PublishBatch: so is each entry's.",
    known: "documented",
    judge: inRecords("sns-batch", "sns", (one) => at(one, "Sns", "MessageId")),
  },
  "sns-sqs-wrapped-id": {
    claim: "SNS to SQS, wrapped: it is the body's `MessageId`.",
    known: "documented",
    judge: inRecords("sns", "sns-sqs-wrapped", (one) => at(parsed(one["body"]), "MessageId")),
  },
  "sns-sqs-raw-loses-id": {
    claim: "SNS to SQS, raw: SNS's id is nowhere.",
    known: "assumed",
    judge: (seen) =>
      pair(seen, ["sns", "sns-sqs-raw"], (sent, received) => {
        const text = JSON.stringify(received.map(({ event }) => event));
        return holds(!sent.ids.some((id) => text.includes(id)), text);
      }),
  },
  "eventbridge-event-id": {
    claim: "EventBridge PutEvents' `EventId` is the event's `id`.",
    known: "assumed",
    judge: inEvents("eventbridge", "eventbridge", ({ event }) => event["id"]),
  },
  "eventbridge-sqs-event-id": {
    claim: "EventBridge to SQS: it is the body's `id`.",
    known: "assumed",
    judge: inRecords("eventbridge", "eventbridge-sqs", (one) => at(parsed(one["body"]), "id")),
  },
  "step-functions-execution": {
    claim: "StartExecution's `executionArn` is what a state machine maps from `$$.Execution.Id`.",
    known: "documented",
    judge: inEvents("step-functions", "step-functions", ({ event }) => at(event, "Execution", "Id")),
  },
  "step-functions-history-request-id": {
    claim: "Step Functions: in the history, a `lambda:invoke` task's output has the function's request id.",
    known: "assumed",
    judge: (seen) =>
      inHistory(seen, (received) => {
        const outputs = seen.history.map((event) => parsed(at(event, "taskSucceededEventDetails", "output")));
        const told = outputs.map((output) => at(output, "SdkResponseMetadata", "RequestId")).filter(Boolean);
        return holds(told.includes(received.requestId), { received: received.requestId, told });
      }),
  },
  "step-functions-entered-time": {
    claim: "Step Functions: the history enters a state at its `$$.State.EnteredTime`, to the millisecond.",
    known: "assumed",
    judge: (seen) =>
      inHistory(seen, ({ event }) => {
        const entered = at(event, "State", "EnteredTime");
        const times = seen.history
          .filter(({ type }) => type === "TaskStateEntered")
          .map(({ timestamp }) => new Date(String(timestamp)).toISOString());
        return holds(times.includes(String(entered)), { entered, times });
      }),
  },
  "step-functions-nested-execution": {
    claim: "Step Functions: in the history, a `states:startExecution` task's output has the child's `$$.Execution.Id`.",
    known: "assumed",
    judge: (seen) =>
      inHistory(
        seen,
        ({ event }) => {
          const child = at(event, "Execution", "Id");
          const outputs = seen.history.map((one) => parsed(at(one, "taskSucceededEventDetails", "output")));
          const told = outputs.map((output) => at(output, "ExecutionArn")).filter(Boolean);
          return holds(child !== undefined && told.includes(child), { child, told });
        },
        "step-functions-nested",
      ),
  },
  "step-functions-started-by": {
    claim: "Step Functions: `$$.Execution.Input` keeps the `AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID` of the input.",
    known: "documented",
    judge: inEvents("step-functions", "step-functions-nested", ({ event }) =>
      at(event, "Execution", "Input", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"),
    ),
  },
  "step-functions-task-token": {
    claim: "Step Functions: in the history, the parameters of a task that waits have its `$$.Task.Token`, as base64.",
    known: "assumed",
    judge: (seen) =>
      inHistory(
        seen,
        ({ event }) => {
          const token = String(at(event, "TaskToken"));
          const parameters = seen.history.map((one) => String(at(one, "taskScheduledEventDetails", "parameters")));
          const isThere = /^[\w+/]{60,}={0,2}$/.test(token) && parameters.some((one) => one.includes(token));
          return holds(isThere, { token: `${token.slice(0, 24)}…`, length: token.length, isThere });
        },
        "step-functions-callback",
      ),
  },
  "lambda-request-id-sync": {
    claim: "Lambda Invoke: the answer's request id is the callee's `awsRequestId`.",
    known: "assumed",
    judge: inEvents("lambda-sync", "lambda-sync", ({ requestId }) => requestId),
  },
  "lambda-request-id-async": {
    claim: "Lambda Invoke, asynchronous: so it is.",
    known: "assumed",
    judge: inEvents("lambda-async", "lambda-async", ({ requestId }) => requestId),
  },
  "lambda-retry-request-id": {
    claim: "The retry of an asynchronous invocation has the same request id.",
    known: "assumed",
    judge: (seen) =>
      pair(seen, ["lambda-async-failing", "lambda-async-failing"], (_sent, received) =>
        received.length < 2
          ? unknown("no retry yet: it comes after a minute")
          : holds(
              new Set(received.map(({ requestId }) => requestId)).size === 1,
              received.map(({ requestId }) => requestId),
            ),
      ),
  },
  "lambda-destination-request-id": {
    claim: "A destination is told the failed invocation's request id in `requestContext.requestId`.",
    known: "documented",
    judge: inRecords("lambda-async-failing", "destination", (one) =>
      at(parsed(one["body"]), "requestContext", "requestId"),
    ),
  },
  "lambda-dead-letter-request-id": {
    claim: "A function's dead-letter queue is told the failed invocation's request id in the attribute `RequestID`.",
    known: "documented",
    judge: inRecords("lambda-dead-lettered", "lambda-dead-letter", (one) =>
      at(one, "messageAttributes", "RequestID", "stringValue"),
    ),
  },
  "lambda-dead-lettered-request-id": {
    claim: "It is the one that the failed invocation itself has.",
    known: "assumed",
    judge: inEvents("lambda-dead-lettered", "lambda-dead-lettered", ({ requestId }) => requestId),
  },
  "kinesis-sequence": {
    claim: "Kinesis PutRecord's shard and sequence number are the record's `eventID`.",
    known: "documented",
    judge: inRecords("kinesis", "kinesis", (one) => one["eventID"]),
  },
  "kinesis-batch-sequences": {
    claim: "Kinesis PutRecords: so are each entry's.",
    known: "documented",
    judge: inRecords("kinesis-batch", "kinesis", (one) => one["eventID"]),
  },
  "dynamodb-has-no-id": {
    claim: "DynamoDB: the request id of a write is not in the stream, its keys and new image are.",
    known: "documented",
    judge: (seen) =>
      pair(seen, ["dynamodb", "dynamodb"], (sent, received) => {
        const records = recordsOf(received);
        const isSilent = !sent.ids.some((id) => JSON.stringify(records).includes(id));
        const isTold = records.some((one) => at(one, "dynamodb", "Keys", "id") && at(one, "dynamodb", "NewImage"));
        return holds(isSilent && isTold, records);
      }),
  },
  "s3-request-id": {
    claim: "S3 PutObject's request id is the record's `responseElements.x-amz-request-id`.",
    known: "documented",
    judge: inRecords("s3", "s3", (one) => at(one, "responseElements", "x-amz-request-id")),
  },
  "s3-eventbridge-request-id": {
    claim: "S3 by EventBridge: it is the detail's `request-id`.",
    known: "documented",
    judge: inEvents("s3", "s3-eventbridge", ({ event }) => at(event, "detail", "request-id")),
  },
  "s3-etag": {
    claim: "S3 PutObject's `ETag`, without its quotes, is the record's `eTag` and EventBridge's `etag`.",
    known: "documented",
    judge: (seen) =>
      pair(seen, ["s3", "s3"], ({ etag }, received) => {
        const byBus = receivedBy(seen, "s3-eventbridge").map(({ event }) => at(event, "detail", "object", "etag"));
        if (etag === undefined || byBus.length === 0) return unknown("nothing arrived by s3-eventbridge");
        const found = [recordsOf(received).map((one) => at(one, "s3", "object", "eTag")), byBus];
        const sent = etag.replaceAll('"', "");
        return holds(
          found.every((one) => one.includes(sent)),
          { sent, found },
        );
      }),
  },
  "schedule-names-its-rule": {
    claim: "A rule's schedule: the event is a `Scheduled Event` of `aws.events`, and its first resource is the rule.",
    known: "documented",
    judge: (seen) => {
      const events = receivedBy(seen, "schedule").map(({ event }) => event);
      if (events.length === 0) return unknown("nothing arrived by schedule");
      const isSo = events.every(
        (one) =>
          one["source"] === "aws.events" &&
          one["detail-type"] === "Scheduled Event" &&
          /:rule\//.test(String(at(one, "resources", 0))),
      );
      return holds(isSo, events);
    },
  },
  "s3-key-encoding": {
    claim: "S3: a record's key is URL-encoded with `+` for spaces, EventBridge's is not encoded.",
    known: "assumed",
    judge: (seen) =>
      pair(seen, ["s3", "s3-eventbridge"], (_sent, received) => {
        const plain = received.map(({ event }) => at(event, "detail", "object", "key"));
        const encoded = recordsOf(receivedBy(seen, "s3")).map((one) => at(one, "s3", "object", "key"));
        if (encoded.length === 0) return unknown("nothing arrived by s3");
        const isSo = encoded.every((one) => plain.includes(decodeURIComponent(String(one).replaceAll("+", " "))));
        return holds(isSo && plain.every((one) => String(one).includes(" ")), { encoded, plain });
      }),
  },
  "http-api-request-id": {
    claim: "HTTP API: the answer's `apigw-requestid` is `requestContext.requestId`.",
    known: "assumed",
    judge: (seen) => answerHeader(seen, "HttpUrl", "apigw-requestid", "http-api"),
  },
  "function-url-request-id": {
    claim: "Function URL: the answer's `x-amzn-requestid` is `requestContext.requestId`.",
    known: "assumed",
    judge: (seen) => answerHeader(seen, "FunctionUrl", "x-amzn-requestid", "function-url"),
  },
} as const satisfies Readonly<Record<string, Check>>;
