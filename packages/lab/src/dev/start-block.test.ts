import { expect, test } from "vitest";
import type { LabDefinition } from "../definition.ts";
import { sourcesOf } from "./start-block.ts";

const definition: LabDefinition = {
  functions: {},
  routes: { "GET /": "a", $default: "b" },
  eventSourceMappings: [{ queue: "jobs", function: "a" }],
  topics: { news: { subscriptions: [{ queue: "a" }, { function: "b" }] } },
  buses: { own: { rules: { x: { pattern: {}, targets: [{ function: "b" }] } } } },
  stateMachines: {
    one: { definition: { States: { a: { Parameters: { FunctionName: "c" } } } } },
    two: { definition: { States: { a: { Resource: "arn:aws:lambda:eu-west-1:000000000000:function:c" } } } },
  },
};

test("whatever invokes a function is named, and nothing that only has its name", () => {
  expect(["a", "b", "c", "d"].map((name) => sourcesOf(name, definition))).toEqual([
    ["GET /", "sqs jobs"],
    ["$default", "sns news", "eventbridge own"],
    ["step-functions one", "step-functions two"],
    [],
  ]);
});
