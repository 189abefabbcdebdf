/** The Telemetry API as an internal extension sees it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually, fn, temporaryFolder } from "./rig.ts";
import { underEachRuntime } from "./runtimes.ts";

interface TelemetryRecord {
  readonly time: string;
  readonly type: string;
  readonly record: Readonly<Record<string, unknown>> | string;
}

interface Result {
  readonly subscribed: Answer;
  readonly again?: Answer;
  readonly batches: readonly {
    readonly path: string;
    readonly isTaken: boolean;
    readonly records: readonly TelemetryRecord[];
  }[];
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const listening = (environment: Readonly<Record<string, string>> = {}, more = {}) => ({
  functions: { one: fn("telemetry", "handler", { environment, ...more }) },
});

const recordsOf = (result: Result): readonly TelemetryRecord[] => result.batches.flatMap(({ records }) => records);

const ofType = (result: Result, type: string): unknown[] =>
  recordsOf(result)
    .filter((record) => record.type === type)
    .map(({ record }) => record);

const MS = expect.any(Number) as number;
const TIME = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) as string;
const TRACING = { type: "X-Amzn-Trace-Id", value: expect.stringMatching(/^Root=1-/) as string };

underEachRuntime((startRig) => {
  test("a subscriber hears of the init, what came before it subscribed too", async () => {
    const { invoke } = await startRig(listening());

    const { result, requestId } = await invoke<Result>("one", { waitsFor: "platform.start" });

    const init = { initializationType: "on-demand", phase: "init" };
    const subscription = { name: "listener", state: "Subscribed", types: ["platform", "function", "extension"] };
    expect(result.subscribed).toEqual({ status: 200, body: "OK" });
    expect(result.batches[0]?.path).toBe("/telemetry?a=b");
    expect(recordsOf(result).every(({ time }) => !Number.isNaN(Date.parse(time)))).toBe(true);
    expect(ofType(result, "platform.initStart")).toEqual([
      {
        ...init,
        functionName: "one",
        functionVersion: "$LATEST",
        instanceId: expect.stringMatching(/^[0-9a-f]{32}$/),
        instanceMaxMemory: 128,
        runtimeVersion: expect.stringMatching(/^nodejs:2[24]$/),
      },
    ]);
    expect(ofType(result, "function")).toEqual([expect.stringContaining("before the subscription")]);
    expect(ofType(result, "platform.telemetrySubscription")).toEqual([subscription]);
    expect(ofType(result, "platform.extension")).toEqual([{ name: "listener", state: "Ready", events: ["INVOKE"] }]);
    expect(ofType(result, "platform.initRuntimeDone")).toEqual([{ ...init, status: "success" }]);
    expect(ofType(result, "platform.initReport")).toEqual([
      { ...init, status: "success", metrics: { durationMs: MS } },
    ]);
    expect(ofType(result, "platform.start")).toEqual([{ requestId, version: "$LATEST", tracing: TRACING }]);
  });

  test("an invocation's report comes with the next invocation, and has its durations, its memory and its init", async () => {
    const { invoke, lab } = await startRig(listening({}, { memoryMb: 256 }));

    const first = await invoke<Result>("one", { waitsFor: "platform.start", print: ["printed"] });
    await lab.idle();
    const second = await invoke<Result>("one", { waitsFor: "platform.report" });

    const about = { requestId: first.requestId, status: "success", tracing: TRACING };
    const span = (name: string) => ({ name, start: TIME, durationMs: MS });
    expect(ofType(first.result, "platform.runtimeDone")).toEqual([]);
    expect(ofType(second.result, "function")).toContain("printed");
    expect(ofType(second.result, "platform.runtimeDone")).toEqual([
      {
        ...about,
        metrics: { durationMs: MS, producedBytes: JSON.stringify(first.result).length },
        spans: [span("responseLatency"), span("responseDuration"), span("runtimeOverhead")],
      },
    ]);
    expect(ofType(second.result, "platform.report")).toEqual([
      {
        ...about,
        metrics: {
          durationMs: MS,
          billedDurationMs: MS,
          memorySizeMB: 256,
          initDurationMs: MS,
          ...(process.platform === "linux" && { maxMemoryUsedMB: MS }),
        },
        spans: [span("extensionOverhead")],
      },
    ]);
  });

  test("a full buffer is sent at once, long before its time", async () => {
    const { invoke } = await startRig(listening({ BUFFERING: '{"maxItems":1000,"timeoutMs":30000}' }));

    const { result } = await invoke<Result>("one", {
      print: Array.from({ length: 1_500 }, (_, n) => `line ${n}`),
      waitsFor: "function",
    });

    expect(result.batches.map(({ records }) => records.length)).toEqual([1_000]);
  });

  test("what a listener refuses comes again, once and in order", async () => {
    const { invoke } = await startRig(listening({ REFUSALS: "2" }));

    const { result } = await invoke<Result>("one", { waitsFor: "platform.start" });

    const [first, second, third] = result.batches;
    expect([first, second, third].map((batch) => batch?.isTaken)).toEqual([false, false, true]);
    expect(second?.records).toEqual(first?.records);
    expect(third?.records).toEqual(first?.records);
  });

  test.each([
    { schema: "2022-12-13", record: { level: "INFO", message: "an object" } },
    { schema: "2022-07-01", record: '{"level":"INFO","message":"an object"}' },
  ])("a function that logs JSON has its lines as schema $schema says", async ({ schema, record }) => {
    const { invoke, lab } = await startRig(listening({ SCHEMA: schema, AWS_LAMBDA_LOG_FORMAT: "JSON" }));

    await invoke<Result>("one", { print: ['{"level":"INFO","message":"an object"}'] });
    await lab.idle();
    const { result } = await invoke<Result>("one", { waitsFor: "platform.report" });

    expect(ofType(result, "function")).toContainEqual(record);
  });

  test("a timeout is told in the time that SIGTERM leaves", async () => {
    const FILE = join(temporaryFolder(), "records");
    const { invoke } = await startRig(listening({ FILE }, { timeoutMs: 400 }));

    const { requestId } = await invoke("one", { hangs: true });

    const records = await eventually(() => JSON.parse(readFileSync(FILE, "utf8")) as TelemetryRecord[]);
    expect(records).toContainEqual({
      time: TIME,
      type: "platform.runtimeDone",
      record: { requestId, status: "timeout", tracing: TRACING },
    });
    expect(records.at(-1)).toMatchObject({ type: "platform.report", record: { requestId, status: "timeout" } });
  });

  test("a subscription with faults is refused with all of them", async () => {
    const { invoke } = await startRig(
      listening({ BODY: '{"schemaVersion":"2022-12-13","destination":{"protocol":"HTTP","URI":"http://sandbox"}}' }),
    );

    const { result } = await invoke<Result>("one");

    expect(result.subscribed).toEqual({
      status: 400,
      body: { errorType: "ValidationError", errorMessage: "types should not be empty; URI port is not provided" },
    });
    expect(result.batches).toEqual([]);
  });

  test.each([
    { what: "after init", id: undefined, errorType: "Telemetry.SubscriptionClosed" },
    { what: "by nobody", id: "", errorType: "Extension.MissingExtensionIdentifier" },
  ])("a subscription $what is refused", async ({ id, errorType }) => {
    const { invoke } = await startRig(listening());

    const { result } = await invoke<Result>("one", { again: { body: "{}", ...(id !== undefined && { id }) } });

    expect(result.again).toMatchObject({ status: 403, body: { errorType } });
  });
});
