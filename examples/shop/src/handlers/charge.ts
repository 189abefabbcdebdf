/** Fulfilment, second state: captures what was authorized. The machine retries a declined card once. */
import { annotate, logger, observe, span } from "@mayfly/sdk";
import { capture } from "../card-network.ts";
import type { Order } from "../order.ts";
import type { Task } from "../task.ts";

export const handler = observe(async ({ order, State }: Task): Promise<Order> => {
  annotate({ orderId: order.orderId, attempt: State.RetryCount + 1 });
  const reference = await span("capture payment", () => capture(order.card, order.amountCents, State.RetryCount));
  logger.info({ reference }, "payment captured");
  return order;
});
