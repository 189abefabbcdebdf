/**
 * Requests by node:http and node:https, told by diagnostics channels (Node.js 22.19 and 24 alike): nothing is patched, loaded
 * or searched for, so a client bundled into the handler is seen like any other. Subscribing takes 0.1 ms.
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
import { subscribe } from "./channels.ts";
import { type ClientCall, startCall } from "./client-span.ts";
import type { Outgoing } from "./outgoing.ts";

interface Message {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  readonly error: unknown;
}

export const observeHttp = (state: Sdk): (() => void) => {
  const calls = new WeakMap<ClientRequest, ClientCall>();
  const answers = new WeakMap<ClientRequest, IncomingMessage>();
  const end = (request: ClientRequest): void => {
    const answer = answers.get(request);
    // Cut off by the other side; who stops reading by itself leaves no error.
    if (answer?.errored && !answer.complete) calls.get(request)?.failed(answer.errored);
    calls.get(request)?.ended();
  };
  return subscribe<Message>({
    "http.client.request.created": ({ request }) => {
      const call = startCall(
        state,
        () => described(request),
        ([name, value]) => !request.headersSent && request.setHeader(name, value) !== undefined,
      );
      if (call === undefined) return;
      calls.set(request, call);
      request.once("close", () => harmless("ending an HTTP span", () => end(request)));
    },
    "http.client.request.error": ({ request, error }) => calls.get(request)?.failed(error),
    "http.client.response.finish": ({ request, response }) => {
      const call = calls.get(request);
      if (call === undefined) return;
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
