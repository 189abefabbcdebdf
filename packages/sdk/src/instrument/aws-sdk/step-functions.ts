/**
 * The input of an execution is the application's: the hop is joined by execution ARN, and carries a context only where that was asked for.
 * A task token that is sent back was given by the state that waits for it: it is what this consumed, by its hash.
 */
import { MAX_EXECUTION_INPUT_BYTES } from "../../limits.ts";
import { ATTR } from "../../semconv.ts";
import { formatStitchKeys, taskTokenKey } from "../../stitch/keys.ts";
import { type JsonObject, lastOfArn, textAt } from "../../trigger/trigger.ts";
import type { Carrier, Injected, Operation, Service } from "./operation.ts";
import { FULL, mayInject, withContext } from "./payload.ts";

const CALLBACKS: ReadonlySet<string> = new Set(["SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"]);

export const stepFunctions: Service = (command, input) => {
  if (CALLBACKS.has(command)) return callback(command, textAt(input, "taskToken"));
  if (command !== "StartExecution" && command !== "StartSyncExecution") return undefined;
  const arn = textAt(input, "stateMachineArn");
  return {
    spanName: `${command} ${lastOfArn(arn) ?? ""}`.trim(),
    isMessage: command === "StartExecution",
    attributes: arn === undefined ? {} : { [ATTR.stateMachineArn]: arn },
    ...(mayInject("stepfunctions") && { inject: withContextInInput }),
    produced: (output) => {
      const id = textAt(output, "executionArn");
      return id === undefined ? [] : [{ kind: "sfn-execution", id }];
    },
  };
};

const callback = (command: string, token: string | undefined): Operation => ({
  spanName: `SFN.${command}`,
  isMessage: false,
  attributes: token ? { [ATTR.keysConsumed]: formatStitchKeys([taskTokenKey(token)]) } : {},
});

const withContextInInput = (input: JsonObject, carrier: Carrier): Injected => {
  // An execution that is given none has an empty object.
  const whole = withContext(textAt(input, "input") ?? "{}", carrier, MAX_EXECUTION_INPUT_BYTES);
  if (whole === undefined) return { input, skipped: 0 };
  return whole === FULL ? { input, skipped: 1 } : { input: { ...input, input: whole }, skipped: 0 };
};
