/**
 * One connection to Lambda's API inside the environment, for one request at a time.
 *
 * Not by node:http, whose first request takes 10 ms of a cold start and 8 of them are spared this way: the API is plain HTTP/1.1 on the
 * loopback, its answers are small, and their length is told or they come in chunks.
 *
 * Source  RFC 9112, sections 4 to 7, as far as a client of this API needs it. 1xx answers and trailers are not among it.
 */
import type { Socket } from "node:net";

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

export interface LocalApi {
  /** Rejects when the connection breaks; the next call makes a new one. */
  call(method: string, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer>;
  /** Nothing is read, and the process is not kept alive for it. */
  rest(): void;
  read(): void;
  close(): void;
}

const MAX_ANSWER_LENGTH = 1_048_576;

/** `address` is `host:port`. */
export const connectLocalApi = (address: string): LocalApi => {
  const url = new URL(`http://${address}`);
  let socket: Socket | undefined;
  let received: Buffer = Buffer.of();
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  const lost = (from: Socket, error: Error): void => {
    if (socket !== from) return;
    socket = undefined;
    received = Buffer.of();
    from.destroy();
    waiting?.reject(error);
    waiting = undefined;
  };

  const connect = (): Socket => {
    const { connect: open } = process.getBuiltinModule("node:net");
    const opened = open({ host: url.hostname, port: Number(url.port), noDelay: true });
    opened.on("error", (error) => lost(opened, error));
    opened.on("close", () => lost(opened, new Error("the connection was closed")));
    opened.on("data", (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (received.length > MAX_ANSWER_LENGTH) return lost(opened, new Error("the answer is too long"));
      const answer = answerIn(received);
      if (answer === undefined) return undefined;
      received = Buffer.of();
      waiting?.resolve(answer);
      waiting = undefined;
      if (answer.headers.get("connection") === "close") lost(opened, new Error("the connection was closed"));
      return undefined;
    });
    return opened;
  };

  return {
    call: (method, path, headers, body = "") =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket ??= connect();
        const lines = Object.entries({ host: address, ...headers, "content-length": String(Buffer.byteLength(body)) });
        const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
        socket.write(`${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`);
      }),
    rest() {
      socket?.pause();
      socket?.unref();
    },
    read() {
      socket?.resume();
    },
    close() {
      if (socket) lost(socket, new Error("closed"));
    },
  };
};

/** undefined as long as it is not whole. */
const answerIn = (received: Buffer): Answer | undefined => {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = received.toString("latin1", 0, end).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  const rest = received.subarray(end + 4);
  const body = headers.get("transfer-encoding") === "chunked" ? unchunked(rest) : ofLength(rest, headers);
  return body && { status: Number(first.split(" ")[1]), headers, text: body.toString() };
};

const ofLength = (rest: Buffer, headers: ReadonlyMap<string, string>): Buffer | undefined => {
  const length = Number(headers.get("content-length") ?? 0);
  return rest.length < length ? undefined : rest.subarray(0, length);
};

const unchunked = (rest: Buffer): Buffer | undefined => {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const end = rest.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const length = Number.parseInt(rest.toString("latin1", at, end), 16);
    const next = end + 2 + length + 2;
    if (Number.isNaN(length) || rest.length < next) return undefined;
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(rest.subarray(end + 2, next - 2));
    at = next;
  }
};
