/**
 * Invoke: the request id of the answer is the callee's own. A client context reaches the callee of a synchronous call only, so only
 * there it is worth carrying.
 */
import { MAX_CLIENT_CONTEXT_LENGTH } from "../../limits.ts";
import { ATTR } from "../../semconv.ts";
import { type JsonObject, anyCase, isObject, objectAt, textAt } from "../../trigger/trigger.ts";
import type { Carrier, Injected, Service } from "./operation.ts";

const INVOKES: ReadonlySet<string> = new Set(["Invoke", "InvokeWithResponseStream", "InvokeAsync"]);

export const lambda: Service = (command, input) => {
  if (!INVOKES.has(command)) return undefined;
  const name = functionName(textAt(input, "FunctionName") ?? "");
  const isSync = command !== "InvokeAsync" && (input["InvocationType"] ?? "RequestResponse") === "RequestResponse";
  return {
    spanName: `${name} Invoke`,
    isMessage: !isSync,
    attributes: { [ATTR.faasInvokedName]: name, [ATTR.faasInvokedProvider]: "aws" },
    ...(isSync && { inject: withClientContext }),
    // The callee threw; its error is in the payload, which is the application's.
    failed: (output) => {
      const code = textAt(output, "FunctionError");
      return code === undefined ? undefined : { code, message: `${name} ended in an error` };
    },
    produced: (_output, requestId) => (requestId === undefined ? [] : [{ kind: "lambda-request", id: requestId }]),
  };
};

/** A name, `account:function:name`, or an ARN, each perhaps with a version behind. */
export const functionName = (text: string): string => {
  const parts = text.split(":");
  const at = parts.indexOf("function");
  return (at < 0 ? parts[0] : parts[at + 1]) ?? text;
};

const withClientContext = (input: JsonObject, carrier: Carrier): Injected => {
  const given = decoded(textAt(input, "ClientContext"));
  if (given === undefined) return { input, skipped: 1 };
  if (anyCase(anyCase(given, "custom"), "traceparent") !== undefined) return { input, skipped: 0 };
  const custom = { ...carrier, ...objectAt(given, "custom") };
  const text = Buffer.from(JSON.stringify({ ...given, custom })).toString("base64");
  if (text.length > MAX_CLIENT_CONTEXT_LENGTH) return { input, skipped: 1 };
  return { input: { ...input, ClientContext: text }, skipped: 0 };
};

/** undefined for something the application put there that is not a JSON object. */
const decoded = (text: string | undefined): JsonObject | undefined => {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64").toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
