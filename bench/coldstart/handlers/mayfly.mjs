import { logger, observe } from "@mayfly/sdk";

export const handler = observe(async (event) => {
  logger.info("handled");
  return { statusCode: 200, body: String(event.n) };
});
