/**
 * Runs before the runtime, by NODE_OPTIONS: registers the process as an extension, so that spans may go out after the response. Lambda
 * takes no registration once the runtime has asked for its first event, and Node.js awaits a preload.
 *
 * Only the runtime's own process is one. NODE_OPTIONS would go on to every process and worker that the function starts, each of which
 * would register too and keep the environment awake: it is put back to what it was before anybody can inherit it.
 *
 * Quirk  With several invocations at once (AWS_LAMBDA_MAX_CONCURRENCY) handlers run in workers, and Lambda tells extensions of none.
 */
import { say } from "./say.ts";

const OURS = / ?--import=file:\/\/\S*\/@mayfly\/layer\/preload\.mjs$/;

/** True where there was something to take back: in the runtime's process. */
const takeBack = (): boolean => {
  const options = process.env["NODE_OPTIONS"] ?? "";
  const before = options.replace(OURS, "");
  if (before === options) return false;
  if (before === "") delete process.env["NODE_OPTIONS"];
  else process.env["NODE_OPTIONS"] = before;
  return true;
};

if (takeBack() && process.env["AWS_LAMBDA_MAX_CONCURRENCY"] === undefined) {
  try {
    // Beside each other: the SDK is read while the connection is made.
    await Promise.all([import("@mayfly/sdk/after-response"), import("@mayfly/sdk")]);
  } catch (error) {
    say("spans are sent before the response", error);
  }
}
