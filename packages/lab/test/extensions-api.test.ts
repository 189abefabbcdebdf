/** The Extensions API as an internal extension sees it, and what extensions change in an environment's life. */
import { existsSync, readFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Rig, eventually, fn, processState, temporaryFolder } from "./rig.ts";
import { underEachRuntime } from "./runtimes.ts";

interface Answer {
  readonly status: number;
  readonly id: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Result {
  readonly pid: number;
  readonly invocations: number;
  readonly answers: readonly Answer[];
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly context: Readonly<Record<string, unknown>>;
}

interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const register = (name: string, body = '{"events":["INVOKE"]}'): Call => ({
  path: "/register",
  headers: { name },
  body,
});
const NEXT: Call = { method: "GET", path: "/event/next", headers: { identifier: "$ID" } };
const INIT_ERROR: Call = {
  path: "/init/error",
  headers: { identifier: "$ID", "function-error-type": "Extension.Own" },
};
const EXIT_ERROR: Call = { ...INIT_ERROR, path: "/exit/error" };

const extension = (environment: Readonly<Record<string, string>>, more = {}) => ({
  functions: { one: fn("extension", "handler", { environment, reservedConcurrency: 1, ...more }) },
});

/** Work that takes until the test says that it is done. */
const startWork = async (): Promise<{ url: string; isUnderWay: () => boolean; done: () => void }> => {
  const waiting: (() => void)[] = [];
  const server: Server = createServer((_request, response) => waiting.push(() => response.end()));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => server.close().closeAllConnections());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isUnderWay: () => waiting.length > 0,
    done: () => {
      for (const answer of waiting.splice(0)) answer();
    },
  };
};

const whats = ({ moments }: Rig, requestId?: string): string[] =>
  moments.filter((one) => requestId === undefined || one.requestId === requestId).map(({ what }) => what);

underEachRuntime((startRig) => {
  test("the response leaves while an extension is at work; freeze and next invocation wait for it", async () => {
    const work = await startWork();
    const rig = await startRig(extension({ EXTENSION: "worker", WORK_URL: work.url }));

    const first = await rig.invoke<Result>("one");
    await eventually(() => expect(work.isUnderWay()).toBe(true));
    const second = rig.invoke<Result>("one");
    await eventually(() => expect(whats(rig, first.requestId)).toContain("runtimeNext"));

    expect(whats(rig).filter((what) => what === "thawed")).toHaveLength(1);
    expect(processState(first.result.pid)).not.toBe("T");

    work.done();
    await eventually(() => expect(work.isUnderWay()).toBe(true)); // the second's
    work.done();

    expect((await second).result).toMatchObject({ pid: first.result.pid, invocations: 2 });
    expect(whats(rig, first.requestId)).toEqual(["thawed", "response", "runtimeNext", "extensionNext", "frozen"]);
    await rig.lab.idle();
    expect(processState(first.result.pid)).toBe("T");
  });

  test("init ends when the runtime and every extension have asked for their first event", async () => {
    const rig = await startRig(extension({ EXTENSION: "late", LATE_MS: "50" }));

    await rig.invoke("one");

    expect(whats(rig).slice(0, 6)).toEqual([
      "initStart",
      "extensionRegistered",
      "runtimeNext",
      "extensionNext",
      "frozen",
      "thawed",
    ]);
  });

  test("an extension is told of each invocation, and of nothing that it carries", async () => {
    const { invoke, lab } = await startRig(extension({ EXTENSION: "told" }));

    await invoke("one", { secret: 1 });
    await lab.idle();
    const { result, requestId } = await invoke<Result>("one", { waitsForEvents: 2 });

    expect(result.events[1]).toEqual({
      eventType: "INVOKE",
      deadlineMs: expect.any(Number),
      requestId,
      invokedFunctionArn: result.context["invokedFunctionArn"],
      tracing: { type: "X-Amzn-Trace-Id", value: expect.stringMatching(/^Root=1-/) },
    });
  });

  test("the function's timeout covers its extensions: the response stands, the environment ends", async () => {
    const work = await startWork();
    const rig = await startRig(extension({ EXTENSION: "slow", WORK_URL: work.url }, { timeoutMs: 400 }));

    const first = await rig.invoke<Result>("one");
    const second = await rig.invoke<Result>("one");

    expect(first).toMatchObject({ functionError: undefined, result: { invocations: 1 } });
    expect(second.result.invocations).toBe(1);
    expect(whats(rig, first.requestId)).toEqual(["thawed", "response", "runtimeNext", "terminating", "exit"]);
  });

  /** What calls during an init are answered; the init then ends by the process's exit. */
  const answersTo = async (calls: readonly Call[]): Promise<readonly Answer[]> => {
    const { invoke, logs } = await startRig(extension({ CALLS: JSON.stringify(calls), EXIT: "1" }));
    await invoke("one");
    const [line] = logs.filter(({ text }) => text.startsWith("answers "));
    return JSON.parse(line?.text.slice("answers ".length) ?? "") as Answer[];
  };

  test("registration gives an identifier and the function's names, and the account only to who asks for it", async () => {
    const feature = { ...register("b"), headers: { name: "b", "accept-feature": "more, accountId" } };

    const answers = await answersTo([register("a", "{}"), feature]);

    const names = { functionName: "one", functionVersion: "$LATEST", handler: "extension.handler" };
    const id = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/) as string;
    expect(answers).toEqual([
      { status: 200, id, body: names },
      { status: 200, id, body: { ...names, accountId: "000000000000" } },
    ]);
  });

  test("ten may register, each under its own name", async () => {
    const ten = Array.from({ length: 10 }, (_, n) => register(`extension-${n}`));

    const [again, ...others] = (await answersTo([...ten.slice(0, 1), ...ten, register("eleventh")])).slice(1);

    expect(again).toMatchObject({ status: 403, body: { errorType: "Extension.InvalidExtensionState" } });
    expect(others.slice(0, 9).map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 200));
    expect(others[9]).toMatchObject({ status: 403, body: { errorType: "Extension.TooManyExtensions" } });
  });

  test("nobody may register any more when the runtime has asked for its first event", async () => {
    const { invoke } = await startRig(extension({ EXTENSION: "early" }));

    const { result } = await invoke<Result>("one", { calls: [register("late")] });

    const body = {
      errorType: "Extension.RegistrationClosed",
      errorMessage: "Extension registration closed already",
    };
    expect(result.answers).toEqual([{ status: 403, id: null, body }]);
  });

  test.each<{ what: string; calls: Call[]; errorType: string }>([
    { what: "without a name", calls: [{ path: "/register", body: "{}" }], errorType: "Extension.InvalidExtensionName" },
    {
      what: "for SHUTDOWN",
      calls: [register("a", '{"events":["SHUTDOWN"]}')],
      errorType: "Extension.InvalidEventType",
    },
    {
      what: "for an event unheard of",
      calls: [register("a", '{"events":["?"]}')],
      errorType: "Extension.InvalidEventType",
    },
    { what: "with no JSON", calls: [register("a", "{")], errorType: "InvalidRequestFormat" },
  ])("registration $what is refused", async ({ calls, errorType }) => {
    const { invoke } = await startRig(extension({ CALLS: JSON.stringify(calls) }));

    const { result } = await invoke<Result>("one");

    expect(result.answers.at(-1)).toMatchObject({ status: 403, body: { errorType } });
  });

  test.each<{ what: string; call: Call; errorType: string }>([
    { what: "no identifier", call: { ...NEXT, headers: {} }, errorType: "Extension.MissingExtensionIdentifier" },
    {
      what: "an identifier that is none",
      call: { ...NEXT, headers: { identifier: "me" } },
      errorType: "Extension.InvalidExtensionIdentifier",
    },
    {
      what: "somebody else's identifier",
      call: { ...EXIT_ERROR, headers: { ...EXIT_ERROR.headers, identifier: "00000000-0000-4000-8000-000000000000" } },
      errorType: "Extension.UnknownExtensionIdentifier",
    },
    {
      what: "no error type",
      call: { ...EXIT_ERROR, headers: { identifier: "$ID" } },
      errorType: "Extension.MissingHeader",
    },
    { what: "an init error after init", call: INIT_ERROR, errorType: "Extension.InvalidExtensionState" },
  ])("a call with $what is refused", async ({ call, errorType }) => {
    const { invoke } = await startRig(extension({ EXTENSION: "caller" }));

    const { result } = await invoke<Result>("one", { calls: [call] });

    expect(result.answers.at(-1)).toMatchObject({ status: 403, body: { errorType } });
  });

  test.each([
    { call: INIT_ERROR, errorType: "Extension.InitError" },
    { call: EXIT_ERROR, errorType: "Extension.ExitError" },
  ])(
    "an extension that reports $errorType while it starts, and exits, fails the init with it",
    async ({ call, errorType }) => {
      const calls = JSON.stringify([register("failing"), call, NEXT]);
      const { invoke, lab } = await startRig(extension({ CALLS: calls, EXIT: "1" }));

      const answer = await invoke<{ errorType: string }>("one");

      expect(answer).toMatchObject({ functionError: "Unhandled", result: { errorType } });
      expect(lab.truth.deliveries).toMatchObject([{ outcome: "crash" }]);
    },
  );

  test("an extension that reports an error during an invocation, and exits, fails it with Extension.ExitError", async () => {
    const { invoke } = await startRig(extension({ EXTENSION: "failing" }));

    const answer = await invoke<{ errorType: string }>("one", { calls: [EXIT_ERROR], exits: true });

    expect(answer.result.errorType).toBe("Extension.ExitError");
  });

  test("an idle environment with an extension is ended by SIGTERM, at lab.shutdown() and at lab.close()", async () => {
    const file = join(temporaryFolder(), "signals");
    const rig = await startRig(extension({ EXTENSION: "polite", SIGTERM_FILE: file }));

    await rig.invoke("one");
    await rig.lab.idle();
    await rig.lab.shutdown("one");

    expect(readFileSync(file, "utf8")).toBe("SIGTERM");
    expect(whats(rig).slice(-2)).toEqual(["terminating", "exit"]);

    expect((await rig.invoke<Result>("one")).result.invocations).toBe(1);
    await rig.lab.idle();
    await rig.lab.close();

    expect(readFileSync(file, "utf8")).toBe("SIGTERMSIGTERM");
  });

  test("one that stays after SIGTERM is killed", async () => {
    const file = join(temporaryFolder(), "signals");
    const { invoke, lab } = await startRig(extension({ EXTENSION: "stubborn", SIGTERM_FILE: file, STAYS: "1" }));
    const { pid } = (await invoke<Result>("one")).result;
    await lab.idle();

    await lab.shutdown("one");

    expect(readFileSync(file, "utf8")).toBe("SIGTERM");
    expect(processState(pid)).toBeUndefined();
  });

  test("without an extension nobody is warned: SIGKILL", async () => {
    const file = join(temporaryFolder(), "signals");
    const rig = await startRig(extension({ SIGTERM_FILE: file }));
    await rig.invoke("one");
    await rig.lab.idle();

    await rig.lab.shutdown("one");

    expect(existsSync(file)).toBe(false);
    expect(whats(rig).slice(-2)).toEqual(["frozen", "exit"]);
  });
});
