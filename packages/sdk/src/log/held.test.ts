import { expect, test } from "vitest";
import { freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";
import { MAX_HELD_LENGTH } from "../limits.ts";
import { createHeldLines } from "./held.ts";

const ON = { MAYFLY_DEBUG_BUFFER: "on" };

const run = async (env: Readonly<Record<string, string>>, fails: boolean) => {
  const sdk = await freshSdk(env);
  const { logger, observe, lines } = sdk;
  const handler = observe(async (_event: object, _context: object) => {
    logger.debug({ n: 1 }, "first");
    logger.info("second");
    logger.child({ part: "payment" }).trace({ password: "hunter2" }, "third");
    if (fails) throw new Error("boom");
  });
  await handler({}, lambdaContext()).catch(() => {});
  return { lines, sdk };
};

test("an invocation that fails tells all, each line with its own time and number, before its end line", async () => {
  const { lines } = await run(ON, true);
  expect(lines.map(({ level, message, seq }) => [level, message, seq])).toEqual([
    ["INFO", "second", 0],
    ["DEBUG", "first", 1],
    ["TRACE", "third", 2],
    ["ERROR", "invocation end", 3],
  ]);
  expect(lines[1]).toMatchObject({ n: 1, requestId: "r-1", timestamp: expect.stringMatching(/Z$/) });
  expect(lines[2]).toMatchObject({ part: "payment", password: "[redacted]" });
});

test("one that succeeds says nothing of it, and no number is missing", async () => {
  const { lines } = await run(ON, false);
  expect(lines.map(({ message, seq }) => [message, seq])).toEqual([
    ["second", 0],
    ["invocation end", 1],
  ]);
});

test("without the variable nothing is held", async () => {
  const { lines } = await run({}, true);
  expect(lines.map(({ message }) => message)).toEqual(["second", "invocation end"]);
});

test("the level is what it was, and what it lets through is written at once", async () => {
  const { lines, sdk } = await run({ ...ON, MAYFLY_LOG_LEVEL: "debug" }, false);
  expect(lines.map(({ message }) => message)).toEqual(["first", "second", "invocation end"]);
  expect(sdk.logger.level).toBe("debug");
  sdk.logger.level = "warn";
  sdk.logger.info("outside of any invocation, under the level");
  expect(lines).toHaveLength(3);
});

test("the oldest fall out, and are counted", () => {
  const held = createHeldLines();
  const invocation = {};
  const line = "x".repeat(MAX_HELD_LENGTH / 4);
  for (let n = 0; n < 6; n += 1) held.hold(invocation, `${n}${line.slice(1)}`);
  expect(held.dropped).toBe(2);
  expect(held.take(invocation).map((one) => one[0])).toEqual(["2", "3", "4", "5"]);
  expect(held.take(invocation)).toEqual([]);
});
