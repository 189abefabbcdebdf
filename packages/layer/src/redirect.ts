/**
 * What the runtime loads in place of the function's handler: finds that as the runtime would have, and gives it back observed.
 *
 *   exec-wrapper ─▶ runtime ─ _HANDLER ─▶ redirect.mjs ─ MAYFLY_HANDLER ─▶ the function's module
 *
 * Nobody in the function is to notice: its environment is as it would be without the layer before the first line of it runs, and what
 * its loading throws is left as thrown, for the runtime to name and report.
 */
import { loadHandler } from "./load-handler.ts";
import { say } from "./say.ts";

/** Where the preload has left it. */
const EXTENSION = Symbol.for("mayfly.extension.v1");

const given = process.env["MAYFLY_HANDLER"];
if (given === undefined) throw new Error("MAYFLY_HANDLER is not set: it has to name the function's own handler");
process.env["_HANDLER"] = given;
delete process.env["MAYFLY_HANDLER"];

type Observe = <H>(handler: H) => H;

/** Before the function: a tracer that its modules take while they load has to find the SDK's provider. */
const observer = async (): Promise<Observe> => {
  try {
    const { observe } = await import("@mayfly/sdk");
    return observe as Observe;
  } catch (error) {
    say("the SDK cannot be loaded", error);
    return (handler) => handler;
  }
};

const observe = await observer();
const found = await loadHandler(process.env["LAMBDA_TASK_ROOT"] ?? process.cwd(), given);
// Lambda takes no registration once the runtime asks for its first event, which it does next. The answer came while the function was loaded.
await (globalThis as { [EXTENSION]?: { readonly registered: Promise<void> } })[EXTENSION]?.registered;

const observed = (): unknown => {
  try {
    return observe(found);
  } catch (error) {
    say("the handler cannot be observed", error);
    return found;
  }
};

export const handler = observed();
