/** A memory limit that is kept: what holds more is killed, and the report says so to those outside. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import type { PlatformRecord } from "../src/index.ts";
import { fn, startRig } from "./rig.ts";

const HAS_PROC = existsSync("/proc/self/status");

test.skipIf(!HAS_PROC)(
  "an environment that holds more than its memory is killed; the next one is cold, and well",
  async () => {
    const records: PlatformRecord[] = [];
    const { lab, invoke } = await startRig(
      {
        functions: {
          greedy: fn("greedy", "handler", { memoryMb: 256, enforceMemory: true, timeoutMs: 30_000 }),
          spared: fn("greedy", "handler", { memoryMb: 256, timeoutMs: 30_000 }),
        },
      },
      { onPlatformRecord: (record) => records.push(record) },
    );
    const killed = await invoke<{ errorType: string; errorMessage: string }>("greedy", { megabytes: 400 });
    expect([killed.functionError, killed.result.errorType]).toEqual(["Unhandled", "Runtime.ExitError"]);
    expect(killed.result.errorMessage).toContain("signal: killed");
    expect((await invoke("greedy", { megabytes: 1 })).result).toBe("enough");
    expect((await invoke("spared", { megabytes: 400 })).result).toBe("enough");
    await lab.idle();

    const reports = records.filter(({ event }) => event.type === "platform.report");
    expect(reports.map(({ functionName, event }) => [functionName, event.record])).toMatchObject([
      [
        "greedy",
        {
          requestId: killed.requestId,
          status: "error",
          errorType: "Runtime.OutOfMemory",
          metrics: { memorySizeMB: 256, maxMemoryUsedMB: 256 },
        },
      ],
      ["greedy", { status: "success" }],
      ["spared", { status: "success" }],
    ]);
    expect(lab.truth.deliveries.map(({ outcome, coldStart }) => [outcome, coldStart])).toEqual([
      ["crash", true],
      ["success", true],
      ["success", true],
    ]);
  },
);
