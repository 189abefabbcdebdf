/** Fulfilment, last state: hands the parcel over and tells whoever wants to know. */
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { annotate, logger, observe } from "@mayfly/sdk";
import type { Task } from "../task.ts";

const sns = new SNSClient({});

export const handler = observe(async ({ order }: Task): Promise<{ trackingId: string }> => {
  const trackingId = `PX${order.orderId.slice(2).toUpperCase()}`;
  annotate({ orderId: order.orderId, trackingId });
  await sns.send(
    new PublishCommand({
      TopicArn: process.env["SHIPMENTS_TOPIC_ARN"],
      Subject: "Your order is on its way",
      Message: JSON.stringify({ orderId: order.orderId, customer: order.customer.id, trackingId }),
    }),
  );
  logger.info("parcel handed over");
  return { trackingId };
});
