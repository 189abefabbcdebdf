/** Response streaming: what a handler writes goes out as it is, in chunks; an error after the first byte stands in trailers. */
import { type ClientRequest, request } from "node:http";
import { API, errorBody, isThenable } from "./call.ts";

type StreamingHandler = (event: unknown, stream: ResponseStream, context: object) => unknown;

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");

export const isStreaming = (handler: object): boolean => STREAMING in handler;

/** The property that AWS's own client keeps a prelude in. */
const BEFORE_FIRST_WRITE = "_onBeforeFirstWrite";

interface Prelude {
  [BEFORE_FIRST_WRITE]?: (write: (chunk: string | Uint8Array) => unknown) => void;
  setContentType(type: string): void;
}

type ResponseStream = ClientRequest & Prelude;

export const provideAwslambda = (): void => {
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

const openStream = (requestId: string): { stream: ResponseStream; answered: Promise<void> } => {
  const sent = request(`${API}/invocation/${requestId}/response`, {
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

export const handleStreaming = async (
  handler: StreamingHandler,
  event: unknown,
  { requestId, context }: { readonly requestId: string; readonly context: object },
): Promise<void> => {
  const { stream, answered } = openStream(requestId);
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
