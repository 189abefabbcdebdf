import { expect, test } from "vitest";
import { StoreError } from "../errors.ts";
import { createFaultLog } from "./fault-log.ts";
import { createLog, errorFields, type LogOptions } from "./log.ts";

const logged = (options: Partial<LogOptions> & { readonly isTTY?: boolean } = {}) => {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line), isTTY: options.isTTY ?? false };
  return { lines, log: createLog({ level: "info", stream, ...options }) };
};

const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test("a line is JSON with the names of the SDK's lines", () => {
  const { lines, log } = logged();
  log.warn({ ms: 7 }, "slow query");
  expect(lines).toHaveLength(1);
  expect(parsed(lines)).toEqual([
    { level: "WARN", timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), message: "slow query", ms: 7 },
  ]);
});

test("a level leaves out what is less", () => {
  const { lines, log } = logged({ level: "warn" });
  log.info({}, "started");
  log.debug({}, "answered");
  log.error({}, "broken");
  expect(parsed(lines)).toMatchObject([{ message: "broken" }]);
  const quiet = logged({ level: "silent" });
  quiet.log.error({}, "broken");
  expect(quiet.lines).toEqual([]);
});

test("at a terminal it is one plain line, and a stack below", () => {
  const { lines, log } = logged({ isTTY: true });
  log.info({ url: "http://localhost:1", dataDir: "my data" }, "started");
  log.error(errorFields(new TypeError("no")), "request failed");
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO started url=http:\/\/localhost:1 dataDir="my data"\n$/);
  expect(lines[1]).toMatch(/ERROR request failed errorType=TypeError errorMessage=no\nTypeError: no\n {4}at [^]*\n$/);
});

test("what the disk said is in the stack", () => {
  const error = new StoreError("store-failed", "cannot store", { cause: new Error("ENOSPC") });
  expect(errorFields(error)).toMatchObject({
    stackTrace: expect.stringMatching(/cannot store[^]*caused by Error: ENOSPC/),
  });
});

const SECOND = 1_000_000_000n;
const FAILED = { requestId: "r-1", method: "POST", route: "/v1/traces", status: 503 };

test("a fault has its stack once; its like are counted and told once a minute", () => {
  const { lines, log } = logged();
  let now = 0n;
  const tell = createFaultLog(log, () => now);
  const fault = (message: string): StoreError => new StoreError("store-failed", message);
  for (let n = 0; n < 1000; n += 1) tell(fault(`batch ${n}`), FAILED);
  tell(new TypeError("another"), FAILED);
  now = 61n * SECOND;
  tell(fault("batch 1000"), FAILED);
  tell(fault("batch 1001"), FAILED);

  const [first, other, again, ...more] = parsed(lines);
  expect(first).toMatchObject({
    ...FAILED,
    code: "store-failed",
    errorMessage: "batch 0",
    stackTrace: expect.any(String),
  });
  expect(other).toMatchObject({ errorType: "TypeError", stackTrace: expect.any(String) });
  expect(again).toMatchObject({ message: "request failed again", times: 1000, errorMessage: "batch 1000" });
  expect(again).not.toHaveProperty("stackTrace");
  expect(more).toEqual([]);
});

test("what is thrown and is no error is told as well", () => {
  const { lines, log } = logged();
  createFaultLog(log, () => 0n)("gone", FAILED);
  expect(parsed(lines)).toMatchObject([{ errorType: "string", errorMessage: "gone" }]);
});
