/**
 * A segment or subsegment → a span. Every field of it has its attribute, event or link; the table is in
 * docs/guides/import-xray.md.
 *
 * Kinds  a segment, or whoever names a client's address: SERVER; namespace aws or remote: CLIENT; else INTERNAL.
 * Errors none, on whatever JSON.
 */
import type { Span, SpanEvent, SpanLink } from "@mayfly/otlp";
import type { StitchKey } from "@mayfly/api";
import { isSpanId } from "../../model/ids.ts";
import { type Attributes, madeAttributes } from "../../normalize/made-attributes.ts";
import { formatStitchKey } from "../../model/stitch-key.ts";
import { traceIdOfRoot } from "../../model/xray-header.ts";
import {
  AWS_DYNAMODB_TABLE_NAMES,
  AWS_LOG_GROUP_NAMES,
  AWS_REQUEST_ID,
  AWS_S3_BUCKET,
  AWS_S3_KEY,
  AWS_SNS_TOPIC_ARN,
  AWS_SQS_QUEUE_URL,
  CLIENT_ADDRESS,
  CLOUD_ACCOUNT_ID,
  CLOUD_REGION,
  DB_QUERY_TEXT,
  DB_SYSTEM_NAME,
  ENDUSER_ID,
  EXCEPTION_EVENT,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  FAAS_COLDSTART,
  FAAS_INVOCATION_ID,
  FAAS_INVOKED_NAME,
  FAAS_INVOKED_PROVIDER,
  FAAS_INVOKED_REGION,
  HTTP_REQUEST_METHOD,
  HTTP_RESPONSE_BODY_SIZE,
  HTTP_RESPONSE_STATUS_CODE,
  MAYFLY_EVIDENCE,
  MAYFLY_EVIDENCE_XRAY,
  MAYFLY_INIT_DURATION_MS,
  MAYFLY_KEYS_PRODUCED,
  MAYFLY_IN_PROGRESS,
  RPC_METHOD,
  RPC_SERVICE,
  RPC_SYSTEM,
  RPC_SYSTEM_AWS,
  URL_FULL,
  USER_AGENT_ORIGINAL,
} from "../../normalize/semconv.ts";
import { CLIENT, INTERNAL, SERVER } from "../../normalize/span-kind.ts";
import * as words from "../../normalize/xray-words.ts";
import { LOCAL_PARENT, REMOTE_PARENT, wireSpan } from "../wire-span.ts";
import { durationNs } from "../../model/time.ts";
import { type Segment, timeOf } from "./document.ts";
import { plainOf } from "./plain.ts";
import { type Fields, fieldsOf, isTrue, numberOf, textOf, textsOf } from "../json-fields.ts";

const STATUS_ERROR = 2;

/** `requestId`: of the invocation that a segment of Lambda's speaks of. */
export const spanOf = (segment: Segment, requestId: string | undefined): Span => {
  const { traceId, id, parentId, name, start, end, fields, isSubsegment } = segment;
  const exceptions = exceptionsOf(segment);
  const hasFailed = ["fault", "error", "throttle"].some((flag) => isTrue(fields[flag]));
  return wireSpan({
    traceId,
    spanId: id,
    ...(parentId !== undefined && { parentSpanId: parentId }),
    name,
    kind: kindOf(segment),
    startTimeUnixNano: start,
    endTimeUnixNano: end ?? 0n,
    attributes: madeAttributes({ ...attributesOf(segment), ...(requestId && { [FAAS_INVOCATION_ID[0]]: requestId }) }),
    events: exceptions,
    links: linksOf(fields["links"]),
    ...(hasFailed && { status: { code: STATUS_ERROR, message: messageOf(fields) } }),
    // The function's segment has Lambda's own as its parent, and is of the same invocation.
    flags: isSubsegment || fields["origin"] === "AWS::Lambda::Function" ? LOCAL_PARENT : REMOTE_PARENT,
  });
};

const kindOf = ({ isSubsegment, fields }: Segment): number => {
  if (!isSubsegment || textOf(requestOf(fields)["client_ip"]) !== undefined) return SERVER;
  return fields["namespace"] === "aws" || fields["namespace"] === "remote" ? CLIENT : INTERNAL;
};

const requestOf = (fields: Fields): Fields => fieldsOf(fieldsOf(fields["http"])?.["request"]) ?? {};

/** What people chose comes first, so that it never takes the place of what X-Ray says. */
const attributesOf = (segment: Segment): Attributes => {
  const { fields, name, end } = segment;
  return {
    ...annotationsOf(fields),
    ...metadataOf(fields),
    ...httpOf(fields),
    ...awsOf(segment),
    ...sqlOf(fields),
    ...causeOf(fields),
    [ENDUSER_ID]: textOf(fields["user"]),
    [words.AWS_SERVICE]: fields["namespace"] === "aws" ? name : undefined,
    [words.XRAY_ORIGIN]: textOf(fields["origin"]),
    [words.XRAY_RESOURCE_ARN]: textOf(fields["resource_arn"]),
    [words.XRAY_INFERRED]: isTrue(fields["inferred"]) || undefined,
    [words.XRAY_TRACED]: isTrue(fields["traced"]) || isTrue(requestOf(fields)["traced"]) || undefined,
    [words.XRAY_FAULT]: isTrue(fields["fault"]) || undefined,
    [words.XRAY_ERROR]: isTrue(fields["error"]) || undefined,
    [words.XRAY_THROTTLE]: isTrue(fields["throttle"]) || undefined,
    ...initOf(segment),
    ...(end === undefined && { [words.XRAY_IN_PROGRESS]: true, [MAYFLY_IN_PROGRESS]: true }),
    [MAYFLY_EVIDENCE]: MAYFLY_EVIDENCE_XRAY,
    ...producedBy(segment),
  };
};

/** Of the function's segment: it waited for the init that ended just before it, and not long ago (provisioned concurrency). */
const INIT_SLACK = 1_000_000_000n;

const initOf = ({ fields, start }: Segment): Attributes => {
  if (fields["origin"] !== "AWS::Lambda::Function" || !Array.isArray(fields["subsegments"])) return {};
  const init = fields["subsegments"].map(fieldsOf).find((one) => one?.["name"] === "Initialization");
  const [began, ended] = [timeOf(init?.["start_time"]), timeOf(init?.["end_time"])];
  if (began === undefined || ended === undefined || start - ended > INIT_SLACK) return {};
  return { [FAAS_COLDSTART]: true, [MAYFLY_INIT_DURATION_MS]: durationNs(began, ended) / 1e6 };
};

const annotationsOf = (fields: Fields): Attributes => {
  const annotations = Object.entries(fieldsOf(fields["annotations"]) ?? {}).flatMap(([key, value]) => {
    const plain = plainOf(value);
    return plain === undefined || key === "" ? [] : [[key, plain] as const];
  });
  return annotations.length === 0
    ? {}
    : { ...Object.fromEntries(annotations), [words.XRAY_ANNOTATIONS]: annotations.map(([key]) => key) };
};

const metadataOf = (fields: Fields): Attributes =>
  Object.fromEntries(
    Object.entries(fieldsOf(fields["metadata"]) ?? {}).map(([space, value]) => [
      words.xrayMetadata(space),
      JSON.stringify(value),
    ]),
  );

const httpOf = (fields: Fields): Attributes => {
  const request = requestOf(fields);
  const response = fieldsOf(fieldsOf(fields["http"])?.["response"]) ?? {};
  const size = numberOf(response["content_length"]);
  return {
    [HTTP_REQUEST_METHOD]: textOf(request["method"]),
    [URL_FULL]: textOf(request["url"]),
    [USER_AGENT_ORIGINAL]: textOf(request["user_agent"]),
    [CLIENT_ADDRESS]: textOf(request["client_ip"]),
    [words.XRAY_FORWARDED_FOR]: isTrue(request["x_forwarded_for"]) || undefined,
    [HTTP_RESPONSE_STATUS_CODE]: numberOf(response["status"]),
    [HTTP_RESPONSE_BODY_SIZE]: size !== undefined && size >= 0 ? size : undefined,
  };
};

/** Fields of `aws` that have a word of their own, on the resource or below. */
const AWS_FIELDS_WITH_WORDS: ReadonlySet<string> = new Set(
  (
    "operation account_id region request_id requestId queue_url topic_arn table_name table_names bucket_name key " +
    "function_name function_arn retries cloudwatch_logs ec2 ecs eks elastic_beanstalk"
  ).split(" "),
);

const awsOf = ({ name, fields, isSubsegment }: Segment): Attributes => {
  const aws = fieldsOf(fields["aws"]) ?? {};
  const operation = textOf(aws["operation"]);
  const table = textOf(aws["table_name"]);
  return {
    ...Object.fromEntries(
      Object.entries(aws)
        .filter(([field]) => !AWS_FIELDS_WITH_WORDS.has(field))
        .map(([field, value]) => [words.xrayAws(field), plainOf(value)]),
    ),
    ...(operation !== undefined && { [RPC_SYSTEM]: RPC_SYSTEM_AWS, [RPC_SERVICE]: name, [RPC_METHOD]: operation }),
    [AWS_REQUEST_ID[0]]: textOf(aws["request_id"]) ?? textOf(aws["requestId"]),
    ...(isSubsegment && { [CLOUD_ACCOUNT_ID]: textOf(aws["account_id"]), [CLOUD_REGION]: textOf(aws["region"]) }),
    [AWS_SQS_QUEUE_URL]: textOf(aws["queue_url"]),
    [AWS_SNS_TOPIC_ARN]: textOf(aws["topic_arn"]),
    [AWS_DYNAMODB_TABLE_NAMES]: table === undefined ? textsOf(aws["table_names"]) : [table],
    [AWS_S3_BUCKET]: textOf(aws["bucket_name"]),
    [AWS_S3_KEY]: textOf(aws["key"]),
    ...(operation?.startsWith("Invoke") && {
      [FAAS_INVOKED_NAME]: textOf(aws["function_name"]),
      [FAAS_INVOKED_PROVIDER]: "aws",
      [FAAS_INVOKED_REGION]: textOf(aws["region"]),
    }),
    [words.XRAY_RETRIES]: numberOf(aws["retries"]),
    [AWS_LOG_GROUP_NAMES]: logGroupsOf(aws["cloudwatch_logs"]),
  };
};

const logGroupsOf = (logs: unknown): readonly string[] | undefined => {
  const groups = Array.isArray(logs) ? logs.flatMap((one) => textOf(fieldsOf(one)?.["log_group"]) ?? []) : [];
  return groups.length > 0 ? groups : undefined;
};

const SQL_FIELDS = ["connection_string", "url", "database_version", "driver_version", "user", "preparation"] as const;

const sqlOf = (fields: Fields): Attributes => {
  const sql = fieldsOf(fields["sql"]);
  if (sql === undefined) return {};
  return {
    [DB_SYSTEM_NAME]: textOf(sql["database_type"]),
    [DB_QUERY_TEXT]: textOf(sql["sanitized_query"]),
    ...Object.fromEntries(SQL_FIELDS.map((field) => [words.xraySql(field), textOf(sql[field])])),
  };
};

const causeOf = ({ cause }: Fields): Attributes => ({
  [words.XRAY_CAUSE]: textOf(cause),
  [words.XRAY_WORKING_DIRECTORY]: textOf(fieldsOf(cause)?.["working_directory"]),
});

const exceptionFields = ({ cause }: Fields): readonly Fields[] => {
  const exceptions = fieldsOf(cause)?.["exceptions"];
  return Array.isArray(exceptions) ? exceptions.map(fieldsOf).filter((one) => one !== undefined) : [];
};

const messageOf = (fields: Fields): string => textOf(exceptionFields(fields)[0]?.["message"]) ?? "";

/** X-Ray does not say when; an exception mostly ends what it hits. */
const exceptionsOf = ({ fields, start, end }: Segment): SpanEvent[] =>
  exceptionFields(fields).map((exception) => ({
    timeUnixNano: end ?? start,
    name: EXCEPTION_EVENT,
    attributes: madeAttributes({
      [EXCEPTION_TYPE]: textOf(exception["type"]),
      [EXCEPTION_MESSAGE]: textOf(exception["message"]),
      [EXCEPTION_STACKTRACE]: stackOf(exception),
      [words.xrayException("id")]: textOf(exception["id"]),
      [words.xrayException("remote")]: isTrue(exception["remote"]) || undefined,
      [words.xrayException("truncated")]: numberOf(exception["truncated"]),
      [words.xrayException("skipped")]: numberOf(exception["skipped"]),
      [words.xrayException("cause")]: textOf(exception["cause"]),
    }),
    droppedAttributesCount: 0,
  }));

/** As Node.js writes a stack. */
const stackOf = ({ type, message, stack }: Fields): string | undefined => {
  if (!Array.isArray(stack) || stack.length === 0) return undefined;
  const frames = stack.flatMap((one) => {
    const frame = fieldsOf(one);
    if (frame === undefined) return [];
    const [path, line, label] = [textOf(frame["path"]), numberOf(frame["line"]), textOf(frame["label"])];
    const place = line === undefined ? (path ?? "unknown") : `${path ?? "unknown"}:${line}`;
    return [label === undefined ? `    at ${place}` : `    at ${label} (${place})`];
  });
  const head = [textOf(type), textOf(message)].filter((part) => part !== undefined).join(": ");
  return [head || "Error", ...frames].join("\n");
};

const linksOf = (links: unknown): SpanLink[] =>
  Array.isArray(links)
    ? links.flatMap((one) => {
        const link = fieldsOf(one) ?? {};
        const traceId = traceIdOfRoot(textOf(link["trace_id"]) ?? "");
        const spanId = (textOf(link["id"]) ?? "").toLowerCase();
        if (traceId === undefined || !isSpanId(spanId)) return [];
        const attributes = Object.entries(fieldsOf(link["attributes"]) ?? {});
        return [
          {
            traceId,
            spanId,
            traceState: "",
            attributes: madeAttributes(Object.fromEntries(attributes.map(([key, value]) => [key, plainOf(value)]))),
            droppedAttributesCount: 0,
            flags: 0,
          },
        ];
      })
    : [];

/**
 * Ids that the other side of a hop sees as well. An inferred segment repeats what the caller's subsegment says, and is
 * not asked.
 */
const producedBy = ({ fields, isSubsegment }: Segment): Attributes => {
  const aws = fieldsOf(fields["aws"]) ?? {};
  const keys = isSubsegment ? keysOfCall(aws) : keysOfGateway(fieldsOf(aws["api_gateway"]));
  return keys.length === 0 ? {} : { [MAYFLY_KEYS_PRODUCED]: keys.map(formatStitchKey) };
};

const S3_WRITES = new Set(["PutObject", "CopyObject", "CompleteMultipartUpload"]);

const keysOfCall = (aws: Fields): StitchKey[] => {
  const [operation = "", requestId, messageId] = [aws["operation"], aws["request_id"], aws["message_id"]].map(textOf);
  if (operation.startsWith("Invoke") && requestId !== undefined) return [{ kind: "lambda-request", id: requestId }];
  if (operation === "SendMessage" && messageId !== undefined)
    return [{ kind: "sqs-message", ...scopeOf(aws["queue_url"]), id: messageId }];
  if (operation === "Publish" && messageId !== undefined)
    return [{ kind: "sns-message", ...scopeOf(aws["topic_arn"]), id: messageId }];
  if (S3_WRITES.has(operation) && requestId !== undefined)
    return [{ kind: "s3-request", ...scopeOf(aws["bucket_name"]), id: requestId }];
  return [];
};

const keysOfGateway = (gateway: Fields | undefined): StitchKey[] => {
  const id = textOf(gateway?.["request_id"]);
  return id === undefined ? [] : [{ kind: "http-request", ...scopeOf(gateway?.["rest_api_id"]), id }];
};

const scopeOf = (value: unknown): { scope?: string } => {
  const scope = textOf(value);
  return scope === undefined ? {} : { scope };
};
