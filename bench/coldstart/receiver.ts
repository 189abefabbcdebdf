/** Where the functions send: OTLP over HTTP, answered at once, and X-Ray segments over UDP. Counts what arrives. */
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Receiver {
  readonly variables: Readonly<Record<string, string>>;
  readonly received: { otlp: number; "x-ray": number };
  close(): void;
}

export const startReceiver = async (): Promise<Receiver> => {
  const received = { otlp: 0, "x-ray": 0 };
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      if (request.url === "/v1/traces") received.otlp += 1;
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const daemon = createSocket("udp4").on("message", () => (received["x-ray"] += 1));
  await new Promise<void>((resolve) => daemon.bind(0, "127.0.0.1", resolve));
  return {
    received,
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
      AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
    },
    close() {
      daemon.close();
      server.closeAllConnections();
      server.close();
    },
  };
};
