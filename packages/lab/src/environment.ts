/**
 * One execution environment: a process with a handler in it, and the Runtime API that only this process talks to.
 *
 *   starting ──next──▶ idle (stopped) ──invoke──▶ busy ──response──▶ finishing ──next──▶ idle (stopped)
 *       └────────────────────┴───────────────── exit, timeout or kill ─────────────────────┴──▶ gone
 *
 * Between invocations the process is stopped (SIGSTOP), as Lambda freezes it: a timer or a request that a handler leaves
 * behind goes on only during the next invocation. It is continued before the next event is answered.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import type { FunctionDefinition } from "./definition.ts";
import { type Runtime, handlerName, runtimeProgram } from "./runtime.ts";
import type { Watchdog } from "./watchdog.ts";

/** An event on its way into an environment. */
export interface Invocation {
  readonly requestId: string;
  readonly payload: string;
  readonly traceHeader: string;
  /** JSON text, already out of its base64. */
  readonly clientContext?: string;
}

export interface InvocationResult {
  readonly outcome: "success" | "error" | "timeout" | "crash";
  /** What the handler returned, or the error as JSON. */
  readonly payload: string;
}

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
  readonly watchdog: Watchdog;
}

export interface Environment {
  readonly accessKeyId: string;
  /** Of the invocation that runs now, work after its response included. */
  readonly requestId: string | undefined;
  readonly isColdStart: boolean;
  readonly isGone: boolean;
  /** Resolves when the handler is loaded, or could not be. */
  start(): Promise<void>;
  /** Resolves when there is a result; `ready` (below) when the next invocation may come. */
  invoke(invocation: Invocation): Promise<InvocationResult>;
  /** Resolves when the runtime asks for the next event, or is gone. */
  ready(): Promise<void>;
  kill(): Promise<void>;
}

/** As on Lambda: an init of more than ten seconds is cut off. */
const INIT_TIMEOUT_MS = 10_000;

export const createEnvironment = (deps: EnvironmentDeps): Environment => new RunningEnvironment(deps);

class RunningEnvironment implements Environment {
  readonly accessKeyId: string;
  requestId: string | undefined;
  isColdStart = true;
  isGone = false;

  readonly #deps: EnvironmentDeps;
  readonly #timeoutMs: number;
  #server: Server | undefined;
  #process: ChildProcess | undefined;
  /** The runtime's unanswered GET /next. */
  #waiting: ServerResponse | undefined;
  #initError: string | undefined;
  #settle: ((result: InvocationResult) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #whenReady: (() => void)[] = [];

  constructor(deps: EnvironmentDeps) {
    this.#deps = deps;
    this.accessKeyId = deps.accessKeyId;
    this.#timeoutMs = deps.definition.timeoutMs ?? 3_000;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    if (this.isGone) return void server.close();
    const { port } = server.address() as AddressInfo;
    const program = runtimeProgram(this.#deps.runtime) ?? ""; // startLab has checked that it is there
    const child = spawn(process.execPath, [program], {
      cwd: dirname(this.#deps.definition.file),
      env: this.#environment(`127.0.0.1:${port}`, dirname(program)),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    if (child.pid !== undefined) this.#deps.watchdog.watch(child.pid);
    for (const stream of ["stdout", "stderr"] as const) {
      eachLine(child[stream], (line) => this.#log(stream, line));
    }
    child.once("exit", (code, signal) => this.#exited(code, signal));
    child.once("error", (error) => {
      this.#initError = failure("Runtime.InvalidEntrypoint", error.message);
      this.#exited(null, null);
    });
    const limit = setTimeout(() => child.kill("SIGKILL"), INIT_TIMEOUT_MS);
    await this.ready();
    clearTimeout(limit);
  }

  ready(): Promise<void> {
    if (this.#waiting !== undefined || this.isGone) return Promise.resolve();
    return new Promise((resolve) => this.#whenReady.push(resolve));
  }

  invoke(invocation: Invocation): Promise<InvocationResult> {
    const waiting = this.#waiting;
    if (waiting === undefined || this.isGone) {
      return Promise.resolve({
        outcome: "crash",
        payload: this.#initError ?? failure("Runtime.ExitError", "Runtime exited"),
      });
    }
    this.#waiting = undefined;
    this.requestId = invocation.requestId;
    this.#process?.kill("SIGCONT");
    const deadlineMs = Date.now() + this.#timeoutMs;
    this.#timer = setTimeout(() => this.#timedOut(), this.#timeoutMs);
    const result = new Promise<InvocationResult>((resolve) => (this.#settle = resolve));
    waiting.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": invocation.requestId,
      "lambda-runtime-deadline-ms": String(deadlineMs),
      "lambda-runtime-invoked-function-arn": this.#deps.arn,
      "lambda-runtime-trace-id": invocation.traceHeader,
      ...(invocation.clientContext !== undefined && { "lambda-runtime-client-context": invocation.clientContext }),
    });
    waiting.end(invocation.payload);
    return result;
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) {
      this.isGone = true; // start() finds it so, and starts nothing
      return;
    }
    if (!this.isGone) {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL"); // also ends a stopped process
      await exited;
    }
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    if (request.method === "GET" && path.endsWith("/invocation/next")) return this.#askedForNext(response);
    const body = await text(request);
    if (path.endsWith("/init/error")) this.#initError = body;
    if (path.endsWith("/response")) this.#result(midStreamError(request) ?? { outcome: "success", payload: body });
    if (/\/invocation\/[^/]+\/error$/.test(path)) this.#result({ outcome: "error", payload: body });
    response.writeHead(202).end('{"status":"OK"}');
  }

  #askedForNext(response: ServerResponse): void {
    clearTimeout(this.#timer);
    this.#process?.kill("SIGSTOP");
    // What it has printed is in the pipes by now, belongs to the invocation that ends here, and is read first.
    setImmediate(() => setImmediate(() => this.#idle(response)));
  }

  #idle(response: ServerResponse): void {
    if (this.isGone) return;
    if (this.requestId !== undefined) this.isColdStart = false;
    this.requestId = undefined;
    this.#waiting = response;
    this.#becameReady();
  }

  #result(result: InvocationResult): void {
    this.#settle?.(result);
    this.#settle = undefined;
  }

  #timedOut(): void {
    const seconds = (this.#timeoutMs / 1_000).toFixed(2);
    this.#result({
      outcome: "timeout",
      payload: failure(
        "Sandbox.Timedout",
        `RequestId: ${this.requestId} Error: Task timed out after ${seconds} seconds`,
      ),
    });
    this.#process?.kill("SIGKILL");
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#process?.pid !== undefined) this.#deps.watchdog.forget(this.#process.pid);
    this.isGone = true;
    clearTimeout(this.#timer);
    const how = signal === null ? `exit status ${code}` : `signal: ${signal === "SIGKILL" ? "killed" : signal}`;
    const payload =
      this.#initError ??
      failure("Runtime.ExitError", `RequestId: ${this.requestId} Error: Runtime exited with error: ${how}`);
    this.#result({ outcome: "crash", payload });
    this.#becameReady();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  #becameReady(): void {
    for (const resolve of this.#whenReady.splice(0)) resolve();
  }

  #log(stream: "stdout" | "stderr", line: string): void {
    const { requestId } = this;
    this.#deps.onLog({
      functionName: this.#deps.name,
      stream,
      text: line,
      ...(requestId !== undefined && { requestId }),
    });
  }

  /** What Lambda sets, and nothing of ours: a function does not see the machine it runs on. */
  #environment(runtimeApi: string, runtimeFolder: string): Record<string, string> {
    const { name, definition, variables } = this.#deps;
    return {
      PATH: process.env["PATH"] ?? "",
      TZ: ":UTC",
      LANG: "en_US.UTF-8",
      ...variables(),
      AWS_LAMBDA_RUNTIME_API: runtimeApi,
      AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime ?? "nodejs24.x"}`,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb ?? 128),
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: `${new Date().toISOString().slice(0, 10).replaceAll("-", "/")}/[$LATEST]${randomBytes(16).toString("hex")}`,
      LAMBDA_TASK_ROOT: dirname(definition.file),
      LAMBDA_RUNTIME_DIR: runtimeFolder,
      _HANDLER: handlerName(definition),
      MAYFLY_LAB_HANDLER_FILE: definition.file,
      AWS_ACCESS_KEY_ID: this.accessKeyId,
      AWS_SECRET_ACCESS_KEY: "lab",
      AWS_SESSION_TOKEN: "lab",
    };
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

/** A stream that fails after its first byte can say so only in trailers. */
const midStreamError = ({ trailers }: IncomingMessage): InvocationResult | undefined => {
  const body = trailers["lambda-runtime-function-error-body"];
  return body === undefined ? undefined : { outcome: "error", payload: Buffer.from(body, "base64").toString() };
};

const failure = (errorType: string, errorMessage: string): string => JSON.stringify({ errorType, errorMessage });

export const text = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};
