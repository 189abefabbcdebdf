/** Where AWS is, as flags of the commands that call it. Credentials are the SDK's to find. */
import { type Command, Option } from "commander";
import { httpUrl } from "./collector-api.ts";

export const addAwsFlags = (command: Command): Command =>
  command
    .option("--region <region>", "Region of AWS (default: as the AWS SDK finds it, AWS_REGION or the profile's).")
    .addOption(
      new Option("--endpoint <url>", "Another address of the service: a VPC endpoint, an emulator.").argParser((text) =>
        httpUrl("--endpoint", text),
      ),
    );
