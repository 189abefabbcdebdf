import { describe, expect, test } from "vitest";
import { START } from "../../test/builders.ts";
import { logLine } from "./log-line.ts";

const ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
const TRACE = "6956b3000123456789abcdef01234567";

const factsOf = (line: string) => logLine(line, START).word?.facts;

const REPORT = `REPORT RequestId: ${ID}\tDuration: 128.83 ms\tBilled Duration: 296 ms\tMemory Size: 512 MB\tMax Memory Used: 74 MB\t`;
const NUMBERS = { durationMs: 128.83, billedDurationMs: 296, memorySizeMb: 512, maxMemoryUsedMb: 74 };

describe("a REPORT line", () => {
  test("tells durations and memory, whichever of them it has", () => {
    expect(logLine(`${REPORT}Init Duration: 166.62 ms\t\n`, START)).toMatchObject({
      type: "platform.report",
      word: { requestId: ID, stage: "report", time: START, facts: { ...NUMBERS, initDurationMs: 166.62 } },
    });
    expect(factsOf(`${REPORT}Restore Duration: 398.97 ms\tBilled Restore Duration: 12 ms\t`)).toEqual({
      ...NUMBERS,
      restoreDurationMs: 398.97,
      billedRestoreDurationMs: 12,
    });
  });

  test("is read by its names, whatever stands between them and in whatever order", () => {
    const spaced = `REPORT RequestId: ${ID}  Max Memory Used: 74 MB  Memory Size: 512 MB  Billed Duration: 296 ms  Duration: 128.83 ms`;
    expect(factsOf(spaced)).toEqual(NUMBERS);
  });

  test("tells in the new style how it ended", () => {
    expect(factsOf(`${REPORT}Status: timeout`)).toMatchObject({ status: "timeout" });
    expect(factsOf(`${REPORT}Init Duration: 80.00 ms\tStatus: error\tError Type: Runtime.ExitError`)).toMatchObject({
      status: "error",
      errorType: "Runtime.ExitError",
    });
  });

  test("tells its X-Ray trace and Lambda's segment where it was traced", () => {
    const traced = `${REPORT}\nXRAY TraceId: 1-6956b300-0123456789abcdef01234567\tSegmentId: 1a2b3c4d5e6f7081\tSampled: true\t\n`;
    expect(logLine(traced, START).word?.trace).toEqual({
      traceId: TRACE,
      segmentId: "1a2b3c4d5e6f7081",
      isSampled: true,
    });
  });

  test("loses a number that is none, and nothing else", () => {
    expect(factsOf(`REPORT RequestId: ${ID}\tDuration: -1 ms\tBilled Duration: 1e99 ms\tMemory Size: x MB`)).toEqual(
      {},
    );
  });
});

test.each([
  [`START RequestId: ${ID} Version: $LATEST`, "platform.start", { stage: "start", facts: { version: "$LATEST" } }],
  [`END RequestId: ${ID}`, "platform.end", undefined],
  ["INIT_START Runtime Version: nodejs:24.v9\tRuntime Version ARN: arn:aws:lambda:…", "platform.initStart", undefined],
  ["INIT_REPORT Init Duration: 10007.33 ms\tPhase: init\tStatus: timeout", "platform.initReport", undefined],
  ["RESTORE_REPORT Restore Duration: 398.97 ms", "platform.restoreReport", undefined],
  [
    `2024-03-04T17:22:38.033Z ${ID} Task timed out after 3.00 seconds`,
    "platform.fault",
    { stage: "fault", facts: { status: "timeout", durationMs: 3000, message: "Task timed out after 3.00 seconds" } },
  ],
  [
    `RequestId: ${ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError`,
    "platform.fault",
    { stage: "fault", facts: { status: "failure", errorType: "Runtime.ExitError" } },
  ],
  [
    `RequestId: ${ID} Process exited before completing request`,
    "platform.fault",
    { stage: "fault", facts: { status: "failure", message: "Process exited before completing request" } },
  ],
] as const)("%s", (line, type, word) => {
  const read = logLine(line, START);
  expect(read).toMatchObject({ type, body: line, ...(word && { word: { requestId: ID, ...word } }) });
  if (word === undefined) expect(read).not.toHaveProperty("word");
  expect(read.requestId).toBe(line.includes(ID) ? ID : undefined);
});

test("the same record in JSON says the same", () => {
  const record = {
    requestId: ID,
    status: "success",
    metrics: { durationMs: 128.83, billedDurationMs: 296, memorySizeMB: 512, maxMemoryUsedMB: 74 },
  };
  const line = JSON.stringify({ time: "2026-01-01T00:00:00.425Z", type: "platform.report", record });
  expect(logLine(line, START)).toEqual({
    time: START + 425_000_000n,
    type: "platform.report",
    body: record,
    requestId: ID,
    word: { requestId: ID, stage: "report", time: START + 425_000_000n, facts: { status: "success", ...NUMBERS } },
  });
});

test.each([
  "the customer asked for a REPORT RequestId: x",
  "REPORTED: 3 orders",
  '{"level":"INFO","type":"platform.report"}',
  "",
])("%j is the function's own", (line) => {
  const read = logLine(line, START);
  expect(read.type).toBe("function");
  expect(read).not.toHaveProperty("word");
});
