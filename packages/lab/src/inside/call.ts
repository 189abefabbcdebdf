/** Calls to the Runtime API, by the runtime. */
import { type IncomingMessage, request } from "node:http";

export const API = `http://${process.env["AWS_LAMBDA_RUNTIME_API"]}/2018-06-01/runtime`;

export interface Answer {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** No time limit: the process may sleep for hours between asking and being answered. */
export const call = (
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(`${API}${path}`, { method, headers: { "content-type": "application/json", ...headers } });
    sent.on("error", reject);
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ headers: response.headers, body: text }));
    });
    sent.end(body);
  });

/** Whose rules apply: the client of Node.js 22 takes callbacks and reports what nobody catches, that of Node.js 24 does not. */
export const isNode22 = process.env["AWS_EXECUTION_ENV"] === "AWS_Lambda_nodejs22.x";

export const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

export const errorBody = (thrown: unknown): string => {
  if (!(thrown instanceof Error))
    return JSON.stringify({ errorType: typeof thrown, errorMessage: String(thrown), trace: [] });
  return JSON.stringify({
    errorType: thrown.name,
    errorMessage: thrown.message,
    trace: thrown.stack?.split("\n") ?? [],
  });
};

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
