/** Handlers that do not come to an end of their own; observed where OBSERVED is set. */
const bare = {
  observe: (handler) => handler,
  eachRecord: (event, fn) => Promise.all(event.Records.map(fn)),
  span: (_name, fn) => fn(),
  annotate: () => {},
  logger: { debug: () => {} },
};
const { annotate, eachRecord, logger, observe, span } = process.env.OBSERVED
  ? await import("../../src/index.ts")
  : bare;

const forever = () => new Promise((resolve) => setTimeout(resolve, 60_000));

const ENDINGS = {
  "is awaited by nobody": () => {
    setImmediate(() => {
      throw new RangeError("nobody catches this");
    });
    return forever();
  },
  "is rejected and handled by nobody": () => {
    void Promise.reject(new RangeError("nobody handles this"));
    return forever();
  },
  exits: () => process.exit(3),
  "blocks the thread": () => {
    for (;;);
  },
  "sets its own listener": () => {
    process.once("uncaughtException", () => {});
    setImmediate(() => {
      throw new RangeError("their own listener catches this");
    });
    return new Promise((resolve) => setTimeout(resolve, 20, "goes on"));
  },
  result: () => "fine",
};

export const ends = observe(async ({ how }) => ENDINGS[how]());

export const batch = observe(async (event) =>
  eachRecord(
    event,
    async ({ messageId }) => {
      annotate({ orderId: messageId });
      logger.debug(`working on ${messageId}`);
      await span(`waiting for ${messageId}`, forever);
    },
    { concurrency: 2 },
  ),
);
