/** The logger of the SDK's own lines: made at the first of them, because a function may never have one. */
import { type Logger, createLogger } from "./logger.ts";

let logger: Logger | undefined;

export const ownLogger = (): Logger => (logger ??= createLogger());
