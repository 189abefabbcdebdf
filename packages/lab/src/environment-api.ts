/**
 * What a process finds at AWS_LAMBDA_RUNTIME_API: one HTTP server per environment, with the three APIs of Lambda below it.
 *
 *   /2018-06-01/runtime/…     runtime-api.ts
 *   /2020-01-01/extension/…   extensions-api.ts
 *   /2022-07-01/telemetry     telemetry-api.ts
 *
 * Quirk  no connection is closed for being quiet: its other end may be stopped for hours.
 */
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";

/** One request, read whole; answered once, now or much later. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
  /** `performance.now()` when it began to arrive. */
  readonly arrivedAtMs: number;
  answer(status: number, body: unknown, headers?: Readonly<Record<string, string>>): void;
  refuse(status: number, errorType: string, errorMessage: string): void;
}

/** True when the call is one of its own; it has then answered it, or keeps it. */
export type Api = (call: ApiCall) => boolean;

export interface EnvironmentApi {
  /** `host:port`, as AWS_LAMBDA_RUNTIME_API has it. */
  readonly address: string;
  close(): void;
}

export const startEnvironmentApi = async (apis: readonly Api[]): Promise<EnvironmentApi> => {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const arrivedAtMs = performance.now();
    const call = callOf(request, response, { body: await text(request), arrivedAtMs });
    if (!apis.some((api) => api(call))) call.refuse(404, "NotFound", `no ${call.method} ${call.path}`);
  };
  // A process that dies while it sends has nobody to answer.
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
};

const callOf = (
  request: IncomingMessage,
  response: ServerResponse,
  read: Pick<ApiCall, "body" | "arrivedAtMs">,
): ApiCall => {
  const call: ApiCall = {
    ...read,
    method: request.method ?? "",
    path: (request.url ?? "").split("?")[0] ?? "",
    headers: request.headers,
    trailers: request.trailers,
    answer(status, answer, headers) {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    },
    refuse: (status, errorType, errorMessage) => call.answer(status, { errorMessage, errorType }),
  };
  return call;
};

export const text = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};
