/** A function that knows nothing of Mayfly, as bundlers make it: its exports are getters. */
const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");

const sqs = new SQSClient();

const handler = async ({ how }) => {
  if (how === "throw") throw new RangeError("too far");
  if (process.env.NEXT_QUEUE)
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.NEXT_QUEUE, MessageBody: "hello" }));
  return { how };
};

module.exports = Object.defineProperty({}, "handler", { get: () => handler, enumerable: true });
