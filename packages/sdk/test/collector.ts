/** A collector for one test: a real HTTP server that keeps what arrives, decoded, and answers as it is told. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import {
  type LogRecord,
  type PlainAttributes,
  type Span,
  attributesToPlain,
  decodeLogs,
  decodeLogsJson,
  decodeTraces,
  decodeTracesJson,
} from "@mayfly/otlp";
import { onTestFinished } from "vitest";

/** A status, now or later; or the request is left without any answer; or the answer begins and never ends. */
export type Answer = number | "never" | "unending" | (() => Promise<number>);

export type PlainSpan = Omit<Span, "attributes"> & { readonly attributes: PlainAttributes };
export type PlainLog = Omit<LogRecord, "attributes"> & { readonly attributes: PlainAttributes };

export interface TestCollector {
  readonly url: string;
  answer: Answer;
  /** What stands in each answer. */
  answerBody: string | Uint8Array;
  answerHeaders: Readonly<Record<string, string>>;
  /** Of each request, in order of arrival. */
  readonly paths: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  readonly bytes: readonly number[];
  /** What was answered with a 2xx. The spans of inits stand apart, so that a cold start changes no count. */
  readonly spans: readonly PlainSpan[];
  readonly inits: readonly PlainSpan[];
  readonly logs: readonly PlainLog[];
  readonly connections: number;
  dropConnections(): void;
}

export const startCollector = async (answer: Answer = 200): Promise<TestCollector> => {
  const paths: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const bytes: number[] = [];
  const spans: PlainSpan[] = [];
  const inits: PlainSpan[] = [];
  const logs: PlainLog[] = [];
  let connections = 0;
  const take = (path: string, body: string | Buffer): void => {
    if (path === "/v1/traces") for (const span of spansIn(body)) (isInit(span) ? inits : spans).push(span);
    else logs.push(...logsIn(body));
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "";
    const body = await buffer(request);
    paths.push(path);
    headers.push(request.headers);
    bytes.push(body.length);
    if (collector.answer === "never") return;
    if (collector.answer === "unending") return void response.writeHead(200).write("{");
    const status = typeof collector.answer === "number" ? collector.answer : await collector.answer();
    if (status < 300) take(path, unpacked(body, request.headers));
    response.writeHead(status, collector.answerHeaders).end(collector.answerBody);
  };
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer,
    answerBody: "{}" as string | Uint8Array,
    answerHeaders: {},
    paths,
    headers,
    bytes,
    spans,
    inits,
    logs,
    get connections() {
      return connections;
    },
    dropConnections: () => server.closeAllConnections(),
  };
  return collector;
};

const isInit = ({ name, kind }: PlainSpan): boolean => name === "init" && kind === 1;

/** JSON's text, or protobuf's bytes, as the headers say. */
const unpacked = (body: Buffer, headers: IncomingMessage["headers"]): string | Buffer => {
  const plain = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  return headers["content-type"] === "application/x-protobuf" ? plain : plain.toString();
};

export const spansIn = (body: string | Uint8Array): PlainSpan[] =>
  (typeof body === "string" ? decodeTracesJson(body) : decodeTraces(body)).resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map((span) => ({ ...span, attributes: attributesToPlain(span.attributes) }));

export const logsIn = (body: string | Uint8Array): PlainLog[] =>
  (typeof body === "string" ? decodeLogsJson(body) : decodeLogs(body)).resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    .map((record) => ({ ...record, attributes: attributesToPlain(record.attributes) }));
