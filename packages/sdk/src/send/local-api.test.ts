/** Against a raw server, which says what it is told to in pieces of any size. */
import { type Server, type Socket, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connectLocalApi } from "./local-api.ts";

/** Answers the n-th request with the n-th text, cut into pieces of `pieceLength`. */
const startServer = async (answers: readonly string[], pieceLength = 1_000) => {
  const requests: string[] = [];
  const connections: Socket[] = [];
  const server: Server = createServer({ noDelay: true }, (socket) => {
    connections.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      const answer = answers[requests.push(data.toString()) - 1] ?? "";
      if (answer === "") return void socket.destroy();
      for (let at = 0; at < answer.length; at += pieceLength) socket.write(answer.slice(at, at + pieceLength));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const one of connections) one.destroy();
    server.close();
  });
  const api = connectLocalApi(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => api.close());
  return { api, requests, connections };
};

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLambda-Extension-Identifier: id-1\r\n\r\nhello";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhel\r\r\n3;x=y\r\nlo!\r\n0\r\n\r\n";

test.each([1, 2, 7, 1_000])("an answer is read whole, in pieces of %i", async (pieceLength) => {
  const { api } = await startServer([LENGTH, CHUNKED], pieceLength);
  const first = await api.call("GET", "/a", {});
  expect([first.status, first.text, first.headers.get("lambda-extension-identifier")]).toEqual([200, "hello", "id-1"]);
  expect((await api.call("GET", "/b", {})).text).toBe("hel\rlo!");
});

test("the request is one that a server understands, and the connection is kept", async () => {
  const { api, requests, connections } = await startServer([LENGTH, LENGTH]);
  await api.call("POST", "/register", { "lambda-extension-name": "x" }, '{"a":"ä"}');
  await api.call("GET", "/next", {});
  expect(requests[0]).toMatch(
    /^POST \/register HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nlambda-extension-name: x\r\ncontent-length: 10\r\n\r\n\{"a":"ä"\}$/,
  );
  expect(requests[1]).toMatch(/^GET \/next HTTP\/1\.1\r\n/);
  expect(connections).toHaveLength(1);
});

test("a broken connection rejects the call, and the next call makes a new one", async () => {
  const { api, connections } = await startServer(["", LENGTH]);
  await expect(api.call("GET", "/a", {})).rejects.toThrow();
  expect((await api.call("GET", "/b", {})).text).toBe("hello");
  expect(connections).toHaveLength(2);
});

test("an answer without an end is not kept without end", async () => {
  const { api } = await startServer(
    [`HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n${"x".repeat(2_000_000)}`],
    65_536,
  );
  await expect(api.call("GET", "/a", {})).rejects.toThrow("too long");
});
