/**
 * HTTP over one kept-alive socket, one request at a time: as little client as there can be, because it shares the
 * processor with what is measured.
 */
import { connect } from "node:net";

export interface Answer {
  readonly status: number;
  /** Seconds, where the answer names them. */
  readonly retryAfter: number;
}

export interface Connection {
  post(body: Buffer): Promise<Answer>;
  close(): void;
}

const END_OF_HEAD = "\r\n\r\n";

export const openConnection = (port: number, path: string, contentType: string): Connection => {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ${contentType}\r\ncontent-length: `;
  let settle: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  let received = "";

  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    received += text;
    const end = received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
    if (received.length < end + END_OF_HEAD.length + length) return;
    const answer = {
      status: Number(received.slice(9, 12)),
      retryAfter: Number(/retry-after: (\d+)/i.exec(received)?.[1] ?? 0),
    };
    received = "";
    settle?.resolve(answer);
  });
  socket.on("error", (error) => settle?.reject(error));
  socket.on("close", () => settle?.reject(new Error("the collector closed the connection")));

  return {
    post: (body) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        socket.cork();
        socket.write(`${head}${body.length}\r\n\r\n`);
        socket.write(body);
        socket.uncork();
      }),
    close: () => socket.destroy(),
  };
};
