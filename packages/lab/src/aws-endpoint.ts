/**
 * EventBridge, Step Functions and Lambda on one port, as AWS SDK clients speak to them: an operation is named by a header
 * or by the path, errors by `x-amzn-errortype`.
 */
import { randomUUID } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "./environment-api.ts";
import type { EventBridge } from "./event-sources/eventbridge.ts";
import type { StepFunctions } from "./event-sources/step-functions.ts";
import type { LabFunction } from "./function.ts";
import type { Truth } from "./truth.ts";

export interface AwsEndpointDeps {
  readonly functions: ReadonlyMap<string, LabFunction>;
  readonly eventBridge: EventBridge;
  readonly stepFunctions: StepFunctions;
  readonly truth: Truth;
}

export interface AwsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

const INVOCATIONS = /^\/2015-03-31\/functions\/([^/]+)\/invocations/;

export const startAwsEndpoint = async (deps: AwsEndpointDeps): Promise<AwsEndpoint> => {
  const server = createServer((request, response) => {
    response.setHeader("x-amzn-requestid", randomUUID());
    serve(request, response, deps).catch((error: unknown) => refuse(response, 400, error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const serve = async (request: IncomingMessage, response: ServerResponse, deps: AwsEndpointDeps): Promise<void> => {
  const body = await text(request);
  const [, name] = INVOCATIONS.exec(request.url ?? "") ?? [];
  if (name !== undefined) return invoke(decodeURIComponent(name), request, response, body, deps);
  const operation = String(request.headers["x-amz-target"] ?? "");
  const answer = await call(operation, body, request, deps);
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify(answer));
};

const call = async (
  operation: string,
  body: string,
  request: IncomingMessage,
  deps: AwsEndpointDeps,
): Promise<object> => {
  const input = JSON.parse(body || "{}") as object;
  const headers = { authorization: request.headers.authorization, traceHeader: traceHeaderOf(request) };
  switch (operation) {
    case "AWSEvents.PutEvents":
      return deps.eventBridge.putEvents(input, headers);
    default: {
      const [service, action = ""] = operation.split(".");
      const known = service === "AWSStepFunctions" ? deps.stepFunctions.operations[action] : undefined;
      if (known !== undefined) return known(input as never, headers);
      throw named("UnknownOperationException", `the lab does not know ${operation || request.url}`);
    }
  }
};

const traceHeaderOf = (request: IncomingMessage): string | undefined => {
  const header = request.headers["x-amzn-trace-id"];
  return Array.isArray(header) ? header[0] : header;
};

const invoke = async (
  nameOrArn: string,
  request: IncomingMessage,
  response: ServerResponse,
  payload: string,
  { functions, truth }: AwsEndpointDeps,
): Promise<void> => {
  const target = functions.get(nameOrArn.split(":function:").at(-1)?.split(":")[0] ?? nameOrArn);
  if (target === undefined)
    return refuse(response, 404, named("ResourceNotFoundException", `Function not found: ${nameOrArn}`));
  const requestId = randomUUID();
  response.setHeader("x-amzn-requestid", requestId);
  const sender = truth.senderOf(request.headers);
  const via = { kind: "lambda-request", id: requestId } as const;
  truth.sent(via, sender);
  if (request.headers["x-amz-invocation-type"] === "DryRun") return void response.writeHead(204).end();
  if (!isJson(payload || "{}"))
    return refuse(response, 400, named("InvalidRequestContentException", "Could not parse request body into json"));
  const traceHeader = traceHeaderOf(request);
  const isEvent = request.headers["x-amz-invocation-type"] === "Event";
  // As on Lambda, a client context reaches the callee of a synchronous call only.
  const clientContext = isEvent ? undefined : clientContextOf(request);
  const event = {
    requestId,
    payload: payload || "{}",
    source: "lambda",
    causes: sender === undefined ? [] : [truth.causeOf(via)],
    ...(traceHeader !== undefined && { traceHeader }),
    ...(clientContext !== undefined && { clientContext }),
  } as const;
  if (isEvent) {
    target.invokeAsync(event);
    response.writeHead(202).end();
    return;
  }
  const result = await target.invoke(event);
  response.writeHead(200, {
    "content-type": "application/json",
    "x-amz-executed-version": "$LATEST",
    ...(result.outcome !== "success" && { "x-amz-function-error": "Unhandled" }),
  });
  response.end(result.payload);
};

const isJson = (body: string): boolean => {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
};

/** Out of its base64, as JSON in ASCII: the runtime gets it in a header. */
const clientContextOf = ({ headers }: IncomingMessage): string | undefined => {
  const header = headers["x-amz-client-context"];
  if (typeof header !== "string" || header === "") return undefined;
  const json = Buffer.from(header, "base64").toString();
  if (!isJson(json))
    throw named("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.");
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(JSON.parse(json)).replaceAll(/[^\x20-\x7e]/g, escaped);
};

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const refuse = (response: ServerResponse, status: number, error: unknown): void => {
  const { name, message } = error instanceof Error ? error : { name: "InternalFailure", message: String(error) };
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": name });
  response.end(JSON.stringify({ __type: name, message }));
};
