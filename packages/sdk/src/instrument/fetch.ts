/**
 * Requests by `fetch`, and by undici where the function brings it: all copies tell of them on the same diagnostics channels,
 * and none has to be loaded for it.
 *
 *   undici:request:create      as the request is dispatched; each redirect and retry is one of its own. Headers can still be changed
 *   undici:request:headers     the answer's head has come
 *   undici:request:trailers    the answer has ended
 *   undici:request:error
 *
 * It is created in the caller's context, except where a dispatcher with a limit of connections lets it wait: then in the context
 * of whoever made room, and is told as theirs, or, where their invocation is over, not at all.
 */
import type { Sdk } from "../sdk.ts";
import { startCall } from "./client-span.ts";
import { follow } from "./follow.ts";
import type { Header, Outgoing } from "./outgoing.ts";

interface UndiciRequest {
  readonly method: string;
  readonly origin: string | URL;
  readonly path: string;
  /** Of a protocol: of what follows no channel tells. */
  readonly upgrade?: unknown;
  /** Names and values in turn. */
  readonly headers: unknown[];
  addHeader(name: string, value: string): unknown;
}

interface Message {
  readonly request: UndiciRequest;
  readonly response: { readonly statusCode: number; readonly headers: readonly unknown[] };
  readonly error: unknown;
}

export const observeFetch = (state: Sdk): (() => void) =>
  follow<Message>(
    "undici:request:create",
    (request) =>
      startCall(
        state,
        () => described(request),
        (header) => set(request, header),
      ),
    {
      "undici:request:headers": (call, { response: { statusCode, headers } }) =>
        call.answered(statusCode, (name) => valueIn(headers, name)),
      "undici:request:trailers": (call) => call.ended(),
      "undici:request:error": (call, { error }) => {
        call.failed(error);
        call.ended();
      },
    },
  );

const described = ({ method, origin, path, upgrade, headers }: UndiciRequest): Outgoing | undefined => {
  const url = URL.parse(path, String(origin));
  // Before undici 6 they were one text.
  if (url === null || upgrade || method === "CONNECT" || !Array.isArray(headers)) return undefined;
  return { method, url, header: (name) => valueIn(headers, name) };
};

/** Added beside one that is there, it would be sent twice. */
const set = (request: UndiciRequest, [name, value]: Header): boolean => {
  const { headers } = request;
  const index = indexIn(headers, name.toLowerCase());
  if (index < 0) request.addHeader(name, value);
  else headers[index + 1] = value;
  return true;
};

const indexIn = (headers: readonly unknown[], name: string): number =>
  headers.findIndex((one, index) => index % 2 === 0 && String(one).toLowerCase() === name);

const valueIn = (headers: readonly unknown[], name: string): string | undefined => {
  const index = indexIn(headers, name);
  return index < 0 ? undefined : String(headers[index + 1]);
};
