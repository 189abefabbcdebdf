/** `mayfly send`: puts a message into a queue of the `mayfly dev` that runs. */
import { Command } from "commander";
import type { Environment } from "../config.ts";
import { NotFoundError } from "../errors.ts";
import { askDev, payloadOf, runningDev } from "./running-dev.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface SendDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
}

interface SendFlags extends ReadFlags {
  readonly body: string;
}

export const sendCommand = ({ env, print }: SendDeps): Command => {
  const command = new Command("send");
  addSettings(command, ["dataDir", "configFile"], { dataDir: "Data folder of that `mayfly dev`." });
  return command
    .description("send a message to a queue of the `mayfly dev` that runs")
    .argument("<QUEUE>", "its name")
    .requiredOption("--body <text>", "The message: a text, a file, or - for the standard input.")
    .action(async (name: string, flags: SendFlags) => {
      const { dataDir: folder } = configOf(flags, env);
      const MessageBody = await payloadOf(flags.body);
      const dev = await runningDev(folder);
      const QueueUrl = dev.queues[name];
      if (QueueUrl === undefined) {
        const others = Object.keys(dev.queues).join(", ") || "none";
        throw new NotFoundError("not-found", `there is no queue ${name}; there are ${others}`);
      }
      const answer = await askDev(dev.sqsUrl, {
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": "AmazonSQS.SendMessage",
          // The region is read from it; nobody checks the signature.
          authorization: `AWS4-HMAC-SHA256 Credential=lab/20260101/${dev.region}/sqs/aws4_request, SignedHeaders=host, Signature=0`,
        },
        body: JSON.stringify({ QueueUrl, MessageBody }),
      });
      const { MessageId, message } = (await answer.json()) as { MessageId?: string; message?: string };
      if (MessageId === undefined) throw new NotFoundError("not-found", `the message was refused: ${message}`);
      print(`message id ${MessageId}`);
    });
};
