import { InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { fn } from "./rig.ts";
import { type StartRig, underEachRuntime, underNode22 } from "./runtimes.ts";

const ERROR = { errorType: "RangeError", errorMessage: "too far" };

underNode22((startRig) => {
  test.each([
    ["its first call", "calls", "called back"],
    ["context.succeed", "succeed", "by context"],
    ["nothing at all: null, whatever it returned", "nothing", null],
    ["callbackWaitsForEmptyEventLoop off, a timer left behind", "waits no longer", "called back"],
  ])("on Node.js 22 a handler with a callback answers by %s", async (_what, how, result) => {
    const { invoke } = await startRig({ functions: { old: fn("forms", "withCallback") } });

    const answers = [await invoke("old", { how }), await invoke("old", { how })];

    expect(answers).toMatchObject([{ result }, { result }]);
  });

  test.each(["error", "fail", "throws"])("on Node.js 22 its error by %s is the function's own", async (how) => {
    const { invoke, lab } = await startRig({
      functions: { old: fn("forms", "withCallback") },
    });

    expect(await invoke("old", { how })).toMatchObject({ functionError: "Unhandled", result: ERROR });
    expect(lab.truth.deliveries).toMatchObject([{ outcome: "error" }]);
  });

  test("on Node.js 22 the promise of a handler that also declares a callback answers", async () => {
    const { invoke } = await startRig({
      functions: { old: fn("forms", "asyncWithCallback") },
    });

    expect((await invoke("old")).result).toBe("by promise");
  });
});

const streamedBy =
  (startRig: StartRig) =>
  async (how: string, handler = "streaming") => {
    const { lab, lambda } = await startRig({ functions: { stream: fn("forms", handler) } });
    const command = new InvokeCommand({ FunctionName: "stream", Payload: JSON.stringify({ how }) });
    const answers = [await lambda.send(command), await lambda.send(command)];
    const [first, second] = answers.map(({ Payload }) => Payload?.transformToString() ?? "");
    expect(second).toBe(first);
    return { body: first ?? "", outcomes: lab.truth.deliveries.map(({ outcome }) => outcome) };
  };

underEachRuntime((startRig) => {
  const streamed = streamedBy(startRig);

  test("what a streaming handler writes is the answer, chunk after chunk", async () => {
    expect(await streamed("ends")).toEqual({ body: "one two", outcomes: ["success", "success"] });
  });

  test("HttpResponseStream.from puts its prelude and eight zeros before the first byte", async () => {
    const { body } = await streamed("prelude");
    expect(body).toBe(`{"statusCode":201}${"\0".repeat(8)}one two`);
  });

  test.each([
    ["midway", ERROR],
    ["at once", { errorType: "RangeError", errorMessage: "too early" }],
  ])("a stream that fails %s is an error, told in trailers", async (how, error) => {
    const { body, outcomes } = await streamed(how);
    expect(JSON.parse(body)).toMatchObject(error);
    expect(outcomes).toEqual(["error", "error"]);
  });

  test("a streaming handler that returns no promise is refused", async () => {
    const { body } = await streamed("", "notAsync");
    expect(body).toContain("Streaming does not support non-async handlers.");
  });
});
