/**
 * A handler that works for a while, and to whose SDK time can be told: `laterMs` passes before the handler does anything. `resolves`
 * is a name that from then on stands for this machine, as when a resolver is back. Observed where OBSERVED is set.
 */
import dns from "node:dns";
import { setTimeout as pause } from "node:timers/promises";

const realNow = Date.now;
let aheadMs = 0;
Date.now = () => realNow() + aheadMs;
const { observe } = process.env.OBSERVED ? await import("../../src/index.ts") : { observe: (handler) => handler };

export const handler = observe(async ({ how, workMs = 1, laterMs = 0, resolves }) => {
  aheadMs += laterMs;
  if (resolves) {
    const { lookup } = dns;
    dns.lookup = (name, ...rest) => lookup(name === resolves ? "127.0.0.1" : name, ...rest);
  }
  await pause(workMs);
  if (how === "error") throw Object.assign(new RangeError("too far"), { code: "E_FAR" });
  return { text: "äöü 🦋", none: null, absent: undefined };
});

// The SDK has taken its clock by now; the rest of the process keeps the real one.
Date.now = realNow;
