import { work } from "#work";
import { logger, observe } from "@mayfly/sdk";

export const handler = observe(async (event) => {
  logger.info("handled");
  await work();
  return { statusCode: 200, body: String(event.n) };
});
