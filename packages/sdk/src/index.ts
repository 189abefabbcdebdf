import { createLogger, type Logger } from "./log/logger.ts";

export { eachRecord } from "./each-record.ts";
export type { BatchResponse } from "./each-record.ts";
export type { LogMethod, Logger } from "./log/logger.ts";
export { observe } from "./observe.ts";
export type { CarriedContext } from "./propagate/w3c.ts";
export type { StitchKey } from "./stitch/keys.ts";
export { annotate } from "./trace/annotate.ts";
export { span } from "./trace/span.ts";
export { detectTrigger } from "./trigger/detect.ts";
export type { HttpSource, Trigger, TriggerRecord, TriggerType } from "./trigger/trigger.ts";

export const logger: Logger = createLogger();
