/** OTEL_PROPAGATORS, from an event that carries all contexts there are to a message, a request and a call of AWS. */
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test } from "vitest";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startCollector } from "../../test/collector.ts";
import { AMPLE_BUDGET, freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";

const W3C = "4bf92f3577b34da6a3ce929d0e0e4736";
const ROOT = "678912330000000000000000000000ab";
const XRAY = `Root=1-${ROOT.slice(0, 8)}-${ROOT.slice(8)};Parent=53995c3f42cd8ad8;Sampled=0`;
const DATADOG = "00000000000000000000000000000007";

const attribute = (stringValue: string) => ({ stringValue, dataType: "String" });

const message = (carries: readonly ("w3c" | "datadog")[]) => ({
  messageId: "m-1",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:eu-west-1:111122223333:orders",
  body: "{}",
  attributes: {},
  messageAttributes: {
    ...(carries.includes("w3c") && { traceparent: attribute(`00-${W3C}-00f067aa0ba902b7-01`) }),
    ...(carries.includes("datadog") && {
      _datadog: attribute('{"x-datadog-trace-id":"7","x-datadog-parent-id":"8"}'),
    }),
  },
});

/** What an invocation by that message makes of it, and sends on. */
const through = async (propagators: string, carries: readonly ("w3c" | "datadog")[]) => {
  const collector = await startCollector();
  const received: { isSigned: boolean; headers: Record<string, unknown>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      received.push({ isSigned: request.headers.authorization !== undefined, headers: request.headers, body });
      response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end('{"MessageId":"m-2"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sdk = await freshSdk({
    ...AMPLE_BUDGET,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_PROPAGATORS: propagators,
  });
  const sqs = new SQSClient({
    endpoint: url,
    region: "eu-west-1",
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
    md5: false,
  });
  onTestFinished(() => sqs.destroy());
  const handler = sdk.observe(async (_event: object, _context: object) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: `${url}/1/orders`, MessageBody: "{}" }));
    await (await fetch(url)).text();
  });
  await handler({ Records: [message(carries)] }, { ...lambdaContext(), xRayTraceId: XRAY });
  const invocation = collector.spans.at(-1);
  const call = received.find(({ isSigned }) => isSigned);
  const request = received.find(({ isSigned }) => !isSigned);
  return {
    trace: [W3C, ROOT].find((id) => id === invocation?.traceId) ?? "its own",
    links: invocation?.links.map(({ traceId }) => traceId),
    keys: invocation?.attributes["mayfly.keys.consumed"],
    isMessageMarked: call?.body.includes("traceparent"),
    isRequestMarked: request?.headers["traceparent"] !== undefined,
    isParentOurs: /Parent=(?!53995c3f42cd8ad8)/.test(String(call?.headers["x-amzn-trace-id"])),
  };
};

const both = ["w3c", "datadog"] as const;

test.each([
  ["", both, { trace: W3C, links: [], isMessageMarked: true, isRequestMarked: true, isParentOurs: false }],
  ["", [], { trace: ROOT, links: [], isMessageMarked: true, isRequestMarked: true, isParentOurs: true }],
  ["tracecontext", both, { trace: W3C, links: [], isMessageMarked: true, isRequestMarked: true, isParentOurs: false }],
  ["tracecontext", [], { trace: "its own", links: [], isMessageMarked: true, isRequestMarked: true }],
  ["xray", both, { trace: ROOT, links: [], isMessageMarked: false, isRequestMarked: false, isParentOurs: true }],
  ["datadog", ["datadog"], { trace: "its own", links: [DATADOG], isMessageMarked: false, isRequestMarked: false }],
  ["xray", ["datadog"], { trace: ROOT, links: [] }],
  ["none", both, { trace: "its own", links: [], isMessageMarked: false, isRequestMarked: false, isParentOurs: false }],
] as const)("OTEL_PROPAGATORS=%s, where the message carries %j", async (propagators, carries, expected) => {
  const found = await through(propagators, carries);
  expect(found).toMatchObject(expected);
  expect(found.keys).toContain("sqs-message|arn:aws:sqs:eu-west-1:111122223333:orders|m-1");
});
