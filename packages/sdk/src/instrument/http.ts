/**
 * Requests by node:http and node:https, told by diagnostics channels (Node.js 22.19 and 24 alike): nothing is patched, loaded
 * or searched for, so a client bundled into the handler is seen like any other.
 *
 *   http.client.request.created    at the end of the constructor, in the caller's context. Headers given as an object can still be
 *                                  changed. Given as an array, or with `Expect: 100-continue`, they are written out by then
 *   http.client.request.error      before the request emits it
 *   http.client.response.finish    despite its name when the answer's head has come, before 'response' is emitted
 *
 * Of the end of an answer no channel tells; the request's own 'close' does, which changes nothing for others.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { harmless } from "../diag.ts";
import type { Sdk } from "../sdk.ts";
import { type ClientCall, startCall } from "./client-span.ts";
import { follow } from "./follow.ts";
import type { Outgoing } from "./outgoing.ts";

interface Message {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  readonly error: unknown;
}

export const observeHttp = (state: Sdk): (() => void) => {
  const answers = new WeakMap<ClientRequest, IncomingMessage>();
  const end = (call: ClientCall, answer: IncomingMessage | undefined): void => {
    // Cut off by the other side; who stops reading by itself leaves no error.
    if (answer?.errored && !answer.complete) call.failed(answer.errored);
    call.ended();
  };
  const start = (request: ClientRequest): ClientCall | undefined => {
    const call = startCall(
      state,
      () => described(request),
      ([name, value]) => !request.headersSent && request.setHeader(name, value) !== undefined,
    );
    if (call !== undefined)
      request.once("close", () => harmless("ending an HTTP span", () => end(call, answers.get(request))));
    return call;
  };
  return follow<Message>("http.client.request.created", start, {
    "http.client.request.error": (call, { error }) => call.failed(error),
    "http.client.response.finish": (call, { request, response }) => {
      answers.set(request, response);
      call.answered(response.statusCode ?? 0, (name) => textOf(response.headers[name]));
    },
  });
};

const described = (request: ClientRequest): Outgoing | undefined => {
  const { method, protocol, host, path } = request;
  const header = (name: string): string | undefined =>
    request.headersSent ? writtenHeader(request, name) : textOf(request.getHeader(name));
  const url = URL.parse(path, `${protocol}//${header("host") ?? host}`);
  // A tunnel is the proxy's.
  return url === null || method === "CONNECT" ? undefined : { method, url, header };
};

/** Headers that came as an array exist as text only. */
const writtenHeader = (request: ClientRequest, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)\r$`, "im").exec((request as { [WRITTEN]?: string })[WRITTEN] ?? "")?.[1];

/** Without that field they go unread, and unsigned is what they look like; nothing can be set on them anyway. */
const WRITTEN = "_header";

const textOf = (value: string | number | readonly string[] | undefined): string | undefined =>
  value === undefined ? undefined : String(value);
