/** Attribute keys that the pages read by name: OpenTelemetry semantic conventions 1.44 and Mayfly's own. */
export const FAAS_COLDSTART = "faas.coldstart";
export const MESSAGING_BATCH_MESSAGE_COUNT = "messaging.batch.message_count";

/** Length of the init phase before a cold invocation, in milliseconds, where the platform told it. */
export const MAYFLY_INIT_DURATION_MS = "mayfly.init_duration_ms";
/** Sent as it stood near the function's timeout; where the span ended after all, it came again without. */
export const MAYFLY_UNFINISHED = "mayfly.unfinished";
/** Imported while it ran. */
export const MAYFLY_IN_PROGRESS = "mayfly.in_progress";
/** How often SQS had handed out the message by then: 2 is the second try. */
export const MAYFLY_SQS_RECEIVE_COUNT = "mayfly.sqs.receive_count";
export const MAYFLY_LINK = "mayfly.link";
export const MAYFLY_LINK_INVOCATION = "invocation";

export const EXCEPTION_EVENT = "exception";
export const EXCEPTION_TYPE = "exception.type";
export const EXCEPTION_MESSAGE = "exception.message";
export const EXCEPTION_STACKTRACE = "exception.stacktrace";
