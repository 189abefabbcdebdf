import { expect, test } from "vitest";
import type { FinishedInvocation } from "../function.ts";
import { createScreen } from "./screen.ts";

const finished = (more: Partial<FinishedInvocation> = {}): FinishedInvocation => ({
  functionName: "api",
  requestId: "6f3e",
  attempt: 1,
  source: "http",
  causes: [],
  coldStart: false,
  outcome: "success",
  durationMs: 12.4,
  payload: "{}",
  ...more,
});

/** What is shown while `act` runs, with `<style:text>` for what is painted. */
const shown = (act: (screen: ReturnType<typeof createScreen>) => void): readonly string[] => {
  const lines: string[] = [];
  const screen = createScreen({
    print: (line) => lines.push(line),
    paint: (style, text) => `<${String(style)}:${text}>`,
  });
  screen.names(["api", "worker"]);
  act(screen);
  return lines;
};

test("every line has its function's name in front, in a colour of its own", () => {
  const log = (functionName: string, text: string) => ({ functionName, text, stream: "stdout" }) as const;
  const lines = shown((screen) => {
    screen.log(log("api", "plain"));
    screen.log(log("worker", '{"level":"WARN","message":"one\\ntwo","n":1}'));
    screen.note("api", "reloaded: a.ts");
  });
  expect(lines).toEqual([
    "<cyan:api   >  plain",
    "<magenta:worker>  <yellow:WARN >  one",
    "<magenta:worker>  two  <dim:n=1>",
    "<cyan:api   >  <dim:reloaded: a.ts>",
  ]);
});

test("an invocation ends in one line: how, how long, by what, whether cold, which attempt, and where its trace is", () => {
  const link = "http://127.0.0.1:4318/traces/6f3e";
  const lines = shown((screen) => {
    screen.finished(finished(), undefined);
    screen.finished(finished({ initDurationMs: 184.2, durationMs: 3.14, attempt: 2 }), link);
  });
  expect(lines).toEqual([
    "<cyan:api   >  <green:✓ 12 ms>  http",
    `<cyan:api   >  <green:✓ 3.1 ms>  http  attempt 2  <yellow:cold start 184 ms>  <underline:${link}>`,
  ]);
});

test("a failure shows its error and its stack, also where it is no JSON", () => {
  const payload = JSON.stringify({
    errorType: "RangeError",
    errorMessage: "no",
    trace: ["RangeError: no", "    at f (/a.ts:1:1)"],
  });
  const lines = shown((screen) => {
    screen.finished(finished({ outcome: "error", payload }), undefined);
    screen.finished(finished({ outcome: "crash", payload: "cut off" }), undefined);
  });
  expect(lines).toEqual([
    "<cyan:api   >  <red:✕ 12 ms>  http  <red:RangeError: no>",
    "<cyan:api   >  <dim:    at f (/a.ts:1:1)>",
    "<cyan:api   >  <red:✕ 12 ms>  http  <red:cut off>",
  ]);
});

test("an execution ends in one line, too: how, how long, why it failed, and where its trace is", () => {
  const ended = { stateMachineName: "flow", executionArn: "arn", durationMs: 1204.4 };
  const lines = shown((screen) => {
    screen.executed({ ...ended, status: "SUCCEEDED" }, "http://127.0.0.1:4318/traces/arn");
    screen.executed({ ...ended, status: "FAILED", error: "CardDeclined", cause: "declined" }, undefined);
    screen.executed({ ...ended, status: "TIMED_OUT" }, undefined);
  });
  expect(lines).toEqual([
    "<cyan:flow  >  <green:✓ 1204 ms>  execution  <underline:http://127.0.0.1:4318/traces/arn>",
    "<cyan:flow  >  <red:✕ 1204 ms>  execution  <red:CardDeclined: declined>",
    "<cyan:flow  >  <red:✕ 1204 ms>  execution  <red:TIMED_OUT>",
  ]);
});
