/** A handler of each form, and each way in which one may end; observed where OBSERVED is set. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";

const { observe } = process.env.OBSERVED ? await import("../../src/index.ts") : { observe: (handler) => handler };
const { HttpResponseStream, streamifyResponse } = globalThis.awslambda;

const cyclic = {};
cyclic.self = cyclic;

const ENDINGS = {
  result: () => ({ text: "äöü 🦋", none: null, absent: undefined }),
  undefined: () => undefined,
  "no JSON": () => cyclic,
  error: () => {
    throw Object.assign(new RangeError("too far"), { code: "E_FAR" });
  },
  text: () => {
    throw "just text";
  },
  nothing: () => {
    throw undefined;
  },
  exit: () => process.exit(3),
  uncaught: () => {
    setImmediate(() => {
      throw new Error("nobody waits for this");
    });
    return new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  timeout: () => new Promise((resolve) => setTimeout(resolve, 60_000)),
};

export const promise = observe(async ({ how }) => {
  await pause(1);
  return ENDINGS[how]();
});

export const sync = observe(({ how }) => ENDINGS[how]());

class Shop {
  #endings = ENDINGS;
  handler = observe(async function ({ how }) {
    return this.#endings[how]();
  });
}
const shop = new Shop();
export const method = shop.handler.bind(shop);

const CALLBACKS = {
  result: (_context, callback) => callback(null, "called back"),
  twice: (_context, callback) => (callback(null, 1), callback(null, 2)),
  "no error": (_context, callback) => callback(undefined, { a: 1 }),
  error: (_context, callback) => callback(new RangeError("too far")),
  text: (_context, callback) => callback("just text"),
  succeed: (context) => context.succeed("by context"),
  fail: (context) => context.fail(new RangeError("too far")),
  "fail with nothing": (context) => context.fail(),
  done: (context) => context.done(null, "done"),
};

export const callback = observe((event, context, done) => {
  if (event.how === "ignored") return "whatever it returns";
  if (event.how === "now") return done(null, "at once");
  if (event.how === "promise") return Promise.resolve("by promise");
  if (event.how === "both") return (done(null, "by callback"), Promise.resolve("by promise"));
  if (event.how === "throws") throw new RangeError("too far");
  if (event.how === "waits no longer") {
    context.callbackWaitsForEmptyEventLoop = false;
    setInterval(() => undefined, 1_000);
  }
  setTimeout(() => (CALLBACKS[event.how] ?? CALLBACKS.result)(context, done), 1);
});

const STREAMS = {
  ends: async (stream) => {
    stream.write("one ");
    await pause(1);
    stream.end("two");
  },
  "bytes and a value": async (stream) => {
    stream.write(Buffer.from("ä"));
    stream.write("e4", "latin1");
    stream.end();
    return "ignored";
  },
  nothing: async (stream) => stream.end() && undefined,
  "an object": async (stream) => stream.end(void stream.write({ a: 1 })) && undefined,
  prelude: async (stream) => {
    const body = HttpResponseStream.from(stream, { statusCode: 503, headers: { "x-a": "1" } });
    await pipeline(Readable.from(["one ", "two"]), body);
  },
  "a pipe left behind": async (stream) => {
    Readable.from(["one ", "two"]).pipe(stream);
  },
  midway: async (stream) => {
    stream.write("one ");
    await pause(1);
    throw new RangeError("too far");
  },
  "at once": async () => {
    throw new RangeError("too early");
  },
  "a throw": () => {
    throw new RangeError("not even a promise");
  },
  "no promise": (stream) => stream.write("body"),
};

const stream = (event, responseStream, _context) => STREAMS[event.how](responseStream);

export const streaming = observe(streamifyResponse(stream, { highWaterMark: 4_096 }));
export const observedInside = streamifyResponse(observe((...args) => stream(...args)));
