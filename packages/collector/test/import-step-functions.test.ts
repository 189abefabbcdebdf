/** `mayfly import step-functions`, with the real SDK, from an endpoint that enforces its protocol into a real collector. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { executionTraceId } from "../src/import/step-functions/ids.ts";
import { awsRig } from "./aws-rig.ts";
import { history, invokeTask, invoked, orderHistory } from "./histories.ts";
import type { Ended } from "./program.ts";
import { type HeldExecution, startStepFunctions } from "./step-functions-endpoint.ts";

const rig = awsRig(["import", "step-functions"], startStepFunctions);

const prefix = "arn:aws:states:eu-west-1:123456789012";
const machine = (name: string): string => `${prefix}:stateMachine:${name}`;
const execution = (machineName: string, name: string): string => `${prefix}:execution:${machineName}:${name}`;

const now = Date.now();
const MINUTE = 60_000;

const ended = (
  machineName: string,
  name: string,
  eventsFrom: (beginning: number) => HeldExecution["events"],
  minutesAgo = 10,
): HeldExecution => {
  const beginning = now - minutesAgo * MINUTE;
  const events = eventsFrom(beginning);
  return {
    executionArn: execution(machineName, name),
    stateMachineArn: machine(machineName),
    startDate: new Date(beginning),
    stopDate: events.at(-1)?.timestamp ?? new Date(),
    events,
  };
};

const oneTask = (requestId: string) => (beginning: number) =>
  history(
    [
      [0, "ExecutionStarted"],
      [0, "TaskStateEntered", { name: "T" }],
      [2, "TaskScheduled", invokeTask],
      [3, "TaskSucceeded", invoked(requestId)],
      [4, "TaskStateExited", { name: "T" }],
      [5, "ExecutionSucceeded"],
    ],
    beginning,
  );

const importStates = (...flags: string[]): Promise<Ended> =>
  rig.run("--checkpoint", join(rig.folder, "c.json"), ...flags);

test("an execution joins who started it, the functions that it ran, and the executions that it started", async () => {
  const [order, shipping] = [execution("orders", "o-1"), execution("shipping", "s-1")];
  rig.aws.executions = [
    ended("orders", "o-1", () => orderHistory("r-charge", shipping)),
    ended("shipping", "s-1", oneTask("r-ship")),
  ];
  const starter = { traceId: "a".repeat(32), spanId: "a".repeat(16), name: "StartExecution orders", kind: 3 };
  await rig.store("api", { ...starter, attributes: { "mayfly.keys.produced": [`sfn-execution||${order}`] } });
  const charge = { traceId: "b".repeat(32), spanId: "b".repeat(16), name: "charge", kind: 2 };
  const consumed = ["lambda-request||r-charge", `sfn-execution||${order}`]; // its payload has the context object
  const own = { "faas.invocation_id": "r-charge", "mayfly.keys.consumed": consumed };
  await rig.store("charge", { ...charge, attributes: own });

  expect(await importStates("--state-machine-arn", machine("orders"), "--from", "365d")).toMatchObject({
    code: 0,
    stdout: "imported 2 executions with 14 spans, 0 unchanged, 0 still running; 0 without history, 0 rejected spans\n",
  });

  const detail = await rig.detailOf("a".repeat(32));
  expect(detail.traceIds.toSorted((a, b) => a.localeCompare(b))).toEqual(
    ["a".repeat(32), "b".repeat(32), executionTraceId(order), executionTraceId(shipping)].toSorted((a, b) =>
      a.localeCompare(b),
    ),
  );
  const nameOf = (ref: object): string | undefined =>
    detail.spans.find(
      (span) => "spanId" in ref && span.spanId === ref.spanId && span.traceId === ("traceId" in ref && ref.traceId),
    )?.name;
  const joins = detail.joins.map(({ from, to, kind }) => `${nameOf(from)} → ${nameOf(to)}: ${kind}`);
  expect(joins.toSorted((a, b) => a.localeCompare(b))).toEqual([
    "Charge → charge: lambda-request",
    "Ship → shipping: sfn-execution",
    "StartExecution orders → orders: sfn-execution",
  ]);
  // Nobody's parent was changed.
  expect(detail.spans.find(({ spanId }) => spanId === charge.spanId)).not.toHaveProperty("parentSpanId");
  expect((await rig.detailOf(order)).id).toBe(detail.id);
});

test("a function that knows its context object finds its attempt as its parent, without a message", async () => {
  const held = ended("orders", "o-1", oneTask("r"));
  rig.aws.executions = [held];
  await importStates("--execution-arn", held.executionArn);
  const { spans } = await rig.detailOf(executionTraceId(held.executionArn));
  const attempt = spans.find((span) => span.kind === "client");
  const { createHash } = await import("node:crypto");
  const enteredTime = held.events[1]?.timestamp?.toISOString();
  const bytes = createHash("sha256").update(`${held.executionArn}#T#${enteredTime}`).digest().subarray(0, 8);
  bytes[0]! &= 0x7f;
  expect(attempt?.spanId).toBe(bytes.toString("hex"));
});

test("executions that are listed come once, over pages and throttling; what runs comes when it has ended", async () => {
  const many = Array.from({ length: 9 }, (_, n) => ended("orders", `o-${n}`, oneTask(`r-${n}`), n + 1));
  const { stopDate: _, ...running } = ended("orders", "o-running", oneTask("x"), 0);
  const old = ended("orders", "old", oneTask("old"), 3 * 24 * 60);
  rig.aws.executions = [...many, running, old];
  rig.aws.throttled = new Set([2]);
  const listed = ["--state-machine-arn", machine("orders")];
  expect((await importStates(...listed)).stdout).toMatch(
    /^imported 9 executions with 27 spans, 0 unchanged, 1 still running;/,
  );
  rig.aws.throttled = new Set();
  rig.aws.executions = [...many, { ...running, stopDate: new Date(now) }, old];
  rig.aws.calls.length = 0;
  expect((await importStates(...listed)).stdout).toMatch(
    /^imported 1 executions with 3 spans, 9 unchanged, 0 still running;/,
  );
  expect(rig.aws.calls.filter((call) => call.startsWith("Get"))).toEqual(["GetExecutionHistory o-running"]);
});

test("a distributed Map's executions come with it, joined to its state; while one runs, the whole is asked for again", async () => {
  const mapRunArn = `${prefix}:mapRun:orders/Each:1`;
  const map = ended("orders", "o-1", (beginning) =>
    history(
      [
        [0, "ExecutionStarted"],
        [0, "MapStateEntered", { name: "Each" }],
        [2, "MapStateStarted"],
        [3, "MapRunStarted", { mapRunArn }],
        [4, "MapRunSucceeded"],
        [5, "MapStateSucceeded"],
        [6, "MapStateExited", { name: "Each" }],
        [7, "ExecutionSucceeded"],
      ],
      beginning,
    ),
  );
  const children = [0, 1].map((n) => ({ ...ended("orders/Each", `c-${n}`, oneTask(`c-${n}`)), mapRunArn }));
  const { stopDate: _, ...running } = children[1]!;
  rig.aws.executions = [map, children[0]!, running];
  const listed = ["--state-machine-arn", machine("orders")];
  expect((await importStates(...listed)).stdout).toMatch(/^imported 3 executions with 8 spans/);
  const { traceIds, joins } = await rig.detailOf(map.executionArn);
  expect(traceIds).toHaveLength(3);
  expect(joins.map(({ kind }) => kind)).toEqual(["link", "link"]);

  rig.aws.executions = [map, ...children];
  expect((await importStates(...listed)).stdout).toMatch(/^imported 3 executions/);
  expect((await importStates(...listed)).stdout).toMatch(/^imported 0 executions with 0 spans, 1 unchanged/);
});

test("express and forgotten executions are named with what to do, and a wrong use is 2", async () => {
  const express = `${prefix}:express:orders:x:1`;
  const { code, stderr } = await importStates(
    "--execution-arn",
    express,
    "--execution-arn",
    execution("orders", "gone"),
  );
  expect(code).toBe(1);
  expect(stderr).toContain(`execution ${express}: express executions keep no history`);
  expect(stderr).toContain("gone: is gone; Step Functions keeps a history for 90 days");
  expect(rig.aws.calls).toEqual(["DescribeExecution gone"]);
  expect(await importStates()).toMatchObject({ code: 2 });
  expect((await rig.run("--help")).stdout).toContain("states:GetExecutionHistory");
});
