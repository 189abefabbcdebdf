/** On each shipment: writes to the customer. */
import { annotate, eachRecord, logger, observe, span } from "@mayfly/sdk";
import type { SNSEvent } from "aws-lambda";
import { setTimeout as wait } from "node:timers/promises";

export const handler = observe(async (event: SNSEvent): Promise<void> => {
  await eachRecord(event, async (record) => {
    const { orderId, customer } = JSON.parse(record.Sns.Message) as { orderId: string; customer: string };
    annotate({ orderId });
    await span("send mail", () => wait(20), { "mail.template": "shipped" });
    logger.info({ customer }, "customer notified");
  });
});
