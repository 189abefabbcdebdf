import { expect, test } from "vitest";
import type { PlatformReport } from "@mayfly/api";
import { detail, nanoAt, span } from "../../test/fixtures/story.ts";
import { reviveTrace } from "../api/revive.ts";
import { evidenceReason, platformErrorText, platformFacts, shownName } from "./platform.ts";

const report = (facts: Partial<PlatformReport>): PlatformReport => ({ startTimeUnixNano: nanoAt(0), ...facts });
const view = (more: Parameters<typeof span>[1]) => reviveTrace(detail([span("a", more)])).spans[0];
const NBSP = "\u00a0";

test("a report reads as Lambda's line does, with what it did not say left out", () => {
  expect(
    platformFacts(
      report({
        status: "success",
        durationMs: 108,
        billedDurationMs: 409,
        memorySizeMb: 512,
        maxMemoryUsedMb: 91,
        initDurationMs: 300.5,
        producedBytes: 52,
      }),
    ).map(({ name, text, title }) => [name, text, title]),
  ).toEqual([
    ["status", "success", undefined],
    ["memory", "91 of 512 MB, 18 %", undefined],
    ["duration", `108${NBSP}ms`, "108 ms"],
    ["billed", `409${NBSP}ms`, "409 ms"],
    ["init", `301${NBSP}ms`, "300.5 ms"],
    ["response", `52${NBSP}B`, "52 B"],
  ]);
  expect(platformFacts(report({ durationMs: 5 })).map(({ name }) => name)).toEqual(["duration"]);
});

test("how it ended is said in a sentence", () => {
  expect(platformErrorText(report({ status: "success" }))).toBeUndefined();
  expect(platformErrorText(report({}))).toBeUndefined();
  expect(platformErrorText(report({ status: "timeout", durationMs: 3000 }))).toBe(`timed out after 3.00${NBSP}s`);
  expect(
    platformErrorText(report({ status: "error", outOfMemory: true, memorySizeMb: 128, maxMemoryUsedMb: 128 })),
  ).toBe("killed, out of memory: 128 of 128 MB, 100 %");
  expect(
    platformErrorText(report({ status: "failure", errorType: "Runtime.ExitError", message: "exit status 1" })),
  ).toBe("Runtime.ExitError: exit status 1");
  expect(platformErrorText(report({ status: "failure" }))).toBe("ended with failure");
});

test("a failure or a cold start that Lambda alone tells is shown", () => {
  const platform = report({ status: "timeout", durationMs: 3000, initDurationMs: 120 });
  expect(view({ platform })).toMatchObject({
    isError: true,
    errorText: `timed out after 3.00${NBSP}s`,
    isColdStart: true,
    initNs: 120e6,
  });
  expect(view({ platform, failed: "CardDeclined" })).toMatchObject({ errorText: "CardDeclined" });
  expect(view({ platform, attributes: { "mayfly.unfinished": true } })).toMatchObject({
    errorText: `timed out after 3.00${NBSP}s`,
  });
});

test("an invocation without spans says so in place of a name, and why", () => {
  expect(shownName(span("audit", { evidence: "platform" }))).toBe("no spans sent");
  expect(shownName(span("audit"))).toBe("audit");
  expect(evidenceReason(span("a", { in: "audit", evidence: "platform" }))).toMatch(
    /^audit sent no span of this invocation/,
  );
  expect(evidenceReason(span("a"))).toBeUndefined();
});
