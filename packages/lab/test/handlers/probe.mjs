/** Handlers that show what an execution environment does to them. */
import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

let invocations = 0;
let ticks = 0;

export const facts = async (_event, context) => {
  invocations += 1;
  return { pid: process.pid, parent: process.ppid, invocations, context, variables: process.env };
};

/** Leaves a timer behind that writes one byte per tick; answers after its first tick. */
export const ticking = async ({ file }) => {
  const before = ticks;
  setInterval(() => {
    ticks += 1;
    appendFileSync(file, ".");
  }, 2);
  while (ticks === before) await pause(1);
  return { pid: process.pid };
};

/** A clock for tests: answers when a time has passed. */
export const waiting = async ({ ms }) => {
  await pause(ms);
  return { pid: process.pid };
};

export const nodeVersion = async () => process.version;

export const remaining = async (_event, context) => {
  const first = context.getRemainingTimeInMillis();
  while (context.getRemainingTimeInMillis() === first) await pause(1);
  return [first, context.getRemainingTimeInMillis()];
};

export const endingAs = async ({ how }) => {
  invocations += 1;
  if (how === "exit") process.exit(3);
  if (how === "uncaught")
    setImmediate(() => {
      throw new Error("nobody waits for this");
    });
  if (how === "rejected") void Promise.reject(new Error("nobody waits for this"));
  if (how === "signal") process.kill(process.pid, "SIGKILL");
  if (how === "throw") throw new RangeError("too far");
  if (how === "throw text") throw "just text";
  if (how === "hang") await new Promise(() => setInterval(() => undefined, 1_000));
  if (how === "spin") for (;;);
  if (how !== undefined) await new Promise(() => undefined);
  return { invocations };
};

/** A result of each kind, by name; all but the first by a promise. */
export const resultOf = ({ kind, payload }) => {
  const cyclic = {};
  cyclic.self = cyclic;
  if (kind === "sync") return "at once";
  const results = {
    promise: "later",
    undefined: undefined,
    null: null,
    function: () => undefined,
    cyclic,
    bigint: 1n,
    echo: payload,
  };
  return Promise.resolve(results[kind]);
};

export const printing = async ({ lines }) => {
  for (const line of lines) console.log(line);
  console.error("an %s of %d lines", "error", lines.length);
  process.stderr.write("bare\n");
};

export const withCallback = (_event, _context, callback) => callback(null, "called back");
