import { type Logger, lazyLogger } from "./log/logger.ts";
import { sdk } from "./sdk.ts";

export { eachRecord } from "./each-record.ts";
export type { BatchResponse, EachRecordOptions } from "./each-record.ts";
export type { LogMethod, Logger } from "./log/logger.ts";
export { instrumentAwsClient } from "./instrument/aws-sdk/install.ts";
export { observe } from "./observe.ts";
export type { CarriedContext } from "./propagate/w3c.ts";
export type { StitchKey } from "./stitch/keys.ts";
export { annotate } from "./trace/annotate.ts";
export { span } from "./trace/span.ts";
export { detectTrigger } from "./trigger/detect.ts";
export type { HttpSource, Trigger, TriggerRecord, TriggerType } from "./trigger/trigger.ts";

// Now, and not at first use: a tracer that the handler's module takes from the API must find our provider.
sdk();

export const logger: Logger = lazyLogger();
