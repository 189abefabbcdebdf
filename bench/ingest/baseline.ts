/** A server that reads bodies to their end and answers, in a process of its own: what the sender could reach at most. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

export const startBaseline = async () => {
  const child = fork(fileURLToPath(import.meta.url), ["serve"]);
  const [port] = (await once(child, "message")) as [number];
  return {
    port,
    async close() {
      child.kill();
      await once(child, "exit");
    },
  };
};

if (process.argv[2] === "serve" && process.send !== undefined) {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(200, { "content-length": "0" }).end());
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}
