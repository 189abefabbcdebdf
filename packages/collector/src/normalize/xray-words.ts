/**
 * Attributes for what an X-Ray segment says and semantic conventions have no word for. The names under `aws.xray.` are
 * those of the OpenTelemetry Collector's X-Ray receiver where it has one.
 */
export const XRAY_ORIGIN = "aws.xray.origin";
/** X-Ray made the segment itself, from the caller's subsegment: the other end sent nothing. */
export const XRAY_INFERRED = "aws.xray.inferred";
export const XRAY_IN_PROGRESS = "aws.xray.inprogress";
export const XRAY_TRACED = "aws.xray.traced";
export const XRAY_FORWARDED_FOR = "aws.xray.x_forwarded_for";
export const XRAY_RESOURCE_ARN = "aws.xray.resource_arn";
export const XRAY_RETRIES = "aws.xray.retries";
/** Which of its own flags X-Ray set: a client's fault, a throttled call, a server's fault. */
export const XRAY_ERROR = "aws.xray.error";
export const XRAY_THROTTLE = "aws.xray.throttle";
export const XRAY_FAULT = "aws.xray.fault";
/** The id of an exception that another segment describes. */
export const XRAY_CAUSE = "aws.xray.cause";
export const XRAY_WORKING_DIRECTORY = "aws.xray.cause.working_directory";
/** Which attributes were annotations, which X-Ray indexes. */
export const XRAY_ANNOTATIONS = "aws.xray.annotations";
/** A namespace of metadata, as JSON. */
export const xrayMetadata = (namespace: string): string => `aws.xray.metadata.${namespace}`;
/** A field of the `aws` block without a word of its own; what is no scalar as JSON. */
export const xrayAws = (field: string): string => `aws.xray.aws.${field}`;
export const xraySql = (field: string): string => `aws.xray.sql.${field}`;
/** On the event of an exception. */
export const xrayException = (field: "id" | "remote" | "truncated" | "skipped" | "cause"): string =>
  `aws.xray.exception.${field}`;
export const AWS_SERVICE = "aws.service";
