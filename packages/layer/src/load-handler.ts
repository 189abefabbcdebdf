/**
 * The function's handler, loaded as its runtime loads it. Two runtime clients look it up differently, and a function that works without
 * the layer has to work with it: one file of handler-lookup/ for each.
 */
import { loadLikeClient3 } from "./handler-lookup/client-3.ts";
import { loadLikeClient4 } from "./handler-lookup/client-4.ts";
import { asFunction, parseHandlerName } from "./handler-name.ts";

export const loadHandler = async (taskRoot: string, name: string): Promise<unknown> => {
  const parsed = parseHandlerName(name);
  const load = isClient3() ? loadLikeClient3 : loadLikeClient4;
  return asFunction(await load(taskRoot, parsed), parsed);
};

/** That of nodejs22.x, but for several invocations at once, which only the newer one can. */
const isClient3 = (): boolean =>
  process.versions.node.startsWith("22.") && process.env["AWS_LAMBDA_MAX_CONCURRENCY"] === undefined;
