/** Sends on what it is told to, with the real AWS SDK clients and nothing configured: the lab's variables have to do. */
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { PublishBatchCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const sends = {
  SendMessage: (input) => new SQSClient().send(new SendMessageCommand(input)),
  SendMessageBatch: (input) => new SQSClient().send(new SendMessageBatchCommand(input)),
  Publish: (input) => new SNSClient().send(new PublishCommand(input)),
  PublishBatch: (input) => new SNSClient().send(new PublishBatchCommand(input)),
  PutEvents: (input) => new EventBridgeClient().send(new PutEventsCommand(input)),
  StartExecution: (input) => new SFNClient().send(new StartExecutionCommand(input)),
  Invoke: (input) => new LambdaClient().send(new InvokeCommand(input)),
};

const send = async ([operation, input]) => {
  const output = await sends[operation](input);
  return { ...output, requestId: output.$metadata.requestId };
};

/** The operations to call, in order: from the event, or else from STEPS. */
export const handler = async (event, context) => {
  const steps = event.steps ?? JSON.parse(process.env.STEPS);
  const outputs = [];
  for (const step of steps) outputs.push(await send(step));
  return { outputs, requestId: context.awsRequestId, traceId: context.xRayTraceId };
};
