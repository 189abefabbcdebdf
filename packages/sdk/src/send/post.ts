/**
 * One OTLP/HTTP request.
 *
 * A Lambda environment sleeps between invocations and wakes with connections that the other end has closed. Such a one fails
 * before anything was answered, so the request goes out once more on a new one.
 */
import { MAX_RETRY_AFTER_MS } from "../limits.ts";
import type { Answer as HttpAnswer } from "./answer.ts";
import { type Connection, type Server, connectTo, requestHead, serverOf } from "./connection.ts";
import type { Body } from "./format.ts";
import type { Stop } from "./stop.ts";

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
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly stop: Stop;
  /** Nobody waits for it: a loop that is empty but for this may end. (A connection that is being made holds it until it is there.) */
  readonly isBeside: boolean;
}

export interface Post {
  (url: string, body: Body, options: PostOptions): Promise<Answer>;
}

/** Where a URL leads. */
interface Place {
  readonly server: Server;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Connections that wait for the next request. */
  readonly idle: Connection[];
}

export const createPost = (): Post => {
  const places = new Map<string, Place>();
  const idle = new Map<string, Connection[]>();
  const placeOf = (text: string): Place => {
    const url = new URL(text);
    const connections = idle.get(url.origin) ?? [];
    idle.set(url.origin, connections);
    const place = {
      server: serverOf(url),
      path: url.pathname + url.search,
      headers: credentials(url),
      idle: connections,
    };
    places.set(text, place);
    return place;
  };
  return async (url, body, { headers, ...options }) => {
    const place = places.get(url) ?? placeOf(url);
    const head = requestHead(place.server, "POST", place.path, checked({ ...place.headers, ...headers }));
    return (await send(place, { head, body }, options)) ?? UNREACHABLE;
  };
};

/** RFC 9110, sections 5.5 and 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const NOT_IN_VALUE = /[^\t -~\x80-\uffff]/;

/** Throws at what would end a header where it should not. */
const checked = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  for (const [name, value] of Object.entries(headers))
    if (!TOKEN.test(name) || NOT_IN_VALUE.test(value))
      throw new TypeError("a header has a character that HTTP forbids");
  return headers;
};

/** Those that stand in the address. */
const credentials = ({ username, password }: URL): Record<string, string> => {
  if (username === "" && password === "") return {};
  const whole = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(whole).toString("base64")}` };
};

interface Request {
  readonly head: string;
  readonly body: Body;
}

const send = async (
  place: Place,
  request: Request,
  options: Omit<PostOptions, "headers">,
): Promise<Answer | undefined> => {
  const { server, idle } = place;
  const { stop, isBeside } = options;
  if (stop.isStopped) return undefined;
  const used = readyOne(idle);
  const connection = used ?? connectTo(server);
  const forget = stop.onStop(() => connection.close());
  try {
    connection.hold(!isBeside);
    const answer = await connection.call(request.head, request.body);
    connection.hold(false);
    if (connection.isReady) idle.push(connection);
    return answerOf(answer);
  } catch {
    return used && !stop.isStopped ? await send(place, request, options) : undefined;
  } finally {
    forget();
  }
};

const readyOne = (idle: Connection[]): Connection | undefined => {
  for (let one = idle.pop(); one; one = idle.pop()) if (one.isReady) return one;
  return undefined;
};

const UNREACHABLE: Answer = { verdict: "unreachable", status: 0, body: Buffer.of() };

const answerOf = ({ status, headers, body }: HttpAnswer): Answer => ({
  verdict: verdict(status),
  status,
  body,
  ...retryAfter(headers.get("retry-after")),
});

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
