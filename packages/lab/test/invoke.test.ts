import { InvokeCommand } from "@aws-sdk/client-lambda";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { fn, startRig } from "./rig.ts";

interface Seen {
  readonly requestId: string;
  readonly event: unknown;
}

interface Facts {
  readonly invocations: number;
  readonly context: Readonly<Record<string, unknown>>;
}

const json = (value: unknown): string => JSON.stringify(value);
const base64 = (value: unknown): string => Buffer.from(json(value)).toString("base64");

test("what an Event became goes to its function's destinations, and a failed event to the dead-letter queue", async () => {
  const failing = { maximumRetryAttempts: 1, onFailure: { function: "heard" }, deadLetterQueue: "dead" } as const;
  const { lab, lambda, events, sqs } = await startRig(
    {
      functions: {
        fails: fn("recorder", "failing", failing),
        works: fn("probe", "facts", { onSuccess: { bus: "default" } }),
        heard: fn("recorder"),
      },
      queues: { dead: {} },
      buses: { default: { rules: { all: { pattern: { source: ["lambda"] }, targets: [{ function: "heard" }] } } } },
    },
    { asyncRetryDelayMs: 1 },
  );
  const invokeEvent = (FunctionName: string) =>
    lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: json({ order: 1 }) }));

  const failed = await invokeEvent("fails");
  await lab.idle();
  const worked = await invokeEvent("works");
  await lab.idle();

  const { requestId } = failed.$metadata;
  expect(events("heard")).toMatchObject([
    {
      version: "1.0",
      requestContext: {
        requestId,
        functionArn: `${lab.functionArn("fails")}:$LATEST`,
        condition: "RetriesExhausted",
        approximateInvokeCount: 2,
      },
      requestPayload: { order: 1 },
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: { errorType: "Error", errorMessage: expect.stringMatching(/^failure /) as string },
    },
    {
      "detail-type": "Lambda Function Invocation Result - Success",
      detail: { requestContext: { requestId: worked.$metadata.requestId, condition: "Success" } },
    },
  ]);
  const heard = lab.truth.deliveries.filter(({ functionName }) => functionName === "heard");
  expect(heard.flatMap(({ causes }) => causes.map((cause) => cause.requestId))).toEqual([
    requestId,
    worked.$metadata.requestId,
  ]);
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: lab.queueUrl("dead"), MessageAttributeNames: ["All"] }),
  );
  expect(Messages).toMatchObject([
    {
      Body: json({ order: 1 }),
      MessageAttributes: {
        RequestID: { StringValue: requestId },
        ErrorMessage: { StringValue: expect.stringMatching(/^failure /) as string },
      },
    },
  ]);
});

test("RequestResponse answers the result, the version and the request id of the invocation", async () => {
  const { lab, lambda } = await startRig({ functions: { probe: fn("probe", "resultOf") } });

  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: "probe", Payload: json({ kind: "echo", payload: { a: [1, "ä"] } }) }),
  );

  expect(JSON.parse(answer.Payload?.transformToString() ?? "")).toEqual({ a: [1, "ä"] });
  expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
  expect(answer.FunctionError).toBeUndefined();
  expect(lab.truth.deliveries).toEqual([
    {
      functionName: "probe",
      requestId: answer.$metadata.requestId,
      attempt: 1,
      source: "lambda",
      causes: [],
      coldStart: true,
      outcome: "success",
    },
  ]);
});

test.each([
  ["its name", "probe"],
  ["its ARN", "arn:aws:lambda:eu-west-1:000000000000:function:probe"],
  ["its ARN with a qualifier", "arn:aws:lambda:eu-west-1:000000000000:function:probe:$LATEST"],
  ["its name with a qualifier", "probe:live"],
])("a function is called by %s", async (_, FunctionName) => {
  const { invoke } = await startRig({ functions: { probe: fn("probe", "facts") } });

  expect((await invoke<Facts>(FunctionName)).result.context["functionName"]).toBe("probe");
});

test("a function error is 200 with FunctionError and the error as payload", async () => {
  const { lambda } = await startRig({ functions: { ending: fn("probe", "endingAs") } });

  const answer = await lambda.send(new InvokeCommand({ FunctionName: "ending", Payload: json({ how: "throw" }) }));

  expect(answer).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
  expect(JSON.parse(answer.Payload?.transformToString() ?? "")).toEqual({
    errorType: "RangeError",
    errorMessage: "too far",
    trace: expect.arrayContaining([expect.stringContaining("RangeError: too far")]) as unknown[],
  });
});

test("Event is accepted before the handler has run, and its result goes nowhere", async () => {
  const { lab, lambda, events } = await startRig({ functions: { recorder: fn("recorder") } });

  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: "recorder", InvocationType: "Event", Payload: json({ n: 1 }) }),
  );
  const before = lab.truth.deliveries.length;
  await lab.idle();

  expect([answer.StatusCode, answer.Payload?.length ?? 0, before]).toEqual([202, 0, 0]);
  expect(events("recorder")).toEqual([{ n: 1 }]);
  expect(lab.truth.deliveries[0]?.requestId).toBe(answer.$metadata.requestId);
});

test("an Event that fails is tried twice more, each time with the same request id", async () => {
  const { lab, lambda, events } = await startRig(
    { functions: { failing: fn("recorder", "failing") } },
    { asyncRetryDelayMs: 1 },
  );

  const { $metadata } = await lambda.send(
    new InvokeCommand({ FunctionName: "failing", InvocationType: "Event", Payload: json({ n: 1 }) }),
  );
  await lab.idle();

  const { requestId } = $metadata;
  expect(events<Seen>("failing").map((seen) => [seen.requestId, seen.event])).toEqual([
    [requestId, { n: 1 }],
    [requestId, { n: 1 }],
    [requestId, { n: 1 }],
  ]);
  expect(lab.truth.deliveries.map(({ attempt, requestId: id }) => [attempt, id])).toEqual([
    [1, requestId],
    [2, requestId],
    [3, requestId],
  ]);
});

test("an Event that succeeds is not tried again; maximumRetryAttempts bounds the tries", async () => {
  const once = fn("recorder", "failing", { maximumRetryAttempts: 0 });
  const mending = fn("recorder", "failing", { reservedConcurrency: 1 }); // so that it is the same environment that mends
  const { lab, lambda } = await startRig({ functions: { once, mending } }, { asyncRetryDelayMs: 1 });
  const send = (FunctionName: string, event: object): Promise<unknown> =>
    lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: json(event) }));

  await send("once", {});
  await send("mending", { failures: 1 });
  await lab.idle();

  const outcomes = (name: string): string[] =>
    lab.truth.deliveries.filter(({ functionName }) => functionName === name).map(({ outcome }) => outcome);
  expect([outcomes("once"), outcomes("mending")]).toEqual([["error"], ["error", "success"]]);
});

test("a client context reaches the callee of a synchronous call, and not that of an Event", async () => {
  const { lab, lambda, invoke } = await startRig({ functions: { probe: fn("probe", "facts") } });
  const ClientContext = base64({ custom: { traceparent: "00-…" }, client: { name: "ä\n🦋" } });

  const answer = await lambda.send(new InvokeCommand({ FunctionName: "probe", ClientContext, Payload: "{}" }));
  const without = await invoke<Facts>("probe");
  await lambda.send(
    new InvokeCommand({ FunctionName: "probe", InvocationType: "Event", ClientContext, Payload: "{}" }),
  );
  await lab.idle();

  const { context } = JSON.parse(answer.Payload?.transformToString() ?? "") as Facts;
  expect(context["clientContext"]).toEqual({ custom: { traceparent: "00-…" }, client: { name: "ä\n🦋" } });
  expect(without.result.context).not.toHaveProperty("clientContext");
  expect(lab.truth.deliveries).toHaveLength(3);
});

test("DryRun runs nothing", async () => {
  const { lab, lambda } = await startRig({ functions: { probe: fn("probe", "facts") } });

  const { StatusCode } = await lambda.send(new InvokeCommand({ FunctionName: "probe", InvocationType: "DryRun" }));
  await lab.idle();

  expect([StatusCode, lab.truth.deliveries.length]).toEqual([204, 0]);
});

test("no payload is an empty object", async () => {
  const { lambda } = await startRig({ functions: { failing: fn("recorder", "failing") } });

  const answer = await lambda.send(new InvokeCommand({ FunctionName: "failing" }));

  expect(JSON.parse(answer.Payload?.transformToString() ?? "")).toMatchObject({ errorMessage: "failure 1" });
});

test("a payload that is no JSON is refused, and so is a function that is not there", async () => {
  const { lab, lambda } = await startRig({ functions: { probe: fn("probe", "facts") } });

  await expect(lambda.send(new InvokeCommand({ FunctionName: "probe", Payload: "{" }))).rejects.toMatchObject({
    name: "InvalidRequestContentException",
  });
  await expect(lambda.send(new InvokeCommand({ FunctionName: "absent" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    $metadata: { httpStatusCode: 404 },
  });
  await expect(
    lambda.send(new InvokeCommand({ FunctionName: "probe", ClientContext: Buffer.from("{").toString("base64") })),
  ).rejects.toMatchObject({ name: "InvalidRequestContentException" });
  expect(lab.truth.deliveries).toEqual([]);
});

test("an operation that the lab does not know is refused by name", async () => {
  const { lab } = await startRig({ functions: {} });

  const response = await fetch(lab.environment["AWS_ENDPOINT_URL_SFN"] ?? "", {
    method: "POST",
    headers: { "x-amz-target": "AWSStepFunctions.RedriveExecution" },
    body: "{}",
  });

  expect(response.status).toBe(400);
  expect(response.headers.get("x-amzn-errortype")).toBe("UnknownOperationException");
  expect(await response.json()).toMatchObject({ message: expect.stringContaining("RedriveExecution") as string });
});
