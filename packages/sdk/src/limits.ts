/** Every bound of the SDK, by name. What falls over one is counted and shown on the next invocation span. */

/** Of encoded spans, and as much again of encoded log lines, that wait to be sent: this, or that share of a small function's memory. */
export const MAX_BUFFER_BYTES = 2_000_000;
export const BUFFER_SHARE_OF_MEMORY = 0.01;
/** Of log lines, or of spans by a rough length each, that wait to be encoded. */
export const MAX_UNENCODED_LENGTH = 65_536;
export const ROUGH_SPAN_LENGTH = 1_024;
/** A buffer this full is sent beside the running handler. */
export const SEND_BESIDE_AT = 0.5;
/** Nobody waits for such a send, so it may take as long as OpenTelemetry's exporters may. */
export const SEND_BESIDE_MS = 10_000;
/** Of a flush's budget; a refusal that takes longer is felt by the function like no answer. 50 ms of the usual budget. */
export const SLOW_REFUSAL_SHARE = 1 / 6;
/** A time budget beside a handler is spent in so many steps, of which a freeze takes one. */
export const BUDGET_STEPS = 60;

/** Of a text in a span, and of a whole log line; what is longer is cut. */
export const MAX_TEXT_LENGTH = 32_768;
export const MAX_LOG_LINE_LENGTH = 65_536;

/** Of a collector's answer that are read, and of its message that is printed. */
export const MAX_ANSWER_BYTES = 65_536;
/** Of its status and headers, or of its trailers; more is no answer. */
export const MAX_ANSWER_HEAD_LENGTH = 65_536;
export const MAX_ANSWER_MESSAGE_LENGTH = 200;

/** Of one request that the collector asked to be sent again, within one flush. */
export const MAX_RETRIES = 3;
/** A collector that wants to be left alone for longer is asked after this. */
export const MAX_RETRY_AFTER_MS = 600_000;

/** Of the debug lines that one invocation holds until it is known whether it fails. */
export const MAX_HELD_LENGTH = 262_144;

/** Of an error's cause, and its cause; a longer chain is a loop or says nothing new. */
export const MAX_CAUSES = 5;

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

/** Of what payloads may hold once a context is in them: a call's events, an execution's input, a record with its partition key. */
export const MAX_EVENTS_BYTES = 262_144;
export const MAX_EXECUTION_INPUT_BYTES = 262_144;
export const MAX_KINESIS_RECORD_BYTES = 1_048_576;
/** Of an object's own metadata, names and values. */
export const MAX_S3_METADATA_BYTES = 2_048;

/** Of base64 in the header X-Amz-Client-Context. */
export const MAX_CLIENT_CONTEXT_LENGTH = 3_583;

/** Time left alone before the function's timeout. */
export const RESERVED_BEFORE_TIMEOUT_MS = 50;

/** Of AWS calls at init that are told as a part of it. */
export const MAX_INIT_CALLS = 100;

/** From the loaded function to its first invocation; what waited longer was made ready before anybody asked. */
export const MAX_COLD_START_MS = 10_000;

/** Of child spans that one invocation, or one record, holds until it is known whether a rule keeps them. */
export const MAX_HELD_SPANS = 512;
/** Of keys that an invocation's span takes over from spans that are sampled out; a span whose keys have no room is sent. */
export const MAX_TAKEN_KEYS = 1_000;

/** OpenTelemetry's own, of the entry `ot` in tracestate. */
export const MAX_TRACESTATE_ENTRY_LENGTH = 256;

/** Of a captured event or result. */
export const MAX_PAYLOAD_DEPTH = 20;
