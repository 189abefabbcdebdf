/** Against a raw server, which says what it is told to. */
import { type Server, type Socket, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connectLocalApi } from "./local-api.ts";

/** Answers the n-th request with the n-th text; with nothing, by breaking off. */
const startServer = async (answers: readonly string[]) => {
  const requests: string[] = [];
  const connections: Socket[] = [];
  const server: Server = createServer({ noDelay: true }, (socket) => {
    connections.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      const answer = answers[requests.push(data.toString()) - 1] ?? "";
      if (answer === "") return void socket.destroy();
      socket.write(answer);
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
test("the request is one that a server understands, and the connection is kept", async () => {
  const { api, requests, connections } = await startServer([LENGTH, LENGTH]);
  const answer = await api.call("POST", "/register", { "lambda-extension-name": "x" }, { text: '{"a":"ä"}' });
  expect([answer.status, answer.body.toString(), answer.headers.get("lambda-extension-identifier")]).toEqual([
    200,
    "hello",
    "id-1",
  ]);
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
  expect((await api.call("GET", "/b", {})).body.toString()).toBe("hello");
  expect(connections).toHaveLength(2);
});
