import {
  InvokeAsyncCommand,
  InvokeCommand,
  type InvokeCommandInput,
  InvokeWithResponseStreamCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { type Called, calling, traceparentOf } from "../../../test/aws.ts";
import { MAX_CLIENT_CONTEXT_LENGTH } from "../../limits.ts";

const invoking = (input: Partial<InvokeCommandInput> = {}) =>
  calling(
    () => ({ headers: { "content-type": "application/json" }, body: "5" }),
    (aws) => new LambdaClient(aws.client).send(new InvokeCommand({ FunctionName: "ship", Payload: "{ }", ...input })),
  );

const header = ({ requests, thrown }: Called): string | undefined => {
  expect(thrown).toBeUndefined();
  const value = requests[0]?.headers["x-amz-client-context"];
  return typeof value === "string" ? value : undefined;
};

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
const decoded = (text: string | undefined): unknown => JSON.parse(Buffer.from(text ?? "", "base64").toString());

test("a synchronous call carries its span in the client context, and its payload is untouched", async () => {
  const called = await invoking();
  const [span] = called.spans;
  expect(decoded(header(called))).toEqual({ custom: { traceparent: span && traceparentOf(span) } });
  expect(called.requests[0]?.body).toBe("{ }");
});

test("the callee's request id is the key", async () => {
  const called = await invoking();
  expect(called.spans).toMatchObject([
    {
      name: "ship Invoke",
      kind: 3,
      parentSpanId: called.invocation.spanId,
      attributes: {
        "faas.invoked_name": "ship",
        "faas.invoked_provider": "aws",
        "faas.invoked_region": "eu-west-1",
        "mayfly.keys.produced": ["lambda-request||aws-request-1"],
      },
    },
  ]);
});

test("a callee that threw is an error of the call, which gets its answer all the same", async () => {
  const called = await calling(
    () => ({ headers: { "x-amz-function-error": "Unhandled" }, body: '{"errorMessage":"boom"}' }),
    (aws) => new LambdaClient(aws.client).send(new InvokeCommand({ FunctionName: "ship" })),
  );
  expect(called.thrown).toBeUndefined();
  expect(called.spans).toMatchObject([
    {
      status: { code: 2, message: "ship ended in an error" },
      attributes: { "error.type": "Unhandled", "mayfly.keys.produced": ["lambda-request||aws-request-1"] },
    },
  ]);
  expect((await invoking()).spans[0]?.status?.code ?? 0).toBe(0);
});

test("an asynchronous call carries nothing, since its callee never sees it, and is a message", async () => {
  const called = await invoking({ InvocationType: "Event" });
  expect(header(called)).toBeUndefined();
  expect(called.spans).toMatchObject([
    { kind: 4, attributes: { "mayfly.keys.produced": ["lambda-request||aws-request-1"] } },
  ]);
  expect(called.sdk.state().injectSkipped).toBe(0);
});

test("a call whose answer is a stream is like any other", async () => {
  const called = await calling(
    () => ({ headers: { "content-type": "application/vnd.amazon.eventstream" }, body: "" }),
    (aws) => new LambdaClient(aws.client).send(new InvokeWithResponseStreamCommand({ FunctionName: "ship" })),
  );
  const [span] = called.spans;
  expect(decoded(header(called))).toEqual({ custom: { traceparent: span && traceparentOf(span) } });
  expect(span?.attributes["mayfly.keys.produced"]).toEqual(["lambda-request||aws-request-1"]);
});

test("InvokeAsync, the old form, is a message with its callee's id", async () => {
  const called = await calling(
    () => ({ status: 202 }),
    (aws) => new LambdaClient(aws.client).send(new InvokeAsyncCommand({ FunctionName: "ship", InvokeArgs: "{}" })),
  );
  expect(header(called)).toBeUndefined();
  expect(called.spans).toMatchObject([
    { name: "ship Invoke", kind: 4, attributes: { "mayfly.keys.produced": ["lambda-request||aws-request-1"] } },
  ]);
});

test("the application's own client context stays, ours stands beside it", async () => {
  const called = await invoking({ ClientContext: encoded({ client: { title: "app" }, custom: { tenant: "t-1" } }) });
  const [span] = called.spans;
  expect(decoded(header(called))).toEqual({
    client: { title: "app" },
    custom: { tenant: "t-1", traceparent: span && traceparentOf(span) },
  });
});

test("a traceparent of the application's own stays as it is", async () => {
  const given = encoded({ custom: { traceparent: "00-their-own-01" } });
  expect(header(await invoking({ ClientContext: given }))).toBe(given);
});

test.each([
  ["is no JSON", Buffer.from("text").toString("base64")],
  ["is no object", encoded([1])],
  ["has no room left", encoded({ custom: { big: "x".repeat(Math.floor((MAX_CLIENT_CONTEXT_LENGTH * 3) / 4) - 60) } })],
])("a client context that %s is left as it is, and that is counted", async (_what, given) => {
  const called = await invoking({ ClientContext: given });
  expect(header(called)).toBe(given);
  expect(called.sdk.state().injectSkipped).toBe(1);
});

test.each([
  ["ship", "ship"],
  ["ship:live", "ship"],
  ["111122223333:function:ship", "ship"],
  ["arn:aws:lambda:eu-west-1:111122223333:function:ship:7", "ship"],
])("the function named %s is %s", async (FunctionName, name) => {
  const called = await invoking({ FunctionName });
  expect(called.spans[0]?.attributes["faas.invoked_name"]).toBe(name);
});
