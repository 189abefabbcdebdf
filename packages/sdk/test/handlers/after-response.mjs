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

/** For runtimes before Node.js 24: answers in no way, so that the runtime answers when the event loop has run empty. */
export const silent = observe((_event, _context, _callback) => {
  logger.info("at work");
});

/** For those, too: answers by its callback, and leaves nothing behind. */
export const callback = observe((_event, _context, answer) => {
  answer(null, { how: "callback" });
});

/** Lambda refuses it. */
export const unpromised = globalThis.awslambda?.streamifyResponse(
  observe((_event, stream) => {
    stream.end("too early");
  }),
);

/** Observed, and observed again by what stands around it. */
export const wrapped = observe(async (event, context) => handler(event, context));
