/** Which hop carries which context, and where it arrives. */
import type { Check } from "../checks.ts";
import { type Finding, at, fieldsOf, holds, pair, parsed, recordsOf, sameRoot, sentBy, unknown } from "../looking.ts";
import type { Observations } from "../observations.ts";

const found = (sent: unknown, places: readonly unknown[]): Finding =>
  holds(sent !== undefined && places.includes(sent), { sent, found: places });

const attributeOf = (record: unknown): unknown => at(record, "messageAttributes", "traceparent", "stringValue");
const headerOf = (record: unknown): unknown => at(record, "attributes", "AWSTraceHeader");

const attributeBy = (from: string, to: string) => (seen: Observations) =>
  pair(seen, [from, to], (sent, received) => found(sent.traceparent, recordsOf(received).map(attributeOf)));

const queueHeaderBy = (from: string, to: string) => (seen: Observations) =>
  pair(seen, [from, to], (sent, received) => sameRoot(sent.seen?.sent, recordsOf(received).map(headerOf)));

const functionHeaderBy = (from: string, to: string) => (seen: Observations) =>
  pair(seen, [from, to], (sent, received) =>
    sameRoot(
      sent.seen?.sent,
      received.map(({ traceHeader }) => traceHeader),
    ),
  );

const KNOWN_FIELDS = ["root", "parent", "sampled", "lineage", "self"];

export const carriers = {
  "sqs-attribute": {
    claim: "SQS: a message attribute arrives in `messageAttributes.<name>.stringValue`.",
    known: "documented",
    judge: attributeBy("sqs", "sqs"),
  },
  "sqs-trace-header": {
    claim: "SQS: the `X-Amzn-Trace-Id` that the AWS SDK sends by itself arrives as the record's `AWSTraceHeader`.",
    known: "documented",
    judge: queueHeaderBy("sqs", "sqs"),
  },
  "trace-header-after-signing": {
    claim: "`X-Amzn-Trace-Id` may be set or replaced after signing: the request is accepted, and this header counts.",
    known: "assumed",
    judge: (seen) => {
      const { error } = seen.sent.find(({ hop }) => hop === "sqs-own-header") ?? {};
      if (error !== undefined) return holds(false, error);
      if (sentBy(seen, "sqs-own-header")?.seen?.isSigned) return holds(false, "the header is among the signed ones");
      return queueHeaderBy("sqs-own-header", "sqs")(seen);
    },
  },
  "sqs-fifo-carriers": {
    claim: "SQS FIFO: attribute and `AWSTraceHeader` arrive as with standard queues.",
    known: "documented",
    judge: (seen) => {
      const attribute = attributeBy("sqs-fifo", "sqs-fifo")(seen);
      return attribute.verdict === "verified" ? queueHeaderBy("sqs-fifo", "sqs-fifo")(seen) : attribute;
    },
  },
  "sns-attribute": {
    claim: "SNS to a function: an attribute arrives in `Sns.MessageAttributes.<name>.Value`.",
    known: "documented",
    judge: (seen) =>
      pair(seen, ["sns", "sns"], (sent, received) =>
        found(
          sent.traceparent,
          recordsOf(received).map((one) => at(one, "Sns", "MessageAttributes", "traceparent", "Value")),
        ),
      ),
  },
  "sns-sqs-raw-attribute": {
    claim: "SNS to SQS, raw: an attribute becomes the message's own.",
    known: "documented",
    judge: attributeBy("sns", "sns-sqs-raw"),
  },
  "sns-sqs-wrapped-attribute": {
    claim: "SNS to SQS, wrapped: an attribute stands in the body's `MessageAttributes`.",
    known: "documented",
    judge: (seen) =>
      pair(seen, ["sns", "sns-sqs-wrapped"], (sent, received) =>
        found(
          sent.traceparent,
          recordsOf(received).map((one) => at(parsed(one["body"]), "MessageAttributes", "traceparent", "Value")),
        ),
      ),
  },
  "sns-trace-header": {
    claim: "SNS: the caller's `X-Amzn-Trace-Id` reaches the function as its trace header.",
    known: "assumed",
    judge: functionHeaderBy("sns", "sns"),
  },
  "eventbridge-trace-header": {
    claim: "EventBridge: the caller's `X-Amzn-Trace-Id` reaches the function as its trace header.",
    known: "documented",
    judge: functionHeaderBy("eventbridge", "eventbridge"),
  },
  "eventbridge-event-is-silent": {
    claim: "EventBridge: no trace header stands in the event.",
    known: "documented",
    judge: (seen) =>
      pair(seen, ["eventbridge", "eventbridge"], (_sent, [first]) => {
        const text = JSON.stringify(first?.event);
        return holds(!/trace-?(id|header|parent)/i.test(text), text);
      }),
  },
  "eventbridge-sqs-trace-header": {
    claim: "EventBridge to SQS: the header arrives as the record's `AWSTraceHeader`.",
    known: "documented",
    judge: queueHeaderBy("eventbridge", "eventbridge-sqs"),
  },
  "step-functions-trace-header": {
    claim: "Step Functions: the caller's `X-Amzn-Trace-Id` reaches a task's function as its trace header.",
    known: "assumed",
    judge: functionHeaderBy("step-functions", "step-functions"),
  },
  "lambda-client-context-sync": {
    claim: "Lambda Invoke: the client context reaches a function that is waited for.",
    known: "documented",
    judge: (seen) =>
      pair(seen, ["lambda-sync", "lambda-sync"], (sent, received) =>
        found(
          sent.traceparent,
          received.map(({ clientContext }) => at(clientContext, "custom", "traceparent")),
        ),
      ),
  },
  "lambda-client-context-async": {
    claim: "Lambda Invoke: the client context does not reach a function that is not waited for.",
    known: "assumed",
    judge: (seen) =>
      pair(seen, ["lambda-async", "lambda-async"], (_sent, received) =>
        holds(
          received.every(({ clientContext }) => at(clientContext, "custom", "traceparent") === undefined),
          received.map(({ clientContext }) => clientContext),
        ),
      ),
  },
  "lambda-trace-header": {
    claim: "Lambda Invoke, asynchronous: caller and callee share a Root.",
    known: "assumed",
    judge: functionHeaderBy("lambda-async", "lambda-async"),
  },
  "active-tracing-root": {
    claim: "A function with active tracing keeps the caller's Root.",
    known: "documented",
    judge: functionHeaderBy("lambda-traced", "lambda-traced"),
  },
  "active-tracing-parent": {
    claim: "Its Parent is a segment of Lambda's own, not what the caller sent.",
    known: "assumed",
    judge: (seen) =>
      pair(seen, ["lambda-traced", "lambda-traced"], (sent, received) => {
        const own = fieldsOf(sent.seen?.sent)["parent"];
        const parents = received.map(({ traceHeader }) => fieldsOf(traceHeader)["parent"]);
        return holds(
          parents.every((one) => one !== undefined && one !== own),
          { sent: own, found: parents },
        );
      }),
  },
  "aws-sdk-sends-trace-header": {
    claim: "In a function, the AWS SDK sends the invocation's `X-Amzn-Trace-Id` by itself.",
    known: "assumed",
    judge: (seen) => {
      const headers = seen.sent.flatMap(({ seen: one }) => (one?.bySdk === undefined ? [] : [one.bySdk]));
      if (headers.length === 0) return unknown("no call was seen");
      return sameRoot(seen.callerTraceHeader, headers);
    },
  },
  "http-headers": {
    claim: "HTTP API: a `traceparent` arrives with header names in lower case, beside an `x-amzn-trace-id`.",
    known: "documented",
    judge: (seen) =>
      pair(seen, ["http-api", "http-api"], (sent, received) => {
        const headers = received.map(({ event }) => event["headers"]);
        const isThere = (one: unknown): boolean =>
          at(one, "traceparent") === sent.traceparent && typeof at(one, "x-amzn-trace-id") === "string";
        return holds(headers.some(isThere), headers);
      }),
  },
  "trace-header-form": {
    claim: "A function's trace header has a Root, and no other fields than Parent, Sampled, Lineage and Self.",
    known: "documented",
    judge: ({ received }) => {
      const headers = received.flatMap(({ traceHeader }) => traceHeader ?? []);
      if (headers.length === 0) return unknown("no function had a trace header");
      const names = headers.map((one) => Object.keys(fieldsOf(one)));
      const isKnown = names.every((one) => one.includes("root") && one.every((name) => KNOWN_FIELDS.includes(name)));
      return holds(isKnown, [...new Set(names.map((one) => one.join(";")))]);
    },
  },
  "context-trace-id": {
    claim: "`context.xRayTraceId` is the environment's `_X_AMZN_TRACE_ID`.",
    known: "assumed",
    judge: ({ received }) => {
      if (received.length === 0) return unknown("no function was invoked");
      const others = received.filter((one) => (one.xRayTraceId ?? "") !== (one.traceHeader ?? ""));
      return holds(
        others.length === 0,
        others.slice(0, 2).map((one) => [one.xRayTraceId, one.traceHeader]),
      );
    },
  },
} as const satisfies Readonly<Record<string, Check>>;
