/**
 * The program that runs inside an execution environment: a Node.js runtime for the Runtime API, as small as it can be and
 * behave like Lambda's: it loads the handler, asks for the next event, answers, and asks again. Started by environment.ts
 * in a process of its own, never imported.
 *
 * Source  Lambda's Runtime API, 2018-06-01; the shapes of errors and console lines are those of aws-lambda-ric, 3.3 for Node.js 22
 *         and 4.0 for Node.js 24.
 */
import type { IncomingMessage } from "node:http";
import { format } from "node:util";
import { call, errorBody, isNode22, named } from "./call.ts";
import { type Handler, loadHandler } from "./handler.ts";
import { byCallback, emptyEventLoop, reportUncaught } from "./node22.ts";
import { handleStreaming, isStreaming, provideAwslambda } from "./stream.ts";

let requestId: string | undefined;

const printLikeLambda = (): void => {
  for (const level of ["debug", "info", "warn", "error", "log"] as const) {
    const word = level === "log" ? "INFO" : level.toUpperCase();
    console[level] = (...args: unknown[]) => {
      const text = format(...args).replaceAll("\n", "\r");
      const id = requestId ?? (isNode22 ? "undefined" : "-");
      process.stdout.write(`${new Date().toISOString()}\t${id}\t${word}\t${text}\n`);
    };
  }
};

const serialised = (result: unknown): string => {
  let text: string | undefined;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    if (isNode22) throw new Error("Unable to stringify response body", { cause: error });
    throw named("Runtime.JSONStringifyError", `the result is not JSON: ${String(error)}`);
  }
  // A function or a symbol has no JSON, and AWS's native client refuses it with these words.
  if (text === undefined) throw new TypeError("Wrong arguments");
  return text;
};

const contextOf = (headers: IncomingMessage["headers"]): object => {
  const env = process.env;
  const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
  const clientContext = headers["lambda-runtime-client-context"];
  return {
    awsRequestId: requestId,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    ...(!isNode22 && { xRayTraceId: headers["lambda-runtime-trace-id"] ?? "" }),
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

const stream = async (handler: Handler, event: unknown, id: string, headers: IncomingMessage["headers"]) => {
  const context = { ...contextOf(headers), ...(isNode22 && { callbackWaitsForEmptyEventLoop: true }) };
  await handleStreaming(handler, event, { requestId: id, context });
  if (context.callbackWaitsForEmptyEventLoop) await emptyEventLoop();
};

const handleNext = async (handler: Handler): Promise<void> => {
  await printed();
  const { headers, body } = await call("GET", "/invocation/next");
  const id = (requestId = String(headers["lambda-runtime-aws-request-id"]));
  setTraceId(headers["lambda-runtime-trace-id"]);
  const event = JSON.parse(body) as unknown;
  if (isStreaming(handler)) return stream(handler, event, id, headers);
  try {
    const context = contextOf(headers);
    const result = await (isNode22 ? byCallback(handler, event, context) : handler(event, context));
    await call("POST", `/invocation/${id}/response`, serialised(result));
  } catch (error) {
    console.error("Invoke Error", errorBody(error));
    await call("POST", `/invocation/${id}/error`, errorBody(error));
  }
};

printLikeLambda();
provideAwslambda();
if (isNode22) reportUncaught(() => requestId);
try {
  const handler = await loadHandler();
  for (;;) await handleNext(handler);
} catch (error) {
  console.error(errorBody(error));
  await call("POST", "/init/error", errorBody(error)).catch(() => undefined);
  process.exit(1);
}
