/**
 * `mayfly import step-functions`: executions of AWS Step Functions into a collector.
 *
 * The SDK is loaded here, when it is asked for: no other command pays for it.
 */
import { join } from "node:path";
import { Command } from "commander";
import { systemClock } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import type { StepFunctionsImported } from "../import/import-step-functions.ts";
import { addAwsFlags } from "./aws-flags.ts";
import type { CollectorFlags } from "./collector-api.ts";
import type { ImportCommandDeps } from "./import.ts";
import { createProgress } from "./progress.ts";
import { repeatable } from "./repeatable.ts";
import { configOf, type ReadFlags } from "./settings.ts";
import { timeOf } from "./time-flag.ts";
import { addDestinationFlags, postTo, toCollector } from "./to-collector.ts";

interface ImportStepFunctionsFlags extends CollectorFlags {
  readonly stateMachineArn: readonly string[];
  readonly executionArn: readonly string[];
  readonly from: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly checkpoint?: string;
  readonly data?: string;
}

const CHECKPOINT = "import-step-functions.json";

const HELP = `
Executions that have ended are fetched, each once; what was fetched is noted in a file, by default ${CHECKPOINT} in the
data folder. An execution that is named by --execution-arn is fetched whatever is noted, and as far as it has come. Executions that
others started, by a task or a distributed Map, come with them. Express executions keep no history.
Exit code 1: something could not be read, or was not taken; what it is stands on standard error.
Needs states:ListExecutions, states:DescribeExecution and states:GetExecutionHistory. See docs/guides/import-step-functions.md.`;

/** Of which only the ends of its kinds are looked at: partitions, versions and map runs differ. */
const arn =
  (flag: string, kinds: readonly string[]) =>
  (text: string): void => {
    const [start, , service, , , kind = "", name] = text.split(":");
    if (start === "arn" && service === "states" && kinds.includes(kind) && name) return;
    const expected = `arn:aws:states:<region>:<account>:${kinds[0]}:…`;
    throw new ConfigError("config-invalid", `${flag} is "${text}", expected ${expected}`);
  };

export const importStepFunctionsCommand = (deps: ImportCommandDeps): Command => {
  const command = new Command("step-functions")
    .description("bring executions of AWS Step Functions into a collector")
    .addOption(
      repeatable(
        "--state-machine-arn <arn>",
        "Its executions that have ended; may be repeated.",
        arn("--state-machine-arn", ["stateMachine"]),
      ),
    )
    .addOption(
      repeatable(
        "--execution-arn <arn>",
        "This execution; may be repeated.",
        arn("--execution-arn", ["execution", "express"]),
      ),
    )
    .option(
      "--from <time>",
      "Executions that started at this time or later: RFC 3339, Unix nanoseconds, or 7d (ago).",
      "1d",
    )
    .option("--checkpoint <file>", `Where it is noted what was fetched (default: ${CHECKPOINT} in the data folder).`);
  addDestinationFlags(addAwsFlags(command));
  return command.addHelpText("after", HELP).action(async (flags: ReadFlags & ImportStepFunctionsFlags) => {
    const { stateMachineArn: stateMachineArns, executionArn: executionArns } = flags;
    if (stateMachineArns.length + executionArns.length === 0)
      throw new ConfigError("config-invalid", "name a --state-machine-arn or an --execution-arn");
    const config = configOf(flags, deps.env);
    const from = timeOf("--from", flags.from, systemClock());
    const [
      { SFNClient },
      { awsClientConfig },
      { createStepFunctionsSource },
      { importStepFunctions },
      { openCheckpoint },
    ] = await Promise.all([
      import("@aws-sdk/client-sfn"),
      import("../aws.ts"),
      import("../import/step-functions/fetch.ts"),
      import("../import/import-step-functions.ts"),
      import("../import/checkpoint.ts"),
    ]);
    const client = new SFNClient(awsClientConfig(flags));
    const checkpoint = await openCheckpoint(
      flags.checkpoint ?? join(config.dataDir, CHECKPOINT),
      JSON.stringify([flags.endpoint ?? "", flags.url ?? ""]), // an ARN names its region
    );
    const progress = createProgress(deps.stderr);
    await toCollector(flags, config, deps, async (api) => {
      const all = await importStepFunctions(
        { executionArns, stateMachineArns, from },
        {
          source: createStepFunctionsSource(client),
          checkpoint,
          post: postTo(api),
          onProblem: (problem) => progress.line(problem),
          onProgress: (so) => progress.show(counted(so)),
        },
      ).finally(() => progress.end());
      deps.print(`imported ${counted(all)}`);
      if (all.withoutHistory + all.rejected > 0) deps.fail();
    }).finally(() => client.destroy());
  });
};

const counted = ({ executions, spans, unchanged, running, withoutHistory, rejected }: StepFunctionsImported): string =>
  `${executions} executions with ${spans} spans, ${unchanged} unchanged, ${running} still running; ` +
  `${withoutHistory} without history, ${rejected} rejected spans`;
