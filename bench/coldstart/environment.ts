/**
 * One execution environment, timed from outside: a fresh process and a Runtime API that only it talks to.
 *
 *   spawn ──init──▶ GET next ─event─▶ … POST response ─▶ GET next ─event─▶ … POST response ─▶ GET next, end
 *         |───────────── cold start ──────────────|            |── response ──|
 *                                                              |────────── busy ─────────|
 *
 * As on Lambda, an extension that has registered is told of each invocation, and the next one comes only when runtime and extension both
 * have asked for it: that is the end of busy time. The process is not frozen meanwhile, so that what it does shows.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";

export interface Measurement {
  readonly initMs: number;
  readonly firstMs: number;
  /** Process start to first response. */
  readonly coldMs: number;
  /** Of the cold start, all threads. */
  readonly coldCpuMs: number;
  /** Event to response, of each later invocation. */
  readonly laterMs: readonly number[];
  /** Event to asking for the next one, of each later invocation. */
  readonly busyMs: readonly number[];
  readonly rssMb: number;
  /** How many have registered. */
  readonly extensions: number;
  /** How often something that looks like Datadog's traces was written to the log. */
  readonly printedTraces: number;
}

export interface Run {
  readonly program: string;
  readonly handlerFile: string;
  readonly invocations: number;
  readonly variables: Readonly<Record<string, string>>;
  /** Is started in the runtime's place, with the runtime's command line. */
  readonly wrapper?: string;
  readonly traceId: () => string;
}

const LIMIT_MS = 60_000;

export const measure = async (run: Run): Promise<Measurement> => {
  const asked: number[] = [];
  const told: number[] = [];
  const answered: number[] = [];
  const extensions = new Map<string, ServerResponse | undefined>();
  let runtime: ServerResponse | undefined;
  let coldCpuMs = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));

  /** When everybody has asked for it. */
  const invoke = (): void => {
    if (runtime === undefined || [...extensions.values()].includes(undefined)) return;
    asked.push(now());
    if (told.length === run.invocations) return finish();
    const [response, requestId] = [runtime, randomUUID()];
    runtime = undefined;
    const body = event(told.length);
    response.writeHead(200, invocationHeaders(requestId, run.traceId()));
    told.push(now());
    response.end(body);
    for (const [id, extension] of extensions) {
      extensions.set(id, undefined);
      extension?.writeHead(200, { "content-type": "application/json" }).end(invokeEvent(requestId));
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "";
    if (path.endsWith("/invocation/next")) {
      runtime = response;
      return invoke();
    }
    if (path.endsWith("/event/next")) {
      extensions.set(String(request.headers["lambda-extension-identifier"]), response);
      return invoke();
    }
    if (path.endsWith("/response")) answered.push(now());
    if (answered.length === 1 && coldCpuMs === 0) coldCpuMs = cpuMs(child.pid);
    const body = await text(request);
    if (path.endsWith("/extension/register")) return register(response);
    response.writeHead(202).end('{"status":"OK"}');
    if (path.endsWith("/error")) fail(`the function failed: ${body}`);
  };

  const register = (response: ServerResponse): void => {
    const id = randomUUID();
    extensions.set(id, undefined);
    response
      .writeHead(200, { "content-type": "application/json", "lambda-extension-identifier": id })
      .end('{"functionName":"bench","functionVersion":"$LATEST","handler":"index.handler"}');
  };

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  let fail: (message: string) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = (message) => reject(new Error(message))));
  const spawned = now();
  const command = [process.execPath, run.program];
  const child = spawn(run.wrapper ?? process.execPath, run.wrapper ? command : command.slice(1), {
    cwd: dirname(run.handlerFile),
    env: { ...lambdaVariables(`127.0.0.1:${port}`, run.handlerFile), ...run.variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printedTraces = 0;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (printedTraces += chunk.split('"traces"').length - 1));
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (complaints += chunk));
  child.once("exit", (code) => fail(`the environment ended with ${code}: ${complaints}`));
  const limit = setTimeout(() => fail(`no answer within ${LIMIT_MS} ms: ${complaints}`), LIMIT_MS);
  try {
    await Promise.race([finished, failed]);
    return {
      initMs: at(asked, 0) - spawned,
      firstMs: at(answered, 0) - at(told, 0),
      coldMs: at(answered, 0) - spawned,
      coldCpuMs,
      laterMs: answered.slice(1).map((end, n) => end - at(told, n + 1)),
      busyMs: asked.slice(2).map((end, n) => end - at(told, n + 1)),
      rssMb: residentMb(child.pid),
      extensions: extensions.size,
      printedTraces,
    };
  } finally {
    clearTimeout(limit);
    failed.catch(() => undefined);
    const exited = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await exited;
    server.closeAllConnections();
    server.close();
  }
};

const now = (): number => performance.now();
const at = (list: readonly number[], index: number): number => list[index] ?? Number.NaN;
const event = (n: number): string => JSON.stringify({ n });

const FUNCTION_ARN = "arn:aws:lambda:eu-west-1:000000000000:function:bench";

const invokeEvent = (requestId: string): string =>
  JSON.stringify({
    eventType: "INVOKE",
    deadlineMs: Date.now() + 30_000,
    requestId,
    invokedFunctionArn: FUNCTION_ARN,
    tracing: { type: "X-Amzn-Trace-Id", value: "Root=1-00000000-000000000000000000000001;Sampled=0" },
  });

const invocationHeaders = (requestId: string, traceId: string): Record<string, string> => ({
  "content-type": "application/json",
  "lambda-runtime-aws-request-id": requestId,
  "lambda-runtime-deadline-ms": String(Date.now() + 30_000),
  "lambda-runtime-invoked-function-arn": FUNCTION_ARN,
  "lambda-runtime-trace-id": traceId,
});

const lambdaVariables = (api: string, file: string): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  TZ: ":UTC",
  LANG: "en_US.UTF-8",
  AWS_LAMBDA_RUNTIME_API: api,
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
  AWS_LAMBDA_FUNCTION_NAME: "bench",
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/bench",
  AWS_LAMBDA_LOG_STREAM_NAME: "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
  AWS_REGION: "eu-west-1",
  AWS_DEFAULT_REGION: "eu-west-1",
  LAMBDA_TASK_ROOT: dirname(file),
  LAMBDA_RUNTIME_DIR: "/var/runtime",
  _HANDLER: "index.handler",
  MAYFLY_LAB_HANDLER_FILE: file,
});

const cpuMs = (pid: number | undefined): number =>
  readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1e6)
    .reduce((sum, one) => sum + one, 0);

const residentMb = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

const text = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};
