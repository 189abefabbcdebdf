export type * from "./definition.ts";
export type { Cause, Delivery, TruthLog } from "./truth-log.ts";
