/** Lambda's API inside the environment, plain HTTP/1.1 on the loopback, over one connection that is kept. */
import type { Answer } from "./answer.ts";
import { type Connection, connectTo, requestHead, serverOf } from "./connection.ts";

export interface LocalApi {
  /** Rejects when the connection breaks; the next call makes a new one. */
  call(method: string, path: string, headers: Readonly<Record<string, string>>, body?: Body): Promise<Answer>;
  /** What is asked is still waited for, but the process is not kept alive for it. */
  letGo(): void;
  /** Nothing is read, and the process is not kept alive for it. */
  rest(): void;
  read(): void;
  close(): void;
}

export interface Body {
  readonly text: string;
  readonly onSent?: () => void;
}

const NO_BODY: Body = { text: "" };

/** `address` is `host:port`. */
export const connectLocalApi = (address: string): LocalApi => {
  const server = serverOf(new URL(`http://${address}`));
  let connection: Connection | undefined;
  return {
    call(method, path, headers, { text, onSent } = NO_BODY) {
      if (!connection?.isReady) connection = connectTo(server);
      return connection.call(requestHead(server, method, path, headers), text, onSent);
    },
    letGo: () => connection?.hold(false),
    rest: () => connection?.pause(),
    read: () => connection?.resume(),
    close: () => connection?.close(),
  };
};
