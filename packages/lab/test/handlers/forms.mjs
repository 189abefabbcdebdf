/** A handler of each form, and each way in which one of it may end. */
import { setTimeout as pause } from "node:timers/promises";

const { HttpResponseStream, streamifyResponse } = globalThis.awslambda;

export const withCallback = (event, context, callback) => {
  if (event.how === "waits no longer") {
    setInterval(() => undefined, 1_000);
    context.callbackWaitsForEmptyEventLoop = false;
  }
  if (event.how === "throws") throw new RangeError("too far");
  if (event.how === "succeed") return setTimeout(() => context.succeed("by context"), 1);
  if (event.how === "fail") return setTimeout(() => context.fail(new RangeError("too far")), 1);
  if (event.how === "nothing") return "ignored";
  if (event.how === "error") return setTimeout(() => callback(new RangeError("too far")), 1);
  setTimeout(() => (callback(null, "called back"), callback(null, "twice")), 1);
};

export const asyncWithCallback = async (_event, _context, _callback) => "by promise";

export const streaming = streamifyResponse(async (event, stream) => {
  if (event.how === "at once") throw new RangeError("too early");
  const body = event.how === "prelude" ? HttpResponseStream.from(stream, { statusCode: 201 }) : stream;
  body.write("one ");
  await pause(1);
  if (event.how === "midway") throw new RangeError("too far");
  body.end("two");
});

export const notAsync = streamifyResponse((_event, stream) => stream.write("body"));
