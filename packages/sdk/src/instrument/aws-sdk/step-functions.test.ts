import {
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
} from "@aws-sdk/client-sfn";
import { expect, test } from "vitest";
import { type Answering, calling } from "../../../test/aws.ts";

const stateMachineArn = "arn:aws:states:eu-west-1:111122223333:stateMachine:fulfil";
const executionArn = "arn:aws:states:eu-west-1:111122223333:execution:fulfil:run-1";
const input = '{ "orderId":"o-1" }';

const answer: Answering = () => ({
  body: JSON.stringify({ executionArn, startDate: 1, stopDate: 2, status: "SUCCEEDED" }),
});

test("StartExecution: the input goes out byte for byte, the execution is the key", async () => {
  const called = await calling(answer, (aws) =>
    new SFNClient(aws.client).send(new StartExecutionCommand({ stateMachineArn, input, name: "run-1" })),
  );
  expect(called.thrown).toBeUndefined();
  expect(JSON.parse(called.requests[0]?.body ?? "")).toEqual({ stateMachineArn, input, name: "run-1" });
  expect(called.spans).toMatchObject([
    {
      name: "StartExecution fulfil",
      kind: 4,
      parentSpanId: called.invocation.spanId,
      attributes: {
        "aws.step_functions.state_machine.arn": stateMachineArn,
        "mayfly.keys.produced": [`sfn-execution||${executionArn}`],
      },
    },
  ]);
});

test("StartSyncExecution waits for its answer: a client span with the same key", async () => {
  const called = await calling(answer, (aws) =>
    new SFNClient({ ...aws.client, disableHostPrefix: true }).send(
      new StartSyncExecutionCommand({ stateMachineArn, input }),
    ),
  );
  expect(called.thrown).toBeUndefined();
  expect(JSON.parse(called.requests[0]?.body ?? "")).toEqual({ stateMachineArn, input });
  expect(called.spans).toMatchObject([
    { kind: 3, attributes: { "mayfly.keys.produced": [`sfn-execution||${executionArn}`] } },
  ]);
});

test("other calls have a plain span and no keys", async () => {
  const called = await calling(answer, (aws) =>
    new SFNClient(aws.client).send(new DescribeExecutionCommand({ executionArn })),
  );
  expect(called.spans).toMatchObject([{ name: "SFN.DescribeExecution", kind: 3 }]);
  expect(called.spans[0]?.attributes).not.toHaveProperty("mayfly.keys.produced");
});
