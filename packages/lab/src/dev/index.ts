/** What `mayfly dev` is made of, for the command in the collector; and the types of a dev file that is a module. */
export { DefinitionError } from "../lab.ts";
export type { Runtime } from "../runtime.ts";
export type { DevDefinition, DevFunction, DevRule, DevSqsSource } from "./definition.ts";
export { DevFileError, readDevFiles } from "./file.ts";
export type { DevFiles } from "./file.ts";
export type { Paint } from "./screen.ts";
export { startDev } from "./session.ts";
export type { DevAddresses, DevOptions, DevSession } from "./session.ts";
