/** Worker on the orders queue: authorizes each order's card and announces what was paid. */
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { annotate, eachRecord, logger, observe, span } from "@mayfly/sdk";
import type { SQSEvent } from "aws-lambda";
import { CardDeclined, authorize } from "../card-network.ts";
import type { Order } from "../order.ts";

const events = new EventBridgeClient({});

export const handler = observe(async (event: SQSEvent) =>
  eachRecord(event, async (record) => {
    const order = JSON.parse(record.body) as Order;
    annotate({ orderId: order.orderId, customerTier: order.customer.tier });
    try {
      const reference = await span("authorize card", () => authorize(order.card, order.amountCents), {
        "payment.amount_cents": order.amountCents,
      });
      logger.info({ reference }, "card authorized");
    } catch (error) {
      if (!(error instanceof CardDeclined)) throw error;
      // The customer's trouble, not ours: the order ends here, and trying again would not help.
      logger.warn({ err: error }, "order cancelled");
      return;
    }
    await announce(order);
  }),
);

const announce = async (order: Order): Promise<void> => {
  const { Entries: [entry] = [] } = await events.send(
    new PutEventsCommand({
      Entries: [{ Source: "shop.payment", DetailType: "order.paid", Detail: JSON.stringify(order) }],
    }),
  );
  // The call succeeds although the bus refuses its entry.
  if (entry?.ErrorCode) throw new Error(`order.paid was refused: ${entry.ErrorCode}: ${entry.ErrorMessage}`);
};
