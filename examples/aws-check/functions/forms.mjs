/** Forms of handlers, and what Lambda thinks of them. */
import { randomUUID } from "node:crypto";

const { streamifyResponse } = globalThis.awslambda;

const stream = async (_event, response) => {
  response.setContentType("text/plain");
  response.write("one ");
  response.end("two");
};

export const streaming = streamifyResponse(stream);

/** What streamifyResponse leaves on a handler. */
export const marks = async () => {
  const marked = streamifyResponse(async (_event, response) => response.end(), { highWaterMark: 4_096 });
  const symbols = Object.getOwnPropertySymbols(marked).map((symbol) => [
    Symbol.keyFor(symbol) ?? String(symbol),
    marked[symbol],
  ]);
  return { symbols, length: marked.length };
};

export const callback = (_event, _context, done) => done(null, "called back");

const environment = randomUUID();
let ticks = 0;
let interval;
/** Counts while it runs, in hundreds of milliseconds. */
export const ticking = async () => {
  interval ??= setInterval(() => (ticks += 1), 100);
  return { environment, ticks };
};
