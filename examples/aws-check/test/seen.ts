/**
 * What a run sees where everything is as assumed: shapes after AWS's documentation and public captures, ids our own. One observation for
 * each hop; no more of an event than the checks look at, and what stands around it.
 */
import type { Answer, Json, Observations, Received, Report, Sent } from "../observations.ts";

const RUN = "run-1";
const ARN = "arn:aws:states:eu-west-1:111122223333:execution:fulfilment:e-1";
const CHILD = "arn:aws:states:eu-west-1:111122223333:execution:nested:c-1";
const TOKEN = `AQCEAAAAKgAAAAMAAAAA${"x7".repeat(60)}=`;
const ENTERED = "2026-01-01T00:00:00.120Z";
export const TRACEPARENT = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
export const ROOT = "1-6956b300-0123456789abcdef01234567";
const HEADER = `Root=${ROOT};Parent=0123456789abcdef;Sampled=0;Lineage=1:456f6a97:0`;
const TRACED = `Root=${ROOT};Parent=5555555555555555;Sampled=1`;
const OWN = "Root=1-6956b300-fedcba987654321001234567;Parent=fedcba9876543210;Sampled=0";

const sent = (hop: string, ids: readonly string[], more: Partial<Sent> = {}): Sent => ({
  hop,
  ids,
  traceparent: TRACEPARENT,
  seen: { bySdk: HEADER, sent: HEADER, isSigned: false },
  ...more,
});

const own = { seen: { bySdk: HEADER, sent: OWN, isSigned: false } };

const received = (hop: string, event: Json, more: Partial<Received> = {}): Received => ({
  hop,
  requestId: `${hop}-request`,
  event,
  clientContext: null,
  xRayTraceId: HEADER,
  traceHeader: HEADER,
  initializationType: "on-demand",
  ...more,
});

const byOwn = { xRayTraceId: OWN, traceHeader: OWN };

const message = (messageId: string, more: Json = {}): Json => ({
  Records: [
    {
      messageId,
      body: RUN,
      attributes: { ApproximateReceiveCount: "1", AWSTraceHeader: HEADER },
      messageAttributes: { traceparent: { stringValue: TRACEPARENT, dataType: "String" } },
      eventSource: "aws:sqs",
      ...more,
    },
  ],
});

const answer = (body: unknown, more: Partial<Answer> = {}): Answer => ({
  status: 200,
  headers: {},
  body: JSON.stringify(body),
  ...more,
});

const report = (requestId: string, durationMs: number, initMs?: number): Report => {
  const billedMs = Math.ceil(durationMs + (initMs ?? 0));
  const init = initMs === undefined ? {} : { initMs };
  return { requestId, durationMs, billedMs, ...init, line: `REPORT RequestId: ${requestId}` };
};

const notification = { Type: "Notification", MessageId: "sns-1", Message: RUN };
const http = (requestId: string): Json => ({
  version: "2.0",
  headers: { traceparent: TRACEPARENT, "x-amzn-trace-id": `Root=${ROOT}` },
  requestContext: { requestId, http: { method: "GET", path: "/aws-check" } },
});

export const AS_ASSUMED: Observations = {
  region: "eu-west-1",
  date: "2026-11-25",
  callerTraceHeader: HEADER,
  sent: [
    sent("sqs", ["m-1"]),
    sent("sqs-own-header", ["m-2"], own),
    sent("sqs-batch", ["m-3", "m-4"]),
    sent("sqs-fifo", ["f-1"], { ...own, sequenceNumber: "18849496460467696128" }),
    sent("sqs-failing", ["d-1"]),
    sent("sns", ["sns-1"], own),
    sent("sns-batch", ["sns-2", "sns-3"]),
    sent("eventbridge", ["e-1"], own),
    sent("step-functions", [ARN], own),
    sent("lambda-sync", ["lambda-sync-request"]),
    sent("lambda-async", ["lambda-async-request"]),
    sent("lambda-async-failing", ["lambda-async-failing-request"]),
    sent("lambda-dead-lettered", ["lambda-dead-lettered-request"]),
    sent("lambda-traced", ["lambda-traced-request"]),
    sent("after-response", ["after-1"], { waitedMs: 40 }),
    sent("kinesis", ["shardId-000000000000:496"]),
    sent("kinesis-batch", ["shardId-000000000000:497", "shardId-000000000000:498"]),
    sent("dynamodb", ["DYNAMO1"]),
    sent("s3", ["S3REQUEST1"], { etag: '"5d41402abc4b2a76"' }),
    sent("http-api", []),
  ],
  history: [
    { id: 1, type: "ExecutionStarted", timestamp: "2026-01-01T00:00:00.100000+00:00" },
    { id: 2, type: "TaskStateEntered", timestamp: "2026-01-01T00:00:00.120000+00:00" },
    {
      id: 5,
      type: "TaskSucceeded",
      taskSucceededEventDetails: {
        output: JSON.stringify({ SdkResponseMetadata: { RequestId: "step-functions-request" } }),
      },
    },
    {
      id: 10,
      type: "TaskSucceeded",
      taskSucceededEventDetails: { output: JSON.stringify({ ExecutionArn: CHILD, StartDate: 1 }) },
    },
    {
      id: 13,
      type: "TaskScheduled",
      taskScheduledEventDetails: { parameters: JSON.stringify({ Payload: { TaskToken: TOKEN } }) },
    },
  ],
  received: [
    received("sqs", message("m-1")),
    received("sqs", message("m-2", { attributes: { AWSTraceHeader: OWN } })),
    received("sqs", message("m-3")),
    received("sqs", message("m-4")),
    received(
      "sqs-fifo",
      message("f-1", { attributes: { AWSTraceHeader: OWN, SequenceNumber: "18849496460467696128" } }),
    ),
    received("sqs-failing", message("d-1")),
    received("sqs-dead-letter", message("d-1")),
    received(
      "sns",
      {
        Records: [
          {
            EventSource: "aws:sns",
            Sns: { MessageId: "sns-1", MessageAttributes: { traceparent: { Type: "String", Value: TRACEPARENT } } },
          },
        ],
      },
      byOwn,
    ),
    ...["sns-2", "sns-3"].map((MessageId) =>
      received("sns", { Records: [{ EventSource: "aws:sns", Sns: { MessageId } }] }, byOwn),
    ),
    received("sns-sqs-raw", message("raw-1")),
    received(
      "sns-sqs-wrapped",
      message("wrapped-1", {
        body: JSON.stringify({
          ...notification,
          MessageAttributes: { traceparent: { Type: "String", Value: TRACEPARENT } },
        }),
        messageAttributes: {},
      }),
    ),
    received(
      "eventbridge",
      { id: "e-1", source: "aws-check", "detail-type": "aws-check", detail: { run: RUN } },
      byOwn,
    ),
    received(
      "eventbridge-sqs",
      message("bus-1", {
        body: JSON.stringify({ id: "e-1", "detail-type": "aws-check", detail: { run: RUN } }),
        attributes: { AWSTraceHeader: OWN },
      }),
    ),
    received(
      "step-functions",
      { Execution: { Id: ARN }, State: { Name: "Task", EnteredTime: ENTERED }, input: { run: RUN } },
      byOwn,
    ),
    received("step-functions-nested", {
      Execution: { Id: CHILD, Input: { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: ARN } },
    }),
    received("step-functions-callback", { TaskToken: TOKEN }),
    received("schedule", {
      source: "aws.events",
      "detail-type": "Scheduled Event",
      resources: ["arn:aws:events:eu-west-1:111122223333:rule/minute"],
    }),
    received("lambda-sync", { run: RUN }, { clientContext: { custom: { traceparent: TRACEPARENT } } }),
    received("lambda-async", { run: RUN }),
    received("lambda-async-failing", { run: RUN }),
    received("lambda-async-failing", { run: RUN }),
    received("lambda-dead-lettered", { run: RUN }),
    received(
      "lambda-dead-letter",
      message("letter-1", {
        messageAttributes: { RequestID: { stringValue: "lambda-dead-lettered-request", dataType: "String" } },
      }),
    ),
    received("lambda-traced", { run: RUN }, { traceHeader: TRACED, xRayTraceId: TRACED }),
    received(
      "destination",
      message("destination-1", {
        body: JSON.stringify({
          requestContext: { requestId: "lambda-async-failing-request", condition: "RetriesExhausted" },
        }),
      }),
    ),
    received("kinesis", {
      Records: ["496", "497", "498"].map((sequenceNumber) => ({
        eventID: `shardId-000000000000:${sequenceNumber}`,
        kinesis: { sequenceNumber, data: "cnVuLTE=" },
      })),
    }),
    received("dynamodb", {
      Records: [
        { eventID: "x", eventName: "INSERT", dynamodb: { Keys: { id: { S: RUN } }, NewImage: { id: { S: RUN } } } },
      ],
    }),
    received("s3", {
      Records: [
        {
          responseElements: { "x-amz-request-id": "S3REQUEST1" },
          s3: { object: { key: "run-1+%C3%A4%2B.txt", eTag: "5d41402abc4b2a76" } },
        },
      ],
    }),
    received("s3-eventbridge", {
      id: "e-2",
      source: "aws.s3",
      detail: { "request-id": "S3REQUEST1", object: { key: "run-1 ä+.txt", etag: "5d41402abc4b2a76" } },
    }),
    received("sigterm", { ms: 0 }),
    received("sigterm", { ms: 251.3 }),
    received("http-api", http("gateway-1=")),
    received("function-url", http("url-1")),
  ],
  reports: [report("sqs-request", 128.83, 166.62), report("after-1", 1_004.2)],
  answers: {
    HttpUrl: [answer("", { headers: { "apigw-requestid": "gateway-1=" } })],
    FunctionUrl: [answer("", { headers: { "x-amzn-requestid": "url-1" } })],
    StreamingUrl: [{ status: 200, headers: {}, body: "one two" }],
    Marks: [
      answer({
        symbols: [
          ["aws.lambda.runtime.handler.streaming", "response"],
          ["aws.lambda.runtime.handler.streaming.highWaterMark", 4_096],
        ],
      }),
    ],
    Callback: [answer({ errorType: "Runtime.CallbackHandlerDeprecated" }, { functionError: "Unhandled" })],
    Callback22: [answer("called back")],
    Wrapped: [
      answer({
        isWrapped: true,
        runtimeFile: "/var/runtime/index.mjs",
        nodePath: "/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules",
      }),
    ],
    RacePreload: [answer({ status: 200, text: "{}" })],
    RaceAwait: [answer({ status: 200, text: "{}" })],
    RaceRequire: [answer({ status: 403, text: '{"errorType":"Extension.RegistrationClosed"}' })],
    Ticking: [answer({ environment: "x", ticks: 0 }), answer({ environment: "x", ticks: 1 })],
  },
};

export const NOTHING: Observations = {
  region: "eu-west-1",
  date: "2026-11-25",
  callerTraceHeader: undefined,
  sent: [],
  received: [],
  reports: [],
  history: [],
  answers: {},
};
