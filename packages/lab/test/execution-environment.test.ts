import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Rig, eventually, fixture, fn, processState, startRig as startRigWith, temporaryFolder } from "./rig.ts";
import { isSkipped, underEachRuntime } from "./runtimes.ts";

interface Facts {
  readonly pid: number;
  readonly parent: number;
  readonly invocations: number;
  readonly context: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, string>>;
}

interface LambdaError {
  readonly errorType: string;
  readonly errorMessage: string;
}

underEachRuntime((startRig, { node }) => {
  const isNode22 = node === "nodejs22.x";

  test("a handler runs in a process of its own, and the second invocation finds what the first left", async () => {
    const { invoke, lab } = await startRig({ functions: { probe: fn("probe", "facts") } });

    const first = await invoke<Facts>("probe");
    await lab.idle();
    const second = await invoke<Facts>("probe");

    expect(first.result.pid).not.toBe(process.pid);
    expect(first.result.parent).toBe(process.pid);
    expect(second.result.pid).toBe(first.result.pid);
    expect([first.result.invocations, second.result.invocations]).toEqual([1, 2]);
    expect(lab.truth.deliveries.map(({ coldStart }) => coldStart)).toEqual([true, false]);
  });

  test("the Node.js is the one that the function asks for", async () => {
    const { invoke } = await startRig({ functions: { probe: fn("probe", "nodeVersion") } });

    expect((await invoke<string>("probe")).result).toMatch(isNode22 ? /^v22\./ : /^v(?!22\.)/);
  });

  test("between invocations the process is stopped: a timer left behind goes on only during the next", async () => {
    const file = join(temporaryFolder(), "ticks");
    const { invoke } = await startRig({
      functions: { ticking: fn("probe", "ticking"), clock: fn("probe", "waiting") },
    });
    const ticks = (): number => readFileSync(file).length;

    const { pid } = (await invoke<{ pid: number }>("ticking", { file })).result;
    await eventually(() => expect(processState(pid)).toBe("T"));
    const frozen = ticks();
    await invoke("clock", { ms: 100 }); // fifty ticks, were it not for the freeze

    expect(ticks()).toBe(frozen);
    expect(processState(pid)).toBe("T");

    await invoke("ticking", { file });

    expect(ticks()).toBeGreaterThan(frozen);
  });

  test.each([
    { how: "hang", type: "Sandbox.Timedout", message: /Task timed out after 0\.30 seconds/, outcome: "timeout" },
    { how: "spin", type: "Sandbox.Timedout", message: /Task timed out after 0\.30 seconds/, outcome: "timeout" },
    { how: "exit", type: "Runtime.ExitError", message: /exit status 3/, outcome: "crash" },
    { how: "signal", type: "Runtime.ExitError", message: /signal: killed/, outcome: "crash" },
    ...(isNode22
      ? [{ how: "rejected", type: "Runtime.UnhandledPromiseRejection", message: /nobody waits/, outcome: "error" }]
      : [{ how: "uncaught", type: "Runtime.ExitError", message: /exit status 1/, outcome: "crash" }]),
  ])("an invocation that ends with $how answers $type, and the next one is cold", async (ending) => {
    const { invoke, lab } = await startRig({ functions: { ending: fn("probe", "endingAs", { timeoutMs: 300 }) } });

    const failed = await invoke<LambdaError>("ending", { how: ending.how });
    const next = await invoke<{ invocations: number }>("ending");

    expect(failed.functionError).toBe("Unhandled");
    expect(failed.result).toMatchObject({
      errorType: ending.type,
      errorMessage: expect.stringMatching(ending.message) as string,
    });
    if (ending.outcome !== "error") expect(failed.result.errorMessage).toContain(`RequestId: ${failed.requestId}`);
    expect(next.result).toEqual({ invocations: 1 });
    expect(lab.truth.deliveries).toMatchObject([
      { outcome: ending.outcome, coldStart: true },
      { outcome: "success", coldStart: true },
    ]);
  });

  test.each([
    { how: "throw", error: { errorType: "RangeError", errorMessage: "too far" } },
    { how: "throw text", error: { errorType: "string", errorMessage: "just text" } },
  ])("an error by $how is the function's own, and its environment stays warm", async ({ how, error }) => {
    const { invoke, lab } = await startRig({ functions: { ending: fn("probe", "endingAs") } });

    const failed = await invoke<LambdaError>("ending", { how });
    await lab.idle();
    const next = await invoke("ending");

    expect(failed.functionError).toBe("Unhandled");
    expect(failed.result).toMatchObject(error);
    expect(next.result).toEqual({ invocations: 2 });
    expect(lab.truth.deliveries).toMatchObject([
      { outcome: "error", coldStart: true },
      { outcome: "success", coldStart: false },
    ]);
  });

  test("an environment that ends while it is frozen is replaced, at a concurrency of one too", async () => {
    const { invoke } = await startRig({ functions: { probe: fn("probe", "facts", { reservedConcurrency: 1 }) } });
    const { pid } = (await invoke<Facts>("probe")).result;

    process.kill(pid, "SIGKILL");
    await eventually(() => expect(processState(pid)).toBeUndefined());

    expect((await invoke<Facts>("probe")).result.invocations).toBe(1);
  });

  test.each([
    { how: "an error", file: "broken-init.mjs", variables: {}, type: "ConfigurationError" },
    { how: "process.exit", file: "broken-init.mjs", variables: { HOW: "exit" }, type: "Runtime.ExitError" },
    { how: "a missing import", file: "broken-init.mjs", variables: { IMPORT: "no-such-package" }, type: "Error" },
    {
      how: "a missing require",
      file: "broken-init.mjs",
      variables: { REQUIRE: "no-such-package" },
      type: "Runtime.ImportModuleError",
    },
    { how: "no such export", file: "probe.mjs", variables: {}, type: "Runtime.HandlerNotFound" },
  ])("an init that ends with $how answers $type, each time anew", async ({ file, variables, type }) => {
    const broken = { file: fixture(file), handler: "absent", environment: variables };
    const { invoke, lab } = await startRig({ functions: { broken } });

    const [first, second] = [await invoke<LambdaError>("broken"), await invoke<LambdaError>("broken")];

    expect([first, second]).toMatchObject([
      { functionError: "Unhandled", result: { errorType: type } },
      { functionError: "Unhandled", result: { errorType: type } },
    ]);
    expect(lab.truth.deliveries).toMatchObject([
      { outcome: "crash", coldStart: true },
      { outcome: "crash", coldStart: true },
    ]);
  });

  test("a module that is no JavaScript answers Runtime.UserCodeSyntaxError", async () => {
    const file = join(temporaryFolder(), "broken.mjs");
    writeFileSync(file, "export const handler = async ( => 1;");
    const { invoke } = await startRig({ functions: { broken: { file } } });

    expect((await invoke<LambdaError>("broken")).result.errorType).toBe("Runtime.UserCodeSyntaxError");
  });

  if (isNode22) {
    test("an error that nobody catches is the invocation's own", async () => {
      const { invoke } = await startRig({ functions: { ending: fn("probe", "endingAs") } });

      const failed = await invoke<LambdaError>("ending", { how: "uncaught" });

      expect(failed.result).toMatchObject({ errorType: "Error", errorMessage: "nobody waits for this" });
      expect((await invoke("ending")).result).toEqual({ invocations: 1 });
    });
  } else {
    test("a handler with a callback is refused, as by Lambda's Node.js 24", async () => {
      const { invoke } = await startRig({ functions: { old: fn("probe", "withCallback") } });

      expect((await invoke<LambdaError>("old")).result.errorType).toBe("Runtime.CallbackHandlerDeprecated");
    });
  }

  test("a handler may be a default export's", async () => {
    const file = join(temporaryFolder(), "handler.cjs");
    writeFileSync(file, "module.exports = { run: async () => 'by CommonJS' };");
    const { invoke } = await startRig({ functions: { one: { file, handler: "run" } } });

    expect((await invoke("one")).result).toBe("by CommonJS");
  });

  test("a handler may be inside an export", async () => {
    const file = join(temporaryFolder(), "handler.cjs");
    writeFileSync(file, "module.exports = { orders: { run: async () => 'from inside' } };");
    const { invoke } = await startRig({ functions: { one: { file, handler: "orders.run" } } });

    expect((await invoke("one")).result).toBe("from inside");
  });

  test("at the reserved concurrency the next invocation waits for an environment to come free", async () => {
    const two = fn("probe", "facts", { reservedConcurrency: 2 });
    const { invoke, lab } = await startRig({ functions: { probe: two } });

    const answers = await Promise.all([1, 2, 3].map(() => invoke<Facts>("probe")));

    expect(answers.map(({ functionError }) => functionError)).toEqual([undefined, undefined, undefined]);
    expect(new Set(answers.map(({ result }) => result.pid)).size).toBe(2);
    expect(lab.truth.deliveries.filter(({ coldStart }) => coldStart)).toHaveLength(2);
  });

  test("a function sees the variables that Lambda sets, the lab's and its own, and none of this machine", async () => {
    const environment = { TABLE: "orders", AWS_LAMBDA_FUNCTION_NAME: "forged" };
    const one = fn("probe", "facts", {
      memoryMb: 256,
      environment: { ...environment, SELF: { functionArn: "probe" } },
    });
    const { invoke, lab } = await startRig({ functions: { probe: one } }, { environment: { STAGE: "test" } });

    const { variables, context } = (await invoke<Facts>("probe")).result;

    expect(variables).toMatchObject({
      ...lab.environment,
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^AKIALAB[0-9A-F]{12}$/),
      AWS_EXECUTION_ENV: `AWS_Lambda_${node}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_LAMBDA_FUNCTION_NAME: "probe",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/probe",
      AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
      AWS_LAMBDA_RUNTIME_API: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      AWS_REGION: "eu-west-1",
      AWS_SESSION_TOKEN: "lab",
      LAMBDA_TASK_ROOT: fixture(""),
      SELF: "arn:aws:lambda:eu-west-1:000000000000:function:probe",
      STAGE: "test",
      TABLE: "orders",
      TZ: ":UTC",
      _HANDLER: "probe.facts",
      _X_AMZN_TRACE_ID: isNode22 ? expect.stringMatching(/^Root=/) : context["xRayTraceId"],
    });
    expect(variables).not.toHaveProperty("HOME");
    expect(variables).not.toHaveProperty("VITEST");
  });

  test("the context names the invocation, the function and where it logs", async () => {
    const { invoke } = await startRig({ functions: { probe: fn("probe", "facts") } }, { region: "us-east-1" });

    const { result, requestId } = await invoke<Facts>("probe");

    expect(result.context).toEqual({
      awsRequestId: requestId,
      functionName: "probe",
      functionVersion: "$LATEST",
      invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:probe",
      logGroupName: "/aws/lambda/probe",
      logStreamName: result.variables["AWS_LAMBDA_LOG_STREAM_NAME"],
      memoryLimitInMB: "128",
      ...(isNode22 ? { callbackWaitsForEmptyEventLoop: true } : { xRayTraceId: result.variables["_X_AMZN_TRACE_ID"] }),
    });
    expect(result.variables["_X_AMZN_TRACE_ID"]).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Lineage=[0-9a-f]{8}:0$/);
  });

  test("the remaining time starts below the timeout and only falls", async () => {
    const { invoke } = await startRig({ functions: { probe: fn("probe", "remaining", { timeoutMs: 20_000 }) } });

    const [first = 0, second = 0] = (await invoke<number[]>("probe")).result;

    expect(first).toBeLessThanOrEqual(20_000);
    expect(second).toBeLessThan(first);
    expect(second).toBeGreaterThan(0);
  });

  test("a result is what its JSON is, however it was returned", async () => {
    const { invoke } = await startRig({ functions: { probe: fn("probe", "resultOf") } });
    const resultOf = async (kind: string): Promise<unknown> => (await invoke("probe", { kind })).result;

    expect(await resultOf("sync")).toBe(isNode22 ? null : "at once"); // without a callback or a promise, nothing
    expect(await resultOf("promise")).toBe("later");
    expect(await resultOf("undefined")).toBeNull();
    expect(await resultOf("null")).toBeNull();
  });

  test.each(["cyclic", "bigint"])("a %s result, which has no JSON, is an error of the function", async (kind) => {
    const { invoke } = await startRig({ functions: { probe: fn("probe", "resultOf") } });

    const answer = await invoke<LambdaError>("probe", { kind });

    expect(answer.functionError).toBe("Unhandled");
    expect(answer.result.errorType).toBe(isNode22 ? "Error" : "Runtime.JSONStringifyError");
  });

  test("a function for a result is refused by the client itself", async () => {
    const { invoke } = await startRig({ functions: { probe: fn("probe", "resultOf") } });

    const answer = await invoke<LambdaError>("probe", { kind: "function" });

    expect(answer.result).toMatchObject({ errorType: "TypeError", errorMessage: "Wrong arguments" });
  });

  test("a payload of several megabytes arrives whole and comes back whole", async () => {
    const { invoke } = await startRig({ functions: { probe: fn("probe", "resultOf") } });
    const payload = "äöü€🦋 ".repeat(300_000);

    const { result } = await invoke("probe", { kind: "echo", payload });

    expect(result === payload).toBe(true); // not toBe: a difference would print megabytes
  });

  test("what a handler prints arrives line by line with the invocation it belongs to", async () => {
    const { invoke, logs, lab } = await startRig({ functions: { probe: fn("probe", "printing") } });
    // As many as a pipe holds, unread: AWS's client does not wait until more is out.
    const lines = Array.from({ length: 100 }, (_, n) => `line ${n} ${"x".repeat(100)}`);

    const first = await invoke("probe", { lines });
    await lab.idle();
    const second = await invoke("probe", { lines: ["two\nlines"] });
    const of = (requestId: string | undefined, stream: string): string[] =>
      logs.filter((line) => line.requestId === requestId && line.stream === stream).map(({ text }) => text);

    await eventually(() => expect(of(second.requestId, "stderr")).toEqual(["bare"]));
    expect(of(first.requestId, "stdout").map((text) => text.split("\t").slice(1))).toEqual([
      ...lines.map((line) => [first.requestId, "INFO", line]),
      [first.requestId, "ERROR", "an error of 100 lines"],
    ]);
    expect(of(second.requestId, "stdout")[0]).toMatch(/\tINFO\ttwo\rlines$/);
    expect(logs.every(({ functionName }) => functionName === "probe")).toBe(true);
  });

  test("no process is left after close(), frozen or busy; closing twice is safe", async () => {
    const { invoke, lab } = await startRig({
      functions: { probe: fn("probe", "facts"), busy: fn("probe", "endingAs", { timeoutMs: 60_000 }) },
      routes: { "GET /": "busy" },
    });
    const { pid } = (await invoke<Facts>("probe")).result;
    const hanging = invoke("busy", { how: "hang" }).catch(() => undefined);
    await eventually(() => expect(childrenOf(process.pid).length).toBeGreaterThanOrEqual(3));

    await Promise.all([lab.close(), lab.close()]);
    await lab.close();
    await hanging;

    expect(processState(pid)).toBeUndefined();
    expect(childrenOf(process.pid)).toEqual([]);
  });

  test("close() ends an environment that is still starting, and whoever waits for it is answered", async () => {
    const { invoke, lab } = await startRig({ functions: { probe: fn("probe", "facts", { reservedConcurrency: 1 }) } });
    const answers = [invoke("probe"), invoke("probe")].map((answer) => answer.catch(() => "refused"));
    await eventually(() => expect(childrenOf(process.pid)).toHaveLength(2)); // the watchdog and the environment

    await lab.close();

    expect(childrenOf(process.pid)).toEqual([]);
    await Promise.all(answers);
  });
});

test.skipIf(isSkipped({ client: "aws-lambda-ric", node: "nodejs24.x" }))(
  "a file that AWS's client would not find by its name is refused before anything starts",
  async () => {
    const folder = temporaryFolder();
    for (const file of ["orders.js", "orders.mjs"]) writeFileSync(join(folder, file), "");
    const start = (file: string): Promise<Rig> =>
      startRigWith({ functions: { orders: { file: join(folder, file) } } }, { runtimeClient: "aws-lambda-ric" });

    await expect(start("orders.mjs")).rejects.toThrow(/finds .*orders\.js by the name of .*orders\.mjs/);
    await expect(start("orders.js")).resolves.toBeDefined();
  },
);

test("a lab that is killed leaves no stopped process behind", async () => {
  const script = fileURLToPath(new URL("./lab-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const pid = Number(line);
  await eventually(() => expect(processState(pid)).toBe("T"));

  child.kill("SIGKILL");

  await eventually(() => expect([undefined, "Z"]).toContain(processState(pid)));
});

const childrenOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
