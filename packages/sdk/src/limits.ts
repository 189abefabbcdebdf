/** Every bound of the SDK, by name. What falls over one is counted and shown on the next invocation span. */

/** Kept while the collector cannot be reached; about 1.5 MB. */
export const MAX_BUFFERED_SPANS = 1_000;
export const MAX_BUFFERED_LOG_LINES = 2_000;

/** A batch may have 10,000 records; OpenTelemetry's default of 128 links would cut it. */
export const MAX_LINKS = 10_000;

/** The longest ids are ARNs of executions and S3 keys, of up to 1,024 bytes. */
export const MAX_KEY_ID_LENGTH = 2_048;

/** How deep wrapped messages are opened: EventBridge in SNS in SQS. */
export const MAX_UNWRAP_DEPTH = 3;
/** A larger body is not parsed to look for a wrapper. SQS and SNS allow 256 KiB, 1 MiB since 2025. */
export const MAX_UNWRAP_LENGTH = 1_048_576;

/** SQS's own limit on message attributes, and SNS's less room for raw delivery to SQS. */
export const MAX_SQS_ATTRIBUTES = 10;
export const MAX_SNS_ATTRIBUTES = 8;
/** Of a message, or a whole batch: 256 KiB for SNS and older queues, 1 MiB for SQS since 2025. */
export const MAX_MESSAGE_BYTES = [262_144, 1_048_576];

/** Of base64 in the header X-Amz-Client-Context. */
export const MAX_CLIENT_CONTEXT_LENGTH = 3_583;

/** Time left alone before the function's timeout. */
export const RESERVED_BEFORE_TIMEOUT_MS = 50;
