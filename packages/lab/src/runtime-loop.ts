/**
 * The program that runs inside an execution environment: a Node.js runtime for the Runtime API, as small as it can be and
 * behave like Lambda's: it loads the handler, asks for the next event, answers, and asks again. Started by environment.ts
 * in a process of its own, never imported.
 *
 * Source  Lambda's Runtime API, 2018-06-01; the shapes of errors and console lines are those of the Node.js runtime.
 */
import { type IncomingMessage, request } from "node:http";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

type Handler = (event: unknown, context: object) => unknown;

const api = `http://${process.env["AWS_LAMBDA_RUNTIME_API"]}/2018-06-01/runtime`;

interface Answer {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** No time limit: the process may sleep for hours between asking and being answered. */
const call = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(`${api}${path}`, { method, headers: { "content-type": "application/json", ...headers } });
    sent.on("error", reject);
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ headers: response.headers, body: text }));
    });
    sent.end(body);
  });

let requestId: string | undefined;

const printLikeLambda = (): void => {
  for (const level of ["debug", "info", "warn", "error", "log"] as const) {
    const word = level === "log" ? "INFO" : level.toUpperCase();
    console[level] = (...args: unknown[]) => {
      const text = format(...args).replaceAll("\n", "\r");
      process.stdout.write(`${new Date().toISOString()}\t${requestId ?? "-"}\t${word}\t${text}\n`);
    };
  }
};

const loadHandler = async (): Promise<Handler> => {
  const file = process.env["MAYFLY_LAB_HANDLER_FILE"] ?? "";
  const name = (process.env["_HANDLER"] ?? "").split(".").at(-1) ?? "handler";
  const module = await imported(file);
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler !== "function")
    throw named("Runtime.HandlerNotFound", `${process.env["_HANDLER"]} is undefined or not exported`);
  if (handler.length >= 3)
    throw named("Runtime.CallbackHandlerDeprecated", "Node.js 24 takes no handler with a callback; return a promise");
  return handler as Handler;
};

type HandlerModule = Record<string, unknown> & { readonly default?: Record<string, unknown> };

const imported = async (file: string): Promise<HandlerModule> => {
  try {
    return (await import(pathToFileURL(file).href)) as HandlerModule;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") error.name = "Runtime.ImportModuleError";
    if (error instanceof SyntaxError) error.name = "Runtime.UserCodeSyntaxError";
    throw error;
  }
};

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const serialised = (result: unknown): string => {
  try {
    return JSON.stringify(result) ?? "null";
  } catch (error) {
    throw named("Runtime.JSONStringifyError", `the result is not JSON: ${String(error)}`);
  }
};

const errorBody = (thrown: unknown): string => {
  if (!(thrown instanceof Error))
    return JSON.stringify({ errorType: typeof thrown, errorMessage: String(thrown), trace: [] });
  return JSON.stringify({
    errorType: thrown.name,
    errorMessage: thrown.message,
    trace: thrown.stack?.split("\n") ?? [],
  });
};

const contextOf = (headers: IncomingMessage["headers"]): object => {
  const env = process.env;
  const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
  const clientContext = headers["lambda-runtime-client-context"];
  return {
    awsRequestId: requestId,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    xRayTraceId: headers["lambda-runtime-trace-id"] ?? "",
    ...(typeof clientContext === "string" && { clientContext: JSON.parse(clientContext) as unknown }),
    functionName: env["AWS_LAMBDA_FUNCTION_NAME"],
    functionVersion: env["AWS_LAMBDA_FUNCTION_VERSION"],
    memoryLimitInMB: env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    logGroupName: env["AWS_LAMBDA_LOG_GROUP_NAME"],
    logStreamName: env["AWS_LAMBDA_LOG_STREAM_NAME"],
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
};

const setTraceId = (header: string | string[] | undefined): void => {
  if (typeof header === "string" && header !== "") process.env["_X_AMZN_TRACE_ID"] = header;
  else delete process.env["_X_AMZN_TRACE_ID"];
};

/** A frozen process prints nothing: what it wrote has to be out before it asks for the next event. */
const printed = async (): Promise<void> => {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((done) => stream.write("", () => done()));
};

const handleNext = async (handler: Handler): Promise<void> => {
  await printed();
  const { headers, body } = await call("GET", "/invocation/next");
  requestId = String(headers["lambda-runtime-aws-request-id"]);
  setTraceId(headers["lambda-runtime-trace-id"]);
  try {
    const result = await handler(JSON.parse(body), contextOf(headers));
    await call("POST", `/invocation/${requestId}/response`, serialised(result));
  } catch (error) {
    console.error("Invoke Error", errorBody(error));
    await call("POST", `/invocation/${requestId}/error`, errorBody(error));
  }
};

printLikeLambda();
try {
  const handler = await loadHandler();
  for (;;) await handleNext(handler);
} catch (error) {
  console.error(errorBody(error));
  await call("POST", "/init/error", errorBody(error)).catch(() => undefined);
  process.exit(1);
}
