/**
 * What Lambda says about an environment by itself: when init and invocations began and ended, how long they took, what they cost.
 *
 *   initStart ─▶ initRuntimeDone ─▶ initReport ─▶ (start ─▶ runtimeDone ─▶ report)*
 *
 *   |── responseLatency ──|─ responseDuration ─|─ runtimeOverhead ─|─ extensionOverhead ─|
 *   start            response begins       it has come        runtime asks        all have asked
 *   |──────────── runtimeDone.durationMs ──────────────────────────|
 *   |──────────── report.durationMs ─────────────────────────────────────────────────────|   billed: with the init before it
 *
 * What ends the process has no runtimeDone, and its report reaches those outside only: nobody is left in it.
 *
 * Source  Lambda's Telemetry API, event schema 2022-12-13.
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { Invocation, InvocationResult } from "./runtime-api.ts";

export interface PlatformRecordsDeps {
  readonly functionName: string;
  readonly instanceId: string;
  readonly memoryMb: number;
  readonly runtime: string;
  readonly emit: (type: `platform.${string}`, record: object) => void;
}

/** As Lambda's log group has it in JSON. */
export interface PlatformRecord {
  readonly functionName: string;
  readonly event: { readonly time: string; readonly type: `platform.${string}`; readonly record: object };
}

export interface PlatformRecords {
  initStarted(): void;
  initRuntimeDone(): void;
  initDone(): void;
  started(invocation: Invocation): void;
  /** The result, and when its request began to arrive. */
  responded(result: InvocationResult, arrivedAtMs: number): void;
  /** The runtime has asked for its next event, or has run out of time. */
  runtimeDone(): void;
  reported(pid: number | undefined): void;
  timedOut(pid: number | undefined): void;
  /** The process is gone; a report, where an invocation was in it. */
  ended(errorType: string): void;
}

interface Running {
  readonly invocation: Invocation;
  readonly startedAtMs: number;
  response?: { readonly arrivedAtMs: number; readonly doneAtMs: number; readonly result: InvocationResult };
  runtimeDoneAtMs?: number;
}

const INIT = { initializationType: "on-demand", phase: "init" };
const OUT_OF_MEMORY = "Runtime.OutOfMemory";
const STATUS = { success: "success", error: "error", timeout: "timeout", crash: "failure" };

export const createPlatformRecords = (deps: PlatformRecordsDeps): PlatformRecords => {
  const { functionName, instanceId, memoryMb, runtime, emit } = deps;
  let initStartedAtMs = 0;
  /** Until the first report has told it. */
  let initDurationMs: number | undefined;
  let running: Running | undefined;

  const runtimeDone = (status: string): void => {
    if (!running || running.runtimeDoneAtMs !== undefined) return;
    const { invocation, startedAtMs, response } = running;
    const doneAtMs = (running.runtimeDoneAtMs = performance.now());
    emit("platform.runtimeDone", {
      requestId: invocation.requestId,
      status,
      ...(response && {
        metrics: {
          durationMs: thousandths(doneAtMs - startedAtMs),
          producedBytes: Buffer.byteLength(response.result.payload),
        },
        spans: [
          span("responseLatency", startedAtMs, response.arrivedAtMs),
          span("responseDuration", response.arrivedAtMs, response.doneAtMs),
          span("runtimeOverhead", response.doneAtMs, doneAtMs),
        ],
      }),
      tracing: tracing(invocation),
    });
  };

  const report = (status: string, pid: number | undefined, errorType?: string): void => {
    if (!running) return;
    const { invocation, startedAtMs, runtimeDoneAtMs = startedAtMs } = running;
    const durationMs = performance.now() - startedAtMs;
    const maxMemoryUsedMB =
      errorType === OUT_OF_MEMORY ? memoryMb : pid === undefined ? undefined : memoryMbOf(pid, "VmHWM");
    emit("platform.report", {
      requestId: invocation.requestId,
      status,
      ...(errorType !== undefined && { errorType }),
      metrics: {
        durationMs: thousandths(durationMs),
        billedDurationMs: Math.ceil(durationMs + (initDurationMs ?? 0)),
        memorySizeMB: memoryMb,
        ...(maxMemoryUsedMB !== undefined && { maxMemoryUsedMB }),
        ...(initDurationMs !== undefined && { initDurationMs: thousandths(initDurationMs) }),
      },
      spans: [span("extensionOverhead", runtimeDoneAtMs, performance.now())],
      tracing: tracing(invocation),
    });
    initDurationMs = undefined;
    running = undefined;
  };

  const statusOf = (one: Running | undefined): string => STATUS[one?.response?.result.outcome ?? "crash"];

  return {
    initStarted() {
      initStartedAtMs = performance.now();
      emit("platform.initStart", {
        ...INIT,
        functionName,
        functionVersion: "$LATEST",
        instanceId,
        instanceMaxMemory: memoryMb,
        runtimeVersion: runtime.replace("nodejs", "nodejs:").replace(".x", ""),
      });
    },
    initRuntimeDone: () => emit("platform.initRuntimeDone", { ...INIT, status: "success" }),
    initDone() {
      initDurationMs = performance.now() - initStartedAtMs;
      const metrics = { durationMs: thousandths(initDurationMs) };
      emit("platform.initReport", { ...INIT, status: "success", metrics });
    },
    started(invocation) {
      running = { invocation, startedAtMs: performance.now() };
      const { requestId } = invocation;
      emit("platform.start", { requestId, version: "$LATEST", tracing: tracing(invocation) });
    },
    responded(result, arrivedAtMs) {
      if (running) running.response = { arrivedAtMs, doneAtMs: performance.now(), result };
    },
    runtimeDone: () => runtimeDone(statusOf(running)),
    reported: (pid) => report(statusOf(running), pid),
    timedOut(pid) {
      runtimeDone("timeout");
      report("timeout", pid);
    },
    ended: (errorType) => report("error", undefined, errorType),
  };
};

const tracing = ({ traceHeader }: Invocation): object => ({ type: "X-Amzn-Trace-Id", value: traceHeader });

const span = (name: string, fromMs: number, toMs: number): object => ({
  name,
  start: new Date(performance.timeOrigin + fromMs).toISOString(),
  durationMs: thousandths(toMs - fromMs),
});

const thousandths = (ms: number): number => Math.round(ms * 1_000) / 1_000;

/** What it holds, or held at most; undefined where there is no /proc, or no such process any more. */
export const memoryMbOf = (pid: number, field: "VmRSS" | "VmHWM"): number | undefined => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status) ?? [];
    return kib === undefined ? undefined : Math.ceil(Number(kib) / 1_024);
  } catch {
    return undefined;
  }
};
