/**
 * Where the functions send: OTLP over HTTP, answered at once, and X-Ray segments over UDP. Counts what arrives. The queue that they call
 * stands here too.
 */
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Receiver {
  readonly variables: Readonly<Record<string, string>>;
  readonly received: { otlp: number; "x-ray": number };
  close(): void;
}

const MESSAGE = JSON.stringify({
  MessageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
  MD5OfMessageBody: createHash("md5").update("hello").digest("hex"),
});

export const startReceiver = async (): Promise<Receiver> => {
  const received = { otlp: 0, "x-ray": 0 };
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      if (request.headers["x-amz-target"] === "AmazonSQS.SendMessage")
        return void response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(MESSAGE);
      if (request.url === "/v1/traces") received.otlp += 1;
      const isProtobuf = request.headers["content-type"] === "application/x-protobuf";
      response.writeHead(200, { "content-type": request.headers["content-type"] }).end(isProtobuf ? "" : "{}");
      return undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const daemon = createSocket("udp4").on("message", () => (received["x-ray"] += 1));
  await new Promise<void>((resolve) => daemon.bind(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    received,
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
      AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      AWS_ENDPOINT_URL_SQS: url,
      QUEUE_URL: `${url}/000000000000/orders`,
    },
    close() {
      daemon.close();
      server.closeAllConnections();
      server.close();
    },
  };
};
