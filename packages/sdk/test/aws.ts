/** AWS for one test: a real HTTP server that keeps what the SDK's clients send, and an invocation that calls it. */
import { createHash } from "node:crypto";
import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { type PlainSpan, startCollector } from "./collector.ts";
import { AMPLE_BUDGET, type FreshSdk, freshSdk, lambdaContext } from "./fresh-sdk.ts";

export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface AwsAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a client is built with, to come here. */
export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface Aws {
  readonly url: string;
  readonly client: ClientConfig;
  readonly requests: readonly AwsRequest[];
}

/** `attempt` counts from 1. */
export type Answering = (request: AwsRequest, attempt: number) => AwsAnswer | Promise<AwsAnswer>;

export const startAws = async (answer: Answering): Promise<Aws> => {
  const requests: AwsRequest[] = [];
  const server = createServer((incoming, response) => {
    void text(incoming).then(async (body) => {
      const request = { method: incoming.method ?? "", path: incoming.url ?? "", headers: incoming.headers, body };
      const number = requests.push(request);
      const { status = 200, headers = {}, body: answered = "{}" } = await answer(request, number);
      response.writeHead(status, { "x-amzn-requestid": `aws-request-${number}`, ...headers }).end(answered);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  return { url, requests, client: { endpoint: url, region: "eu-west-1", credentials } };
};

/** SQS's answers carry checksums, which its client compares. */
export const md5 = (message: string): string => createHash("md5").update(message).digest("hex");

export interface Called extends Aws {
  /** Of AWS calls. */
  readonly spans: readonly PlainSpan[];
  readonly invocation: PlainSpan;
  /** Of all requests, whoever told of them; in order of their end. */
  readonly clientSpans: readonly PlainSpan[];
  readonly sdk: FreshSdk;
  /** What `work` threw. */
  readonly thrown: unknown;
}

export interface Invoked {
  readonly event?: object;
  readonly context?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly start?: typeof startAws;
}

/** One invocation that calls AWS, and what was seen of it on either side. */
export const calling = async (
  answer: Answering,
  work: (aws: Aws) => unknown,
  { event = {}, context = {}, env = {}, start = startAws }: Invoked = {},
): Promise<Called> => {
  const aws = await start(answer);
  const collector = await startCollector();
  const sdk = await freshSdk({
    ...AMPLE_BUDGET,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    MAYFLY_END_LINE: "off",
    ...env,
  });
  let thrown: unknown;
  const handler = sdk.observe(async (_event: object, _context: object) => {
    try {
      await work(aws);
    } catch (error) {
      thrown = error;
    }
  });
  await handler(event, { ...lambdaContext(), ...context });
  const [invocation] = collector.spans.filter(({ attributes }) => "faas.coldstart" in attributes);
  if (invocation === undefined) throw new Error("no invocation span arrived");
  const spans = collector.spans.filter(({ attributes }) => attributes["rpc.system.name"] === "aws-api");
  const clientSpans = collector.spans.filter((span) => span !== invocation);
  return { ...aws, spans, invocation, clientSpans, sdk, thrown };
};

/** An HTTP request that carries this W3C context. */
export const requestWith = (traceparent: string, tracestate?: string): object => ({
  version: "2.0",
  rawPath: "/orders",
  headers: { traceparent, ...(tracestate && { tracestate }) },
  requestContext: { http: { method: "POST", path: "/orders" } },
});

export const traceparentOf = ({ traceId, spanId }: PlainSpan, flags = "03"): string =>
  `00-${traceId}-${spanId}-${flags}`;

export const frozen = <T>(value: T): T => {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};
