/** For test/after-response.test.ts. The SDK is the built one, as a function has it. */
const { logger, observe } = await import("../../dist/index.js");

export const handler = observe(async ({ how }) => {
  logger.info("at work");
  if (how === "error") throw new RangeError("too far");
  if (how === "timeout") await new Promise((resolve) => setTimeout(resolve, 60_000));
  return { how };
});

/** Answers a warm-up call by itself. */
export const sometimes = async (event, context) => (event.how === "warm-up" ? { warm: true } : handler(event, context));

/** Registers when it is invoked, which is too late. */
export const late = async (event, context) => {
  await import("../../dist/after-response.js");
  return handler(event, context);
};
