/**
 * One OTLP/HTTP request.
 *
 * `process.getBuiltinModule` at first use, because `import … from "node:http"` in an ES module touches every getter of
 * the module and costs 34 ms of cold start where this costs nothing once the function's own code has loaded it.
 *
 * A Lambda environment sleeps between invocations and wakes with sockets that the other end has closed. Such a socket fails
 * before anything was answered, so the request goes out once more on a new one.
 */
import type { Agent, ClientRequest, RequestOptions } from "node:http";
import { context } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";
import { MAX_ANSWER_BYTES, MAX_RETRY_AFTER_MS } from "../limits.ts";
import type { Body } from "./format.ts";

export interface Answer {
  readonly verdict: "accepted" | "refused" | "unreachable";
  /** 0 where there was no answer. */
  readonly status: number;
  /** Its beginning. */
  readonly body: Buffer;
  /** Before that it wants nothing again. */
  readonly retryAfterMs?: number;
}

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Nobody waits for it: a loop that is empty but for this may end. (A connection that is being made holds it until it is there.) */
  readonly isBeside: boolean;
}

export interface Post {
  (url: string, body: Body, options: PostOptions): Promise<Answer>;
}

interface HttpModule {
  readonly Agent: typeof Agent;
  request(url: string, options: RequestOptions): ClientRequest;
}

export const createPost = (): Post => {
  const agents = new Map<string, Agent>();
  return (url, body, { isBeside, ...options }) => {
    const name = url.startsWith("https:") ? "node:https" : "node:http";
    const http: HttpModule = process.getBuiltinModule(name);
    const agent = agents.get(name) ?? new http.Agent({ keepAlive: true, maxSockets: 4 });
    agents.set(name, agent);
    return send(http, url, body, { method: "POST", agent, ...options }, isBeside);
  };
};

const send = (http: HttpModule, url: string, body: Body, options: RequestOptions, isBeside: boolean): Promise<Answer> =>
  new Promise((resolve) => {
    // By the mark that all instrumentations know: sending telemetry is never itself traced.
    const request = context.with(suppressTracing(context.active()), () => http.request(url, options));
    // The agent takes the reference again when the socket serves another request.
    if (isBeside) request.on("socket", (socket) => socket.unref());
    request.on("response", (response) => {
      const status = response.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let bytes = 0;
      // Read to its end, or the socket is not used again.
      response.on("data", (chunk: Buffer) => {
        if (bytes < MAX_ANSWER_BYTES) chunks.push(chunk);
        bytes += chunk.length;
      });
      response.on("end", () =>
        resolve({
          verdict: verdict(status),
          status,
          body: Buffer.concat(chunks),
          ...retryAfter(response.headers["retry-after"]),
        }),
      );
      response.on("error", () => resolve(UNREACHABLE));
    });
    request.on("error", () => {
      const isStale = request.reusedSocket && !options.signal?.aborted;
      resolve(isStale ? send(http, url, body, { ...options, agent: false }, isBeside) : UNREACHABLE);
    });
    request.end(body);
  });

const UNREACHABLE: Answer = { verdict: "unreachable", status: 0, body: Buffer.of() };

/** OTLP: 429 and 502-504 may be sent again; what else is not 2xx will never be taken. */
const verdict = (status: number): Answer["verdict"] => {
  if (status >= 200 && status < 300) return "accepted";
  return status === 429 || (status >= 502 && status <= 504) ? "unreachable" : "refused";
};

/** Seconds, or a date. */
const retryAfter = (header: string | undefined): Pick<Answer, "retryAfterMs"> => {
  if (header === undefined) return {};
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? {} : { retryAfterMs: Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) };
};
