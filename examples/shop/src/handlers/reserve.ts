/** Fulfilment, first state: takes the items out of stock. */
import { annotate, logger, observe, span } from "@mayfly/sdk";
import { setTimeout as wait } from "node:timers/promises";
import type { Order } from "../order.ts";
import type { Task } from "../task.ts";

export const handler = observe(async ({ order }: Task): Promise<Order> => {
  annotate({ orderId: order.orderId });
  for (const item of order.items) {
    const reserveItem = async (): Promise<void> => {
      // Carries a bug on purpose: an item without a price makes it fail, as a missing check would.
      const label = item.priceCents.toFixed(0);
      await wait(15);
      logger.debug({ sku: item.sku, label }, "reserved");
    };
    await span("reserve item", reserveItem, { "shop.sku": item.sku });
  }
  logger.info({ items: order.items.length }, "stock reserved");
  return order;
});
