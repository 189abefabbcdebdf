/**
 * One connection to an HTTP/1.1 server, for one request at a time.
 *
 * Not by node:http, whose loading and first request take 10 ms of a cold start and 3 MB of memory: what is asked here is simple, of two
 * kinds of servers, and its answers are small. A function that uses node:http itself has it instrumented by others, too, and these
 * requests are nobody's business.
 *
 * `process.getBuiltinModule` at first use, because `import … from "node:net"` in an ES module loads it whether it is used or not.
 */
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { type Answer, createAnswerReader } from "./answer.ts";

export interface Server {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  /** As it stands in the header `host`. */
  readonly name: string;
}

export interface Connection {
  /** `head` is of `requestHead`. Rejects when the connection breaks before the answer is whole; `onSent` when the kernel has it all. */
  call(head: string, body: string | Uint8Array, onSent?: () => void): Promise<Answer>;
  /** It waits for the next request. */
  readonly isReady: boolean;
  /** Whether the process is kept alive for it. */
  hold(isHeld: boolean): void;
  /** Nothing is read until `resume`, and the process is not kept alive. */
  pause(): void;
  resume(): void;
  close(): void;
}

export const serverOf = ({ protocol, hostname, port, host }: URL): Server => {
  const isSecure = protocol === "https:";
  return {
    isSecure,
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port) || (isSecure ? 443 : 80),
    name: host,
  };
};

/** All but the length of the body. Header names come in lower case. */
export const requestHead = (
  { name }: Server,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): string => {
  const lines = Object.entries({ host: name, ...headers }).map(([header, value]) => `${header}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}`;
};

/** By server: a TLS session is taken up again, as node:https does it. */
const sessions = new Map<string, Buffer>();

export const connectTo = (server: Server): Connection => {
  const socket = open(server);
  const reader = createAnswerReader();
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  let isOpen = true;

  const answered = (answer: Answer): void => {
    const asked = waiting;
    waiting = undefined;
    // Answered before it was all said: what is left of it would be taken for the next request.
    if (answer.isLast || socket.writableLength > 0) lost(new Error("the connection was closed"));
    asked?.resolve(answer);
  };

  const lost = (error: Error): void => {
    isOpen = false;
    socket.destroy();
    waiting?.reject(error);
    waiting = undefined;
  };

  socket.on("error", lost);
  socket.on("close", () => {
    const answer = waiting && reader.end();
    if (answer) answered(answer);
    else lost(new Error("the connection was closed"));
  });
  socket.on("data", (chunk: Buffer) => {
    if (waiting === undefined) return lost(new Error("an answer to nothing"));
    try {
      const answer = reader.read(chunk);
      if (answer) answered(answer);
    } catch (error) {
      lost(error as Error);
    }
    return undefined;
  });

  return {
    call: (head, body, onSent) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        const whole = `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
        // In one piece.
        socket.write(typeof body === "string" ? whole + body : Buffer.concat([Buffer.from(whole), body]), onSent);
      }),
    get isReady() {
      return isOpen && waiting === undefined;
    },
    hold: (isHeld) => void (isHeld ? socket.ref() : socket.unref()),
    pause: () => void socket.pause().unref(),
    resume: () => void socket.resume(),
    close: () => lost(new Error("the connection was closed")),
  };
};

const open = ({ isSecure, host, port, name }: Server): Socket => {
  const net = process.getBuiltinModule("node:net");
  if (!isSecure) return net.connect({ host, port, noDelay: true });
  const session = sessions.get(name);
  const options: ConnectionOptions & { noDelay: boolean } = {
    host,
    port,
    noDelay: true,
    ALPNProtocols: ["http/1.1"],
    // A certificate is asked for by name alone.
    ...(net.isIP(host) === 0 && { servername: host }),
    ...(session && { session }),
  };
  const socket = process.getBuiltinModule("node:tls").connect(options);
  return socket.on("session", (given) => sessions.set(name, given));
};
