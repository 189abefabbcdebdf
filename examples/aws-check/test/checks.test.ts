/** How the checks judge, by what a run could have seen. */
import { expect, test } from "vitest";
import { CHECKS, asTable, judgeAll } from "../checks.ts";
import { type Observations, type Received, readLines } from "../observations.ts";
import { AS_ASSUMED, NOTHING, ROOT, TRACEPARENT } from "./seen.ts";

const verdicts = (seen: Observations): Record<string, string> =>
  Object.fromEntries(judgeAll(seen).map(({ check, verdict }) => [check, verdict]));

const NAMES = Object.keys(CHECKS);
const all = (verdict: string): Record<string, string> => Object.fromEntries(NAMES.map((name) => [name, verdict]));

test("where everything is as assumed, everything is verified", () => {
  expect(judgeAll(AS_ASSUMED).filter(({ verdict }) => verdict !== "verified")).toEqual([]);
});

test("where nothing was seen, nothing is known", () => {
  expect(verdicts(NOTHING)).toEqual(all("unknown"));
});

/** The same run, with something in what was received other than assumed. */
const receivedAs = (change: (one: Received) => Partial<Received>): Observations => ({
  ...AS_ASSUMED,
  received: AS_ASSUMED.received.map((one) => ({ ...one, ...change(one) })),
});

/** All of an event, with a text replaced. */
const replaced = (event: object, from: RegExp, to: string): Received["event"] =>
  JSON.parse(JSON.stringify(event).replaceAll(from, to)) as Received["event"];

const answered = (name: string, body: unknown, more: object = {}): Observations => ({
  ...AS_ASSUMED,
  answers: {
    ...AS_ASSUMED.answers,
    [name]: [{ status: 200, headers: {}, body: typeof body === "string" ? body : JSON.stringify(body), ...more }],
  },
});

const OTHER = "zzzzzzzz";
const [cold] = AS_ASSUMED.reports;

/** What would have to be seen for each check to be refuted. */
const REFUTING: Readonly<Record<string, Observations>> = {
  ...Object.fromEntries(
    ["sqs-attribute", "sns-attribute", "sns-sqs-raw-attribute", "sns-sqs-wrapped-attribute", "http-headers"].map(
      (name) => [name, receivedAs(({ event }) => ({ event: replaced(event, new RegExp(TRACEPARENT, "g"), OTHER) }))],
    ),
  ),
  ...Object.fromEntries(
    ["sqs-trace-header", "trace-header-after-signing", "sqs-fifo-carriers", "eventbridge-sqs-trace-header"].map(
      (name) => [name, receivedAs(({ event }) => ({ event: replaced(event, /Root=1-6956/g, "Root=1-7777") }))],
    ),
  ),
  ...Object.fromEntries(
    [
      "sns-trace-header",
      "eventbridge-trace-header",
      "step-functions-trace-header",
      "lambda-trace-header",
      "active-tracing-root",
    ].map((name) => [name, receivedAs(() => ({ traceHeader: `Root=${ROOT.replace("6956", "7777")}` }))]),
  ),
  "active-tracing-parent": receivedAs(() => ({ traceHeader: `Root=${ROOT};Parent=0123456789abcdef;Sampled=1` })),
  "eventbridge-event-is-silent": receivedAs(({ event }) => ({ event: { ...event, traceHeader: "Root=1" } })),
  "lambda-client-context-sync": receivedAs(() => ({ clientContext: null })),
  "lambda-client-context-async": receivedAs(() => ({ clientContext: { custom: { traceparent: TRACEPARENT } } })),
  "aws-sdk-sends-trace-header": {
    ...AS_ASSUMED,
    sent: AS_ASSUMED.sent.map((one) => ({ ...one, seen: { ...one.seen, bySdk: null } })),
  },
  "trace-header-form": receivedAs(({ traceHeader }) => ({ traceHeader: `${traceHeader};Colour=red` })),
  "context-trace-id": receivedAs(() => ({ xRayTraceId: "Root=1-other" })),
  ...Object.fromEntries(
    [
      "sqs-message-id",
      "sqs-batch-message-ids",
      "sqs-fifo-sequence",
      "sqs-dead-letter-id",
      "sns-message-id",
      "sns-batch-message-ids",
      "sns-sqs-wrapped-id",
      "eventbridge-event-id",
      "eventbridge-sqs-event-id",
      "step-functions-execution",
      "step-functions-nested-execution",
      "step-functions-started-by",
      "step-functions-task-token",
      "lambda-destination-request-id",
      "lambda-dead-letter-request-id",
      "kinesis-sequence",
      "kinesis-batch-sequences",
      "s3-etag",
      "schedule-names-its-rule",
      "s3-request-id",
      "s3-eventbridge-request-id",
      "http-api-request-id",
      "function-url-request-id",
    ].map((name) => [
      name,
      receivedAs(({ event }) => ({
        event: replaced(
          event,
          /\b(m-\d|f-1|d-1|sns-\d|e-1|c-1|AQCE|lambda-(async-failing|dead-lettered)-request|shardId-\d+:49\d|S3REQUEST1|5d41402abc4b2a76|gateway-1=|url-1|rule\/minute)/g,
          OTHER,
        ),
      })),
    ]),
  ),
  "sns-sqs-raw-loses-id": receivedAs(({ event }) => ({ event: { ...event, snsMessageId: "sns-1" } })),
  "step-functions-history-request-id": receivedAs(() => ({ requestId: OTHER })),
  "step-functions-entered-time": receivedAs(({ event }) => ({
    event: replaced(event, /00:00:00\.120Z/g, "00:00:00.121Z"),
  })),
  "lambda-dead-lettered-request-id": receivedAs(() => ({ requestId: OTHER })),
  "lambda-request-id-sync": receivedAs(() => ({ requestId: OTHER })),
  "lambda-request-id-async": receivedAs(() => ({ requestId: OTHER })),
  "lambda-retry-request-id": {
    ...AS_ASSUMED,
    received: AS_ASSUMED.received.map((one, n) => ({ ...one, requestId: `${one.requestId}-${n}` })),
  },
  "dynamodb-has-no-id": receivedAs(({ event }) => ({
    event: replaced(event, /"eventID":"x"/g, '"eventID":"DYNAMO1"'),
  })),
  "s3-key-encoding": receivedAs(({ event }) => ({ event: replaced(event, /run-1 ä\+/g, "run-1+%C3%A4%2B") })),
  "extension-preloaded": answered("RacePreload", { status: 403, text: "Extension.RegistrationClosed" }),
  "extension-awaited": answered("RaceAwait", { status: 403, text: "Extension.RegistrationClosed" }),
  "extension-not-awaited": answered("RaceRequire", { status: 200, text: "{}" }),
  "extension-works-after-response": {
    ...AS_ASSUMED,
    sent: AS_ASSUMED.sent.map((one) => (one.hop === "after-response" ? { ...one, waitedMs: 1_050 } : one)),
  },
  "sigterm-with-extension": receivedAs(() => ({ event: { ms: 0 } })),
  "wrapper-names-handler": answered("Wrapped", { statusCode: 200 }),
  "runtime-file": answered("Wrapped", { isWrapped: true, runtimeFile: "/var/task/index.js" }),
  "layer-modules": answered("Wrapped", { isWrapped: true, nodePath: "/var/task" }),
  "callback-refused": answered("Callback", "called back"),
  "callback-taken": answered("Callback22", { errorType: "Runtime.HandlerNotFound" }, { functionError: "Unhandled" }),
  "streaming-symbols": answered("Marks", { symbols: [["aws.lambda.streaming", true]] }),
  "streaming-url": answered("StreamingUrl", "one "),
  "frozen-between-invocations": {
    ...AS_ASSUMED,
    answers: {
      ...AS_ASSUMED.answers,
      Ticking: [0, 50].map((ticks) => ({
        status: 200,
        headers: {},
        body: JSON.stringify({ environment: "x", ticks }),
      })),
    },
  },
  "report-fields": { ...AS_ASSUMED, reports: AS_ASSUMED.reports.slice(1) },
  "report-bills-init": { ...AS_ASSUMED, reports: [{ ...cold, billedMs: 129 } as (typeof AS_ASSUMED.reports)[number]] },
  "initialization-type": receivedAs(() => ({ initializationType: "snap-start" })),
};

test("every check can be refuted", () => {
  expect(Object.keys(REFUTING).toSorted()).toEqual(NAMES.toSorted());
});

test.each(Object.entries(REFUTING))("%s is refuted by what contradicts it", (name, seen) => {
  expect(verdicts(seen)[name]).toBe("refuted");
});

test("a call that failed leaves its checks unknown, with what AWS said; but a header that is refused is an answer", () => {
  const sent = AS_ASSUMED.sent.map(({ hop }) => ({ hop, ids: [], error: "AccessDenied: no" }));
  const results = judgeAll({ ...AS_ASSUMED, sent });
  const of = (name: string) => results.find(({ check }) => check === name);
  expect(of("sqs-message-id")).toEqual({ check: "sqs-message-id", verdict: "unknown", saw: "AccessDenied: no" });
  expect(of("trace-header-after-signing")?.verdict).toBe("refuted");
});

test("an event of any other shape is judged, and breaks nothing", () => {
  for (const event of [{}, { Records: null }, { Records: [null, 5] }, { Records: [{ body: "{" }] }])
    expect(
      judgeAll(receivedAs(() => ({ event })))
        .map(({ saw }) => saw)
        .join(),
    ).not.toContain("the check failed");
});

test("the table has one line for each check", () => {
  const lines = asTable(judgeAll(NOTHING)).split("\n");
  expect(lines).toHaveLength(NAMES.length);
  expect(lines[0]).toMatch(/^unknown {3}sqs-attribute +sqs was not called$/);
});

test("of log lines, the probes' and the reports are read", () => {
  const probe = { awsCheck: "received", hop: "sqs", requestId: "r-1", event: {} };
  const id = "8f5a4b1e-0000-4000-8000-000000000001";
  const { received, reports } = readLines([
    `START RequestId: ${id} Version: $LATEST`,
    JSON.stringify(probe),
    '{"awsCheck":"received","hop":',
    `REPORT RequestId: ${id}\tDuration: 128.83 ms\tBilled Duration: 296 ms\tMemory Size: 256 MB\tMax Memory Used: 74 MB\tInit Duration: 166.62 ms\t`,
    "REPORT of another kind",
  ]);
  expect(received).toEqual([probe]);
  expect(reports).toMatchObject([{ requestId: id, durationMs: 128.83, billedMs: 296, initMs: 166.62 }]);
});
