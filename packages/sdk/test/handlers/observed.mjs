/** A function that is wrapped already, and registered all the same. */
import { annotate, logger, observe, span } from "../../dist/index.js";

export const handler = observe(async () => {
  annotate({ orderId: "o-1" });
  await span("work", async () => logger.info("at work"));
  return "done";
});

/** Not wrapped, but it logs. */
export const logging = async () => {
  annotate({ orderId: "o-1" });
  await span("work", async () => logger.info("at work"));
  return "done";
};
