export type * from "./definition.ts";
export type { LogLine } from "./environment.ts";
export type { FinishedInvocation } from "./function.ts";
export { DefinitionError, startLab } from "./lab.ts";
export type { Lab, LabOptions } from "./lab.ts";
export type { Moment } from "./moments.ts";
export { isInstalled } from "./runtime.ts";
export type { NodeRuntime, Runtime } from "./runtime.ts";
export type { Cause, Delivery, TruthLog } from "./truth-log.ts";
