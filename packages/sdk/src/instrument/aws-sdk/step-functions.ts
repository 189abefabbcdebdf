/** The input of an execution is the application's: the hop is joined by execution ARN. */
import { ATTR } from "../../semconv.ts";
import { lastOfArn, textAt } from "../../trigger/trigger.ts";
import type { Service } from "./operation.ts";

export const stepFunctions: Service = (command, input) => {
  if (command !== "StartExecution" && command !== "StartSyncExecution") return undefined;
  const arn = textAt(input, "stateMachineArn");
  return {
    spanName: `${command} ${lastOfArn(arn) ?? ""}`.trim(),
    isMessage: command === "StartExecution",
    attributes: arn === undefined ? {} : { [ATTR.stateMachineArn]: arn },
    produced: (output) => {
      const id = textAt(output, "executionArn");
      return id === undefined ? [] : [{ kind: "sfn-execution", id }];
    },
  };
};
