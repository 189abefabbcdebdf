/** A function as users write it, for bundlers.test.ts: a batch, a client, a log line. */
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { annotate, eachRecord, instrumentAwsClient, logger, observe } from "@mayfly/sdk";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

interface Order {
  readonly orderId: string;
  readonly isBroken: boolean;
}

interface Settings {
  readonly currency: string;
}

export const createHandler = ({ currency }: Settings) => {
  const sqs = instrumentAwsClient(new SQSClient({}));
  const ship = async ({ body }: SQSRecord): Promise<void> => {
    const { orderId, isBroken } = JSON.parse(body) as Order;
    annotate({ orderId });
    logger.info({ currency }, "order received");
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env["QUEUE_URL"], MessageBody: orderId }));
    if (isBroken) throw new RangeError("out of stock");
  };
  return observe(async (event: SQSEvent, _context: Context): Promise<SQSBatchResponse> => ({
    batchItemFailures: [...(await eachRecord(event, ship)).batchItemFailures],
  }));
};
