import { setTimeout as pause } from "node:timers/promises";

/** Holds as much as it is asked to, a piece at a time, so that it can be seen to. */
export const handler = async ({ megabytes }) => {
  const held = [];
  for (let n = 0; n < megabytes; n += 20) {
    held.push(Buffer.alloc(Math.min(20, megabytes - n) * 1_048_576, 1));
    await pause(5);
  }
  return held.length > 0 ? "enough" : "nothing";
};
