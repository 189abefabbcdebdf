/**
 * A collector behind a connection that breaks in a chosen way, on one port: what a connection meets is decided as it is opened. Mended,
 * it leads to a real collector.
 */
import { type Server, type Socket, connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import type { Certificate } from "./certificate.ts";
import { type TestCollector, startCollector } from "./collector.ts";

/** What a connection meets. */
export type Fault = (socket: Socket) => void;

export interface Faulty {
  readonly port: number;
  readonly collector: TestCollector;
  /** Connections that met the fault. */
  readonly met: number;
  /** Nobody listens any more. */
  close(): Promise<void>;
  /** From now on connections get through. Those on which there were answers are closed, those that hang go on hanging. */
  mend(): Promise<void>;
  /** Connections that are open carry nothing any more, in either direction, and nobody says so. */
  goDark(): void;
}

/** With a certificate, what gets through speaks TLS. */
export const startFaulty = async (fault: Fault, certificate?: Certificate): Promise<Faulty> => {
  const collector = await startCollector();
  const sockets = new Set<Socket>();
  const through = new Map<Socket, Socket>();
  let met = 0;
  let isMended = false;

  const lead = (socket: Socket): void => {
    const { port } = new URL(collector.url);
    const inner = certificate ? new TLSSocket(socket, { isServer: true, ...certificate }) : socket;
    const outer = connect(Number(port), "127.0.0.1");
    through.set(inner, outer);
    for (const end of [inner, outer]) end.on("error", () => undefined);
    inner.pipe(outer).pipe(inner);
  };

  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    if (isMended) return lead(socket);
    met += 1;
    fault(socket);
  };

  let server: Server = createServer(accept);
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => void server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of [...sockets, ...through.values()]) socket.destroy();
    });
  onTestFinished(close);
  return {
    port,
    collector,
    get met() {
      return met;
    },
    close,
    async mend() {
      isMended = true;
      for (const socket of sockets) if (socket.bytesWritten > 0 && !through.has(socket)) socket.destroy();
      if (server.listening) return;
      server = createServer(accept);
      await listen(port);
    },
    goDark() {
      for (const [inner, outer] of through) {
        inner.unpipe(outer).pause();
        outer.unpipe(inner).pause();
      }
    },
  };
};

/** Once a request, or what of it comes in one piece, is there. */
const onRequest =
  (answer: (socket: Socket) => void): Fault =>
  (socket) =>
    void socket.once("data", () => answer(socket));

/** Each time. A request comes in one piece: its body is short. */
export const says =
  (text: string): Fault =>
  (socket) =>
    void socket.on("data", () => socket.write(text));

export const FAULTS = {
  "never reads": (socket) => socket.pause(),
  "reads and never answers": (socket) => void socket.resume(),
  "answers after 30 s": onRequest((socket) => {
    const timer = setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), 30_000);
    socket.on("close", () => clearTimeout(timer));
  }),
  "answers byte by byte, without end": onRequest((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    const timer = setInterval(() => socket.write("1\r\nx\r\n"), 20);
    socket.on("close", () => clearInterval(timer));
  }),
  "answers with headers without end": onRequest((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const timer = setInterval(() => socket.write("x-more: and more\r\n"), 20);
    socket.on("close", () => clearInterval(timer));
  }),
  "answers 429": says("HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"),
  "answers 503": says("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy"),
  "answers with garbage": says("\0\u0001\u0002 this is no HTTP\r\n\r\n"),
  "breaks off within the answer": onRequest((socket) => {
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
  }),
  "closes without an answer": onRequest((socket) => void socket.end()),
  "resets when the request is there": onRequest((socket) => void socket.resetAndDestroy()),
  "resets as it connects": (socket) => void socket.resetAndDestroy(),
} as const satisfies Readonly<Record<string, Fault>>;
