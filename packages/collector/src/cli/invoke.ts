/** `mayfly invoke`: calls a function of the `mayfly dev` that runs, as an AWS SDK would, and prints what it answers. */
import { Command } from "commander";
import type { Environment } from "../config.ts";
import { ConfigError, NotFoundError } from "../errors.ts";
import { askDev, isJson, payloadOf, runningDev } from "./running-dev.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface InvokeDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly fail: () => void;
}

interface InvokeFlags extends ReadFlags {
  readonly event: string;
  readonly async?: boolean;
}

export const invokeCommand = ({ env, print, warn, fail }: InvokeDeps): Command => {
  const command = new Command("invoke");
  addSettings(command, ["dataDir", "configFile"], { dataDir: "Data folder of that `mayfly dev`." });
  return command
    .description("invoke a function of the `mayfly dev` that runs")
    .argument("<FUNCTION>", "its name")
    .option("--event <json>", "The event: JSON, a file, or - for the standard input.", "{}")
    .option("--async", "Do not wait for the result; a failure is tried again, as Lambda does.")
    .action(async (name: string, flags: InvokeFlags) => {
      const { dataDir: folder } = configOf(flags, env);
      const event = await payloadOf(flags.event);
      if (!isJson(event))
        throw new ConfigError("config-invalid", `--event is "${flags.event}", expected JSON, a file of it, or -`);
      const dev = await runningDev(folder);
      if (!dev.functions.includes(name))
        throw new NotFoundError("not-found", `there is no function ${name}; there are ${dev.functions.join(", ")}`);
      const answer = await askDev(`${dev.lambdaUrl}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, {
        method: "POST",
        headers: { "x-amz-invocation-type": flags.async ? "Event" : "RequestResponse" },
        body: event,
      });
      const payload = await answer.text();
      if (payload !== "") print(payload);
      warn(`request id ${answer.headers.get("x-amzn-requestid")}`);
      if (answer.headers.has("x-amz-function-error")) fail();
    });
};
