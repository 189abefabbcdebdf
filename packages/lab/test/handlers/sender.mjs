/** Sends on what it is told to, with the real AWS SDK clients and nothing configured: the lab's variables have to do. */
const sqs = () => import("@aws-sdk/client-sqs");
const sns = () => import("@aws-sdk/client-sns");

const sends = {
  SendMessage: async (input) => use(await sqs(), "SQSClient", "SendMessageCommand", input),
  SendMessageBatch: async (input) => use(await sqs(), "SQSClient", "SendMessageBatchCommand", input),
  Publish: async (input) => use(await sns(), "SNSClient", "PublishCommand", input),
  PublishBatch: async (input) => use(await sns(), "SNSClient", "PublishBatchCommand", input),
  PutEvents: async (input) =>
    use(await import("@aws-sdk/client-eventbridge"), "EventBridgeClient", "PutEventsCommand", input),
  StartExecution: async (input) =>
    use(await import("@aws-sdk/client-sfn"), "SFNClient", "StartExecutionCommand", input),
  Invoke: async (input) => use(await import("@aws-sdk/client-lambda"), "LambdaClient", "InvokeCommand", input),
};

const use = (sdk, client, command, input) => new sdk[client]().send(new sdk[command](input));

/** The calls to make, in order: from the event, or else from STEPS, where $QUEUE_URL stands for the variable. */
export const handler = async (event, context) => {
  const configured = process.env.STEPS?.replaceAll("$QUEUE_URL", process.env.QUEUE_URL);
  const outputs = [];
  for (const [operation, input] of event.steps ?? JSON.parse(configured)) outputs.push(await sends[operation](input));
  return { outputs, requestId: context.awsRequestId, traceId: context.xRayTraceId };
};
