/** A small function with a bit of everything that is sent. */
import { annotate, logger, observe, span } from "../../src/index.ts";

export const handler = observe(async ({ orderId, fails = false }) => {
  annotate({ orderId });
  logger.info({ items: 3, discount: 0.5 }, "order received");
  await span("charge card", async () => {
    if (fails) throw new RangeError("card refused");
  });
  return { accepted: orderId };
});
