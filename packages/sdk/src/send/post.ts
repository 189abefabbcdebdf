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

export type PostResult = "accepted" | "refused" | "unreachable";

export interface Post {
  (url: string, body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<PostResult>;
}

interface HttpModule {
  readonly Agent: typeof Agent;
  request(url: string, options: RequestOptions): ClientRequest;
}

export const createPost = (): Post => {
  const agents = new Map<string, Agent>();
  return (url, body, headers, signal) => {
    const name = url.startsWith("https:") ? "node:https" : "node:http";
    const http: HttpModule = process.getBuiltinModule(name);
    const agent = agents.get(name) ?? new http.Agent({ keepAlive: true, maxSockets: 4 });
    agents.set(name, agent);
    return send(http, url, body, {
      method: "POST",
      agent,
      signal,
      headers: { ...headers, "content-type": "application/json" },
    });
  };
};

const send = (http: HttpModule, url: string, body: string, options: RequestOptions): Promise<PostResult> =>
  new Promise((resolve) => {
    const request = http.request(url, options);
    request.on("response", (response) => {
      response.resume(); // read to its end, or the socket is not used again
      response.on("end", () => resolve(verdict(response.statusCode ?? 0)));
      response.on("error", () => resolve("unreachable"));
    });
    request.on("error", () => {
      const isStale = request.reusedSocket && !options.signal?.aborted;
      resolve(isStale ? send(http, url, body, { ...options, agent: false }) : "unreachable");
    });
    request.end(body);
  });

/** OTLP: 429 and 502-504 may be sent again; what else is not 2xx will never be taken. */
const verdict = (status: number): PostResult => {
  if (status >= 200 && status < 300) return "accepted";
  return status === 429 || (status >= 502 && status <= 504) ? "unreachable" : "refused";
};
