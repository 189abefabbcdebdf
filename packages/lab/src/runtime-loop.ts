/**
 * The program that runs inside an execution environment: a Node.js runtime for the Runtime API, as small as it can be and
 * behave like Lambda's: it loads the handler, asks for the next event, answers, and asks again. Started by environment.ts
 * in a process of its own, never imported.
 *
 * Source  Lambda's Runtime API, 2018-06-01; the shapes of errors and console lines are those of the Node.js runtime.
 */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

type Handler = (...args: unknown[]) => unknown;

const api = `http://${process.env["AWS_LAMBDA_RUNTIME_API"]}/2018-06-01/runtime`;

interface Answer {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** The client of Node.js 22 takes a callback, too; that of Node.js 24 refuses it. */
const takesCallback = process.env["AWS_EXECUTION_ENV"] === "AWS_Lambda_nodejs22.x";

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
  const [, ...names] = (process.env["_HANDLER"] ?? "").split(".");
  const module = await imported(file);
  const handler = within(module, names) ?? within(module.default, names);
  if (typeof handler !== "function")
    throw named("Runtime.HandlerNotFound", `${process.env["_HANDLER"]} is undefined or not exported`);
  if (handler.length >= 3 && !isStreaming(handler) && !takesCallback)
    throw named("Runtime.CallbackHandlerDeprecated", "Node.js 24 takes no handler with a callback; return a promise");
  return handler as Handler;
};

const within = (module: unknown, names: readonly string[]): unknown =>
  names.reduce<unknown>(
    (inner, name) =>
      typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    module,
  );

type HandlerModule = Record<string, unknown> & { readonly default?: Record<string, unknown> };

const imported = async (file: string): Promise<HandlerModule> => {
  try {
    return (await import(pathToFileURL(file).href)) as HandlerModule;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    // Only what `require` says, as AWS's client does: a missing package of an ES module stays a plain Error.
    if (code === "MODULE_NOT_FOUND") error.name = "Runtime.ImportModuleError";
    if (error instanceof SyntaxError) error.name = "Runtime.UserCodeSyntaxError";
    throw error;
  }
};

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const serialised = (result: unknown): string => {
  let text: string | undefined;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    throw named("Runtime.JSONStringifyError", `the result is not JSON: ${String(error)}`);
  }
  // A function or a symbol has no JSON, and AWS's native client refuses it with these words.
  if (text === undefined) throw new TypeError("Wrong arguments");
  return text;
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

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");

const isStreaming = (handler: object): boolean => STREAMING in handler;

/** The property that AWS's own client keeps a prelude in. */
const BEFORE_FIRST_WRITE = "_onBeforeFirstWrite";

interface Prelude {
  [BEFORE_FIRST_WRITE]?: (write: (chunk: string | Uint8Array) => unknown) => void;
  setContentType(type: string): void;
}

type ResponseStream = ClientRequest & Prelude;

const provideAwslambda = (): void => {
  const awslambda = {
    streamifyResponse(handler: object, options: { highWaterMark?: unknown } = {}) {
      const { highWaterMark } = options;
      return Object.assign(handler, {
        [STREAMING]: "response",
        ...(typeof highWaterMark === "number" && { [HIGH_WATER_MARK]: highWaterMark }),
      });
    },
    HttpResponseStream: {
      from(stream: ResponseStream, prelude: unknown) {
        stream.setContentType("application/vnd.awslambda.http-integration-response");
        const text = JSON.stringify(prelude);
        stream[BEFORE_FIRST_WRITE] = (write) => {
          write(text);
          write(new Uint8Array(8));
        };
        return stream;
      },
    },
  };
  Object.assign(globalThis, { awslambda });
};

const TRAILER_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const TRAILER_ERROR_BODY = "Lambda-Runtime-Function-Error-Body";

/** The response under way: what is written to the stream goes out as it is, in chunks. */
const openStream = (): { stream: ResponseStream; answered: Promise<void> } => {
  const sent = request(`${api}/invocation/${requestId}/response`, {
    method: "POST",
    headers: {
      "lambda-runtime-function-response-mode": "streaming",
      "transfer-encoding": "chunked",
      trailer: `${TRAILER_ERROR_TYPE}, ${TRAILER_ERROR_BODY}`,
      "content-type": "application/octet-stream",
    },
  });
  const answered = new Promise<void>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", (response) => response.resume().on("end", resolve));
  });
  const write = sent.write.bind(sent) as (...args: unknown[]) => boolean;
  let isFirst = true;
  const stream: ResponseStream = Object.assign(sent, {
    setContentType: (type: string) => void sent.setHeader("content-type", type),
    write(chunk: unknown, ...others: unknown[]) {
      if (isFirst) stream[BEFORE_FIRST_WRITE]?.(write);
      isFirst = false;
      return write(typeof chunk === "string" || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk), ...others);
    },
  });
  return { stream, answered };
};

const handleStreaming = async (handler: Handler, event: unknown, context: object): Promise<void> => {
  const { stream, answered } = openStream();
  answered.catch(() => undefined); // told where it is awaited
  try {
    const result = handler(event, stream, context);
    if (!isThenable(result)) throw new Error("Streaming does not support non-async handlers.");
    if ((await result) !== undefined) console.warn("Streaming handlers ignore return values.");
    await answered;
  } catch (error) {
    console.error("Invoke Error", errorBody(error));
    stream.addTrailers({
      [TRAILER_ERROR_TYPE]: error instanceof Error ? error.name : typeof error,
      [TRAILER_ERROR_BODY]: Buffer.from(errorBody(error)).toString("base64"),
    });
    stream.end();
    await answered;
  }
};

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";

/**
 * The client of Node.js 22: whatever comes first is the answer, a callback, `done`, `succeed` or `fail` of the context, or a
 * promise. A callback's result waits for the event loop to run empty; who answers in no way is answered null then.
 */
const byCallback = (handler: Handler, event: unknown, context: object): Promise<unknown> =>
  new Promise((resolve, reject) => {
    let isFirst = true;
    let whenEmpty = (): void => resolve(null);
    process.once("beforeExit", () => whenEmpty());
    const first =
      (answer: (error: unknown, result: unknown) => void) =>
      (error: unknown, result?: unknown): void => {
        if (isFirst) answer(error, result);
        isFirst = false;
      };
    const now = (error: unknown, result: unknown): void =>
      error === undefined || error === null ? resolve(result) : reject(error);
    const done = first(now);
    const ways = {
      callbackWaitsForEmptyEventLoop: true,
      done,
      succeed: (result: unknown) => done(null, result),
      fail: (error: unknown) => done(error ?? "handled"),
    };
    const callback = first((error, result) => {
      if (error === undefined || error === null) whenEmpty = () => resolve(result);
      if (!ways.callbackWaitsForEmptyEventLoop || !(error === undefined || error === null)) now(error, result);
    });
    try {
      const result = handler(event, Object.assign(ways, context), callback);
      if (isThenable(result)) result.then(ways.succeed, ways.fail);
    } catch (error) {
      callback(error);
    }
  });

const handleNext = async (handler: Handler): Promise<void> => {
  await printed();
  const { headers, body } = await call("GET", "/invocation/next");
  requestId = String(headers["lambda-runtime-aws-request-id"]);
  setTraceId(headers["lambda-runtime-trace-id"]);
  const [event, context] = [JSON.parse(body) as unknown, contextOf(headers)];
  if (isStreaming(handler)) return handleStreaming(handler, event, context);
  try {
    const result = await (takesCallback ? byCallback(handler, event, context) : handler(event, context));
    await call("POST", `/invocation/${requestId}/response`, serialised(result));
  } catch (error) {
    console.error("Invoke Error", errorBody(error));
    await call("POST", `/invocation/${requestId}/error`, errorBody(error));
  }
};

printLikeLambda();
provideAwslambda();
try {
  const handler = await loadHandler();
  for (;;) await handleNext(handler);
} catch (error) {
  console.error(errorBody(error));
  await call("POST", "/init/error", errorBody(error)).catch(() => undefined);
  process.exit(1);
}
