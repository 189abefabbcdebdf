/**
 * One execution environment: a process with a runtime, a handler and perhaps extensions in it, and the APIs that only this process
 * talks to.
 *
 *   starting ──all next──▶ idle (stopped) ──invoke──▶ busy ──response──▶ busy ──all next──▶ idle (stopped)
 *       └────────────────────────┴──── exit, timeout, shutdown or kill ────┴──▶ ending ──▶ gone
 *
 * "All" are the runtime and every registered extension: init ends, and the next invocation may come, only when each of them has asked for
 * its next event; the function's timeout covers them all. The response goes to the caller when the runtime posts it.
 *
 * Between invocations the process is stopped (SIGSTOP), as Lambda freezes it: a timer or a request that somebody leaves
 * behind goes on only during the next invocation. It is continued before the next event is answered.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { Readable } from "node:stream";
import { ACCOUNT_ID } from "./addresses.ts";
import type { FunctionDefinition } from "./definition.ts";
import { type EnvironmentApi, startEnvironmentApi } from "./environment-api.ts";
import { type ExtensionsApi, type RegisteredExtension, createExtensionsApi } from "./extensions-api.ts";
import { DEFAULT_MEMORY_MB, launchOf } from "./launch.ts";
import type { Moment } from "./moments.ts";
import { type PlatformRecord, type PlatformRecords, createPlatformRecords, memoryMbOf } from "./platform-records.ts";
import { type Invocation, type InvocationResult, type RuntimeApi, createRuntimeApi } from "./runtime-api.ts";
import { DEFAULT_NODE, type Runtime, handlerName } from "./runtime.ts";
import { type TelemetryApi, createTelemetryApi } from "./telemetry-api.ts";
import type { Watchdog } from "./watchdog.ts";

export interface LogLine {
  readonly functionName: string;
  readonly requestId?: string;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

export interface EnvironmentDeps {
  readonly name: string;
  readonly definition: FunctionDefinition;
  readonly runtime: Runtime;
  readonly arn: string;
  /** Its own, so that whatever it signs names it. */
  readonly accessKeyId: string;
  /** Those of the lab and of the function; Lambda's own win. */
  readonly variables: () => Readonly<Record<string, string>>;
  readonly onLog: (line: LogLine) => void;
  readonly onMoment: (moment: Moment) => void;
  readonly onPlatformRecord: (record: PlatformRecord) => void;
  readonly watchdog: Watchdog;
}

export interface Environment {
  readonly accessKeyId: string;
  /** Of the invocation that runs now, work after its response included. */
  readonly requestId: string | undefined;
  readonly isColdStart: boolean;
  readonly isGone: boolean;
  /** Resolves when init has ended, well or not. */
  start(): Promise<void>;
  /** Resolves when there is a result; `ready` (below) when the next invocation may come. */
  invoke(invocation: Invocation): Promise<InvocationResult>;
  /** Resolves when everybody in it has asked for the next event, or it is gone. */
  ready(): Promise<void>;
  /** As Lambda ends an environment that it no longer needs; at once where it is at work. */
  shutdown(): Promise<void>;
}

/** How often it is looked at what an environment holds, where that is limited. */
const MEMORY_POLL_MS = 10;
/** As on Lambda: an init of more than ten seconds is cut off. */
const INIT_TIMEOUT_MS = 10_000;
/** Between SIGTERM and SIGKILL, with internal extensions alone; without any there is no SIGTERM. */
const SHUTDOWN_MS = 500;

export const createEnvironment = (deps: EnvironmentDeps): Environment => new RunningEnvironment(deps);

class RunningEnvironment implements Environment {
  readonly accessKeyId: string;
  requestId: string | undefined;
  isColdStart = true;

  readonly #deps: EnvironmentDeps;
  readonly #timeoutMs: number;
  readonly #logStreamName = `${new Date().toISOString().slice(0, 10).replaceAll("-", "/")}/[$LATEST]${randomBytes(16).toString("hex")}`;
  readonly #runtime: RuntimeApi;
  readonly #extensions: ExtensionsApi;
  readonly #telemetry: TelemetryApi;
  readonly #records: PlatformRecords;
  #phase: "starting" | "idle" | "busy" | "ending" | "gone" = "starting";
  #api: EnvironmentApi | undefined;
  #process: ChildProcess | undefined;
  /** The first error that somebody in it reported, as JSON: why it fails, when it ends without a result. */
  #reportedError: string | undefined;
  #settle: ((result: InvocationResult) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #memoryPoll: NodeJS.Timeout | undefined;
  #isOutOfMemory = false;
  #whenReady: (() => void)[] = [];
  #whenGone: (() => void)[] = [];

  constructor(deps: EnvironmentDeps) {
    this.#deps = deps;
    this.accessKeyId = deps.accessKeyId;
    this.#timeoutMs = deps.definition.timeoutMs ?? 3_000;
    this.#runtime = createRuntimeApi({
      arn: deps.arn,
      onNext: () => this.#runtimeAsked(),
      onResult: (result, arrivedAtMs) => {
        this.#records.responded(result, arrivedAtMs);
        this.#result(result);
      },
      onInitError: (error) => void (this.#reportedError ??= error),
    });
    this.#extensions = createExtensionsApi({
      functionName: deps.name,
      handler: handlerName(deps.definition),
      accountId: ACCOUNT_ID,
      onRegistered: ({ name }) => this.#tell("extensionRegistered", name),
      onNext: (extension) => this.#extensionAsked(extension),
      onError: (errorType) => void (this.#reportedError ??= failure(errorType, `an extension reported ${errorType}`)),
    });
    this.#telemetry = createTelemetryApi({
      callerOf: (call) => this.#extensions.callerOf(call),
      isJsonLog: () => deps.variables()["AWS_LAMBDA_LOG_FORMAT"] === "JSON",
    });
    this.#records = createPlatformRecords({
      functionName: deps.name,
      instanceId: this.#logStreamName.slice(-32),
      memoryMb: deps.definition.memoryMb ?? DEFAULT_MEMORY_MB,
      runtime: deps.definition.runtime ?? DEFAULT_NODE,
      emit: (type, record) => {
        if (!this.isGone) this.#telemetry.platform(type, record); // nobody is left in it otherwise
        const time = new Date().toISOString();
        deps.onPlatformRecord({ functionName: deps.name, event: { time, type, record } });
      },
    });
  }

  get isGone(): boolean {
    return this.#phase === "gone";
  }

  async start(): Promise<void> {
    this.#api = await startEnvironmentApi([this.#runtime.serve, this.#extensions.serve, this.#telemetry.serve]);
    if (this.isGone) return this.#api.close();
    const { command, args, ...launch } = launchOf({
      ...this.#deps,
      variables: this.#deps.variables(),
      logStreamName: this.#logStreamName,
      runtimeApi: this.#api.address,
    });
    this.#tell("initStart");
    this.#records.initStarted();
    // A group of its own, so that what it starts is stopped and ended with it.
    const child = spawn(command, args, { ...launch, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    if (child.pid !== undefined) this.#deps.watchdog.watch(child.pid);
    if (this.#deps.definition.enforceMemory)
      this.#memoryPoll = setInterval(() => this.#limitMemory(), MEMORY_POLL_MS).unref();
    for (const stream of ["stdout", "stderr"] as const) {
      eachLine(child[stream], (line) => this.#log(stream, line));
    }
    child.once("exit", (code, signal) => this.#exited(code, signal));
    child.once("error", (error) => {
      this.#reportedError ??= failure("Runtime.InvalidEntrypoint", error.message);
      this.#exited(null, null);
    });
    const limit = setTimeout(() => void this.#end(), INIT_TIMEOUT_MS);
    await this.ready();
    clearTimeout(limit);
  }

  ready(): Promise<void> {
    if (this.#phase === "idle" || this.isGone) return Promise.resolve();
    return new Promise((resolve) => this.#whenReady.push(resolve));
  }

  invoke(invocation: Invocation): Promise<InvocationResult> {
    if (this.#phase !== "idle") {
      const payload = this.#reportedError ?? failure("Runtime.ExitError", "Runtime exited");
      return Promise.resolve({ outcome: "crash", payload });
    }
    const { requestId, traceHeader } = invocation;
    this.#phase = "busy";
    this.requestId = requestId;
    const deadlineMs = Date.now() + this.#timeoutMs;
    this.#timer = setTimeout(() => this.#timedOut(), this.#timeoutMs);
    const result = new Promise<InvocationResult>((resolve) => (this.#settle = resolve));
    this.#tell("thawed");
    this.#signal("SIGCONT");
    this.#telemetry.resume();
    this.#records.started(invocation);
    this.#extensions.invoke({ deadlineMs, requestId, invokedFunctionArn: this.#deps.arn, traceHeader });
    this.#runtime.invoke(invocation, deadlineMs);
    return result;
  }

  async shutdown(): Promise<void> {
    if (this.isGone) return;
    if (this.#process === undefined) this.#phase = "gone"; // start() finds it so, and starts nothing
    else if (this.#phase === "idle") await this.#end();
    else {
      this.#signal("SIGKILL");
      await this.#gone();
    }
  }

  #runtimeAsked(): void {
    this.#tell("runtimeNext");
    this.#extensions.closeRegistration();
    if (this.#phase === "starting") this.#records.initRuntimeDone();
    this.#freezeWhenAllHaveAsked();
  }

  #extensionAsked({ name, events }: RegisteredExtension): void {
    this.#tell("extensionNext", name);
    if (this.#phase === "starting") this.#telemetry.platform("platform.extension", { name, state: "Ready", events });
    this.#freezeWhenAllHaveAsked();
  }

  #freezeWhenAllHaveAsked(): void {
    if (this.#phase !== "starting" && this.#phase !== "busy") return;
    // A stream may end after the runtime has asked for more.
    if (!this.#runtime.isWaiting || this.#settle) return;
    if (this.#phase === "busy") this.#records.runtimeDone();
    if (!this.#extensions.areWaiting) return;
    clearTimeout(this.#timer);
    this.#signal("SIGSTOP");
    this.#telemetry.pause();
    this.#tell("frozen");
    // What it has printed is in the pipes by now, belongs to the invocation that ends here, and is read first.
    setImmediate(() => setImmediate(() => this.#idle()));
  }

  #idle(): void {
    if (this.#phase !== "starting" && this.#phase !== "busy") return;
    if (this.#phase === "starting") this.#records.initDone();
    this.#records.reported(this.#process?.pid);
    this.#telemetry.closeSubscription();
    this.#phase = "idle";
    if (this.requestId !== undefined) this.isColdStart = false;
    this.requestId = undefined;
    this.#becameReady();
  }

  #result(result: InvocationResult): void {
    if (!this.#settle) return;
    this.#tell("response");
    this.#settle(result);
    this.#settle = undefined;
    this.#freezeWhenAllHaveAsked();
  }

  #timedOut(): void {
    this.#records.timedOut(this.#process?.pid);
    void this.#end();
    const seconds = (this.#timeoutMs / 1_000).toFixed(2);
    this.#result({
      outcome: "timeout",
      payload: failure(
        "Sandbox.Timedout",
        `RequestId: ${this.requestId} Error: Task timed out after ${seconds} seconds`,
      ),
    });
  }

  #limitMemory(): void {
    const limitMb = this.#deps.definition.memoryMb ?? DEFAULT_MEMORY_MB;
    const pid = this.#process?.pid;
    if (pid === undefined || this.#isOutOfMemory || (memoryMbOf(pid, "VmRSS") ?? 0) <= limitMb) return;
    this.#isOutOfMemory = true;
    this.#signal("SIGKILL");
  }

  /** SIGTERM, and some time, only where an extension is registered: without one Lambda kills the runtime outright. */
  async #end(): Promise<void> {
    if (this.#process === undefined || this.isGone) return;
    if (this.#phase === "ending") return this.#gone();
    this.#phase = "ending";
    clearTimeout(this.#timer);
    if (this.#extensions.count > 0) {
      this.#tell("terminating");
      this.#signal("SIGTERM");
      this.#signal("SIGCONT"); // a stopped process takes no other signal
      this.#telemetry.resume();
      this.#telemetry.flush();
      this.#timer = setTimeout(() => this.#signal("SIGKILL"), SHUTDOWN_MS);
    } else this.#signal("SIGKILL"); // also ends a stopped process
    await this.#gone();
  }

  /** To the process and whatever it has started. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch {
      // it has ended by itself
    }
  }

  #gone(): Promise<void> {
    return this.isGone ? Promise.resolve() : new Promise((resolve) => this.#whenGone.push(resolve));
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#process?.pid !== undefined) this.#deps.watchdog.forget(this.#process.pid);
    this.#phase = "gone";
    clearTimeout(this.#timer);
    clearInterval(this.#memoryPoll);
    this.#records.ended(this.#isOutOfMemory ? "Runtime.OutOfMemory" : "Runtime.ExitError");
    this.#signal("SIGKILL"); // what it has started does not outlive it
    this.#tell("exit");
    const how = signal === null ? `exit status ${code}` : `signal: ${signal === "SIGKILL" ? "killed" : signal}`;
    const payload =
      this.#reportedError ??
      failure("Runtime.ExitError", `RequestId: ${this.requestId} Error: Runtime exited with error: ${how}`);
    this.#settle?.({ outcome: "crash", payload });
    this.#settle = undefined;
    this.#becameReady();
    for (const resolve of this.#whenGone.splice(0)) resolve();
    this.#telemetry.close();
    this.#api?.close();
  }

  #becameReady(): void {
    for (const resolve of this.#whenReady.splice(0)) resolve();
  }

  #tell(what: Moment["what"], extension?: string): void {
    const { requestId } = this;
    this.#deps.onMoment({
      functionName: this.#deps.name,
      environment: this.#logStreamName,
      what,
      atMs: performance.now(),
      ...(extension !== undefined && { extension }),
      ...(requestId !== undefined && { requestId }),
    });
  }

  #log(stream: "stdout" | "stderr", line: string): void {
    const { requestId } = this;
    this.#telemetry.line(line);
    this.#deps.onLog({
      functionName: this.#deps.name,
      stream,
      text: line,
      ...(requestId !== undefined && { requestId }),
    });
  }
}

/** Not readline, which also breaks at the carriage returns that Lambda's runtime puts into a text of several lines. */
const eachLine = (stream: Readable, onLine: (line: string) => void): void => {
  let rest = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.once("end", () => {
    if (rest !== "") onLine(rest);
  });
};

const failure = (errorType: string, errorMessage: string): string => JSON.stringify({ errorType, errorMessage });
