import { expect, test } from "vitest";
import { attemptSpanId, executionTraceId } from "./ids.ts";

const ARN =
  "arn:aws:states:sa-east-1:425362996713:express:logs-to-traces-sequential:85a9933e-9e11-83dc-6a61-b92367b6c3be:3f7ef5c7-c8b8-4c88-90a1-d54aa7e7e2bf";

test("span ids are those that Datadog's libraries work out", () => {
  const attempt = { state: "step-one", enteredTime: "2022-12-08T21:08:19.224Z", retryCount: 2, redriveCount: 0 };
  expect(BigInt(`0x${attemptSpanId(ARN, attempt)}`)).toBe(7_747_304_477_664_363_642n);
  // Its low half is Datadog's trace id, whose top bit is cleared.
  expect(BigInt(`0x${executionTraceId(ARN).slice(16)}`) & (2n ** 63n - 1n)).toBe(1_139_193_989_631_387_307n);
});
