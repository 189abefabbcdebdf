/**
 * The Runtime API of one environment: the runtime asks for an event, answers it, and asks again.
 *
 * Source  Lambda's Runtime API, 2018-06-01; error types as in aws-lambda-runtime-interface-emulator.
 */
import type { Api, ApiCall } from "./environment-api.ts";

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

export interface RuntimeApiDeps {
  readonly arn: string;
  readonly onNext: () => void;
  readonly onResult: (result: InvocationResult, arrivedAtMs: number) => void;
  /** The error as JSON. */
  readonly onInitError: (payload: string) => void;
}

export interface RuntimeApi {
  readonly serve: Api;
  /** It has asked for an event that is not there yet. */
  readonly isWaiting: boolean;
  invoke(invocation: Invocation, deadlineMs: number): void;
}

const ROOT = "/2018-06-01/runtime/";
const OK = { status: "OK" };

export const createRuntimeApi = ({ arn, onNext, onResult, onInitError }: RuntimeApiDeps): RuntimeApi => {
  let waiting: ApiCall | undefined;
  let current: { readonly requestId: string; hasResult: boolean } | undefined;

  const next = (call: ApiCall): void => {
    waiting = call;
    onNext();
  };

  const result = (call: ApiCall, requestId: string, kind: string): void => {
    if (requestId !== current?.requestId) return call.refuse(400, "InvalidRequestID", "Invalid request ID");
    if (current.hasResult) return call.refuse(403, "InvalidStateTransition", "the invocation has its result already");
    current.hasResult = true;
    const answer: InvocationResult =
      kind === "error"
        ? { outcome: "error", payload: call.body }
        : (midStreamError(call) ?? { outcome: "success", payload: call.body });
    call.answer(202, OK); // first: the process may be stopped right after
    onResult(answer, call.arrivedAtMs);
  };

  return {
    get isWaiting() {
      return waiting !== undefined;
    },
    serve(call) {
      if (!call.path.startsWith(ROOT)) return false;
      const path = call.path.slice(ROOT.length);
      const [, requestId = "", kind = ""] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
      if (call.method === "GET" && path === "invocation/next") next(call);
      else if (call.method === "POST" && kind !== "") result(call, requestId, kind);
      else if (call.method === "POST" && path === "init/error") {
        onInitError(call.body);
        call.answer(202, OK);
      } else return false;
      return true;
    },
    invoke({ requestId, payload, traceHeader, clientContext }, deadlineMs) {
      current = { requestId, hasResult: false };
      const asked = waiting;
      waiting = undefined;
      asked?.answer(200, payload, {
        "lambda-runtime-aws-request-id": requestId,
        "lambda-runtime-deadline-ms": String(deadlineMs),
        "lambda-runtime-invoked-function-arn": arn,
        "lambda-runtime-trace-id": traceHeader,
        ...(clientContext !== undefined && { "lambda-runtime-client-context": clientContext }),
      });
    },
  };
};

/** A stream that fails after its first byte can say so only in trailers. */
const midStreamError = ({ trailers }: ApiCall): InvocationResult | undefined => {
  const body = trailers["lambda-runtime-function-error-body"];
  return body === undefined ? undefined : { outcome: "error", payload: Buffer.from(body, "base64").toString() };
};
