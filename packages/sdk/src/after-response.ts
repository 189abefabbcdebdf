/**
 * `@mayfly/sdk/after-response`: what is sent goes out after the response, not before it.
 *
 *   NODE_OPTIONS=--import=@mayfly/sdk/after-response        any function, ESM or CommonJS
 *   import "@mayfly/sdk/after-response";                    an ES module's handler, which awaits it
 *
 * It has to be awaited before the runtime asks for its first invocation: Lambda takes no registration after that. A CommonJS handler
 * cannot await, so there it must be preloaded. Refused, it costs nothing more: the SDK sends before the response, and says so once.
 */
import { EXTENSION_KEY, type SharedExtension, registerExtension } from "./send/extension.ts";

const api = process.env["AWS_LAMBDA_RUNTIME_API"];
const shared = globalThis as SharedExtension;

if (api && shared[EXTENSION_KEY] === undefined) {
  const extension = registerExtension(api, "mayfly-after-response");
  shared[EXTENSION_KEY] = extension;
  // Made at its first use, in a millisecond, which here is spent waiting for the answer.
  void process.stdout;
  await extension.registered;
}
