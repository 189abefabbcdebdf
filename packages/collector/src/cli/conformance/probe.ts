/**
 * One HTTP request and all of what came back, nothing unpacked, nothing followed, nothing tried again.
 *
 * node:http and not fetch, which adds headers of its own and unpacks by itself.
 */
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request as httpRequest } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { buffer } from "node:stream/consumers";

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The connection was one that an earlier request had opened. */
  readonly isReused: boolean;
}

export interface Probe {
  readonly url: string;
  send(sent: Sent): Promise<Answer>;
  /** All that were seen so far. */
  readonly answers: readonly Answer[];
  /** A connection was made, whatever came of it. */
  readonly isReached: boolean;
  close(): void;
}

export interface ProbeOptions {
  /** `/v1/traces` is appended, as with OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** How long a connection may take. */
  readonly connectMs?: number;
}

/** Where nobody listens, some networks say nothing at all. */
const CONNECT_MS = 2_000;

export const createProbe = ({ url, headers, timeoutMs, connectMs = CONNECT_MS }: ProbeOptions): Probe => {
  const base = new URL(url);
  const isTls = base.protocol === "https:";
  const agent = isTls
    ? new TlsAgent({ keepAlive: true, maxSockets: 1 })
    : new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: Answer[] = [];
  let isReached = false;
  const once = ({ method = "POST", path, headers: own, body = "" }: Sent): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const all: OutgoingHttpHeaders = { ...headers, ...own, "content-length": Buffer.byteLength(body) };
      const options = { method, agent, headers: all, timeout: timeoutMs };
      const target = new URL(`${base.pathname.replace(/\/$/, "")}${path}`, base);
      const outgoing = (isTls ? tlsRequest : httpRequest)(target, options, (incoming) => {
        const { statusCode: status = 0, headers: received } = incoming;
        buffer(incoming).then(
          (content) => resolve({ status, headers: received, body: content, isReused: outgoing.reusedSocket }),
          reject,
        );
      });
      outgoing.on("socket", (socket) => {
        if (!socket.connecting) return; // one that an earlier request had opened
        const deadline = setTimeout(
          () => outgoing.destroy(new Error(`no connection within ${connectMs} ms`)),
          connectMs,
        );
        socket.once("close", () => clearTimeout(deadline));
        socket.once("connect", () => {
          clearTimeout(deadline);
          isReached = true;
        });
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  return {
    url,
    answers,
    get isReached() {
      return isReached;
    },
    async send(sent) {
      const answer = await once(sent);
      answers.push(answer);
      return answer;
    },
    close: () => agent.destroy(),
  };
};
