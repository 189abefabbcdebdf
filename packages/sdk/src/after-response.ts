/**
 * `@mayfly/sdk/after-response`: what is sent goes out after the response, not before it.
 *
 *   NODE_OPTIONS=--import=@mayfly/sdk/after-response        any function, ESM or CommonJS
 *   import "@mayfly/sdk/after-response";                    an ES module's handler, which awaits it
 *
 * Lambda takes no registration once the runtime has asked for its first invocation, so whoever loads this waits for the answer. A
 * CommonJS handler cannot: there it must be preloaded. The layer awaits the answer itself, when it has loaded the function; here
 * only until the platform has the registration before it. Refused, it costs nothing more: the SDK sends before the response, and
 * says so once.
 */
import { EXTENSION_KEY, type SharedExtension, registerExtension } from "./send/extension.ts";

const api = process.env["AWS_LAMBDA_RUNTIME_API"];
const shared = globalThis as SharedExtension;

if (api && shared[EXTENSION_KEY] === undefined) {
  const extension = registerExtension(api, "mayfly-after-response");
  shared[EXTENSION_KEY] = extension;
  // Made at its first use, in a millisecond, which here is spent waiting.
  void process.stdout;
  const isInLayer = process.env["MAYFLY_HANDLER"] !== undefined;
  await (isInLayer ? extension.sent : extension.registered);
}
