/**
 * An execution environment for one test: a process that AWS's own runtime client runs in, with or without the layer, and the Runtime and
 * Extensions APIs that it talks to.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, onTestFinished } from "vitest";

const BUILT = resolve(import.meta.dirname, "../dist/layer");

/** Where nothing of the layer's own folder is above it, and no path is too odd for it. */
export const LAYER = join(realpathSync(mkdtempSync(join(tmpdir(), "mayfly-opt-"))), "opt");
cpSync(BUILT, LAYER, { recursive: true });

interface Runtime {
  readonly name: "nodejs24.x" | "nodejs22.x";
  readonly node: string;
  readonly flags: readonly string[];
  /** The runtime client as one program. */
  readonly program: string;
}

const RUNTIMES = resolve(import.meta.dirname, "../../../runtimes");

const FOLDERS = { "nodejs24.x": "aws-lambda-ric", "nodejs22.x": "aws-lambda-ric-node22" } as const;

const clientIn = (folder: string): string =>
  createRequire(join(RUNTIMES, folder, "package.json")).resolve("aws-lambda-ric");

let program22: string | undefined;

/** That of nodejs22.x exports its loop; in the runtime, one file is client and program. */
const asProgram = (client: string): string => {
  if (program22 !== undefined) return program22;
  const folder = mkdtempSync(join(tmpdir(), "mayfly-runtime-"));
  copyFileSync(join(dirname(client), "rapid-client.node"), join(folder, "rapid-client.node"));
  const start = "await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);";
  program22 = join(folder, "index.mjs");
  writeFileSync(program22, `${readFileSync(client, "utf8")}\n${start}\n`);
  return program22;
};

afterAll(() => {
  rmSync(dirname(LAYER), { recursive: true });
  if (program22 !== undefined) rmSync(dirname(program22), { recursive: true });
});

const runtime = (name: Runtime["name"]): Runtime =>
  name === "nodejs24.x"
    ? { name, node: process.execPath, flags: [], program: clientIn(FOLDERS[name]) }
    : {
        name,
        node: join(RUNTIMES, `aws-lambda-ric-node22/node_modules/node22-linux-${process.arch}/bin/node`),
        flags: ["--no-experimental-require-module", "--no-experimental-detect-module"],
        program: asProgram(clientIn(FOLDERS[name])),
      };

export const isCompiled = (name: Runtime["name"]): boolean => {
  try {
    return existsSync(join(dirname(clientIn(FOLDERS[name])), "rapid-client.node"));
  } catch {
    return false;
  }
};

/** Where one is not compiled, its tests are skipped, and counted; with CI=true they fail. */
export const underEachRuntime = (tests: (runtime: Runtime["name"]) => void): void => {
  for (const name of ["nodejs24.x", "nodejs22.x"] as const)
    describe.skipIf(process.env["CI"] !== "true" && !isCompiled(name))(name, () => tests(name));
};

export interface Run {
  readonly runtime: Runtime["name"];
  readonly taskRoot: string;
  readonly handler: string;
  /** Where the layer is unpacked; absent: none. */
  readonly layer?: string | undefined;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly kind: "response" | "error" | "init/error" | "exit";
  readonly body: unknown;
}

export interface TestEnvironment {
  /** What the runtime answers; or why it could not be asked. */
  invoke(event?: unknown): Promise<Outcome>;
  /** Resolves when everybody has asked for the next event. */
  idle(): Promise<void>;
  readonly extensions: readonly string[];
  readonly output: { readonly stdout: string; readonly stderr: string };
}

export const startEnvironment = async (run: Run): Promise<TestEnvironment> => {
  const { name, node, flags, program } = runtime(run.runtime);
  const extensions = new Map<string, { readonly name: string; waiting?: ServerResponse | undefined }>();
  const output = { stdout: "", stderr: "" };
  let waiting: ServerResponse | undefined;
  let ended: Outcome | undefined;
  let settle: ((outcome: Outcome) => void) | undefined;
  let whenIdle: (() => void)[] = [];

  const tell = (): void => {
    const isIdle = waiting !== undefined && [...extensions.values()].every((one) => one.waiting !== undefined);
    if (!isIdle && ended === undefined) return;
    for (const done of whenIdle.splice(0)) done();
  };

  const register = (request: IncomingMessage, response: ServerResponse): void => {
    const id = randomUUID();
    extensions.set(id, { name: String(request.headers["lambda-extension-name"]) });
    response.writeHead(200, { "lambda-extension-identifier": id }).end("{}");
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "";
    const body = await text(request);
    if (path.endsWith("/invocation/next")) waiting = response;
    else if (path.endsWith("/extension/register")) register(request, response);
    else if (path.endsWith("/event/next")) {
      const extension = extensions.get(String(request.headers["lambda-extension-identifier"]));
      if (extension) extension.waiting = response;
    } else {
      const kind = /(init\/error|error|response)$/.exec(path)?.[1] as "init/error" | "error" | "response";
      response.writeHead(202).end('{"status":"OK"}');
      const outcome: Outcome = { kind, body: parsed(body) };
      if (kind === "init/error") ended = outcome;
      settle?.(outcome);
    }
    tell();
  };

  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const command = [node, ...flags, program];
  if (run.layer !== undefined) command.unshift(join(run.layer, "mayfly"));
  const child = spawn(command[0] ?? "", command.slice(1), {
    cwd: run.taskRoot,
    env: { ...lambdaVariables(name, `127.0.0.1:${port}`, run), ...run.variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (chunk: string) => (output[stream] += chunk));
  const exited = new Promise<void>((done) =>
    child.once("close", (code, signal) => {
      ended ??= { kind: "exit", body: code ?? signal };
      settle?.(ended);
      tell();
      done();
    }),
  );
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    server.closeAllConnections();
    server.close();
  });

  const idle = (): Promise<void> =>
    new Promise((done) => {
      whenIdle.push(done);
      tell();
    });

  return {
    idle,
    get extensions() {
      return [...extensions.values()].map((one) => one.name);
    },
    output,
    async invoke(event = {}) {
      await idle();
      if (ended) return ended;
      const requestId = randomUUID();
      const outcome = new Promise<Outcome>((done) => (settle = done));
      const asked = waiting;
      waiting = undefined;
      for (const extension of extensions.values()) {
        extension.waiting?.end(JSON.stringify({ eventType: "INVOKE", requestId }));
        extension.waiting = undefined;
      }
      asked?.writeHead(200, invocationHeaders(requestId)).end(JSON.stringify(event));
      return outcome;
    },
  };
};

/** JSON, or what a stream wrote. */
const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
};

const invocationHeaders = (requestId: string): Record<string, string> => ({
  "content-type": "application/json",
  "lambda-runtime-aws-request-id": requestId,
  "lambda-runtime-deadline-ms": String(Date.now() + 30_000),
  "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:000000000000:function:layered",
  "lambda-runtime-trace-id": "Root=1-00000000-000000000000000000000001;Parent=0000000000000001;Sampled=0",
});

const lambdaVariables = (name: string, api: string, run: Run): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  PWD: run.taskRoot,
  LANG: "en_US.UTF-8",
  AWS_LAMBDA_RUNTIME_API: api,
  AWS_EXECUTION_ENV: `AWS_Lambda_${name}`,
  AWS_LAMBDA_FUNCTION_NAME: "layered",
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/layered",
  AWS_LAMBDA_LOG_STREAM_NAME: "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
  AWS_REGION: "eu-west-1",
  AWS_LAMBDA_EXEC_WRAPPER: "/opt/mayfly",
  LAMBDA_TASK_ROOT: run.taskRoot,
  NODE_PATH: join(run.layer ?? LAYER, "nodejs/node_modules"),
  _HANDLER: run.handler,
});
