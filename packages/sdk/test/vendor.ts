/**
 * An OTLP endpoint as strict as a vendor's: HTTPS, its paths, its headers, its encodings, its answers; and stricter than any in what
 * it takes, so that nothing passes here by a receiver's kindness.
 *
 * Source  opentelemetry-proto docs/specification.md (OTLP/HTTP); the vendors' pages, read in November 2026, linked from docs/guides/export.md
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import {
  type KeyValue,
  type OtlpEncoding,
  type OtlpSignal,
  type PartialSuccess,
  type Resource,
  decodeLogs,
  decodeLogsJson,
  decodeTraces,
  decodeTracesJson,
  encodeExportResponse,
  encodeStatus,
  logsToJson,
  tracesToJson,
} from "@mayfly/otlp";
import { onTestFinished } from "vitest";
import { certificateForLocalhost } from "./certificate.ts";
import { type PlainLog, type PlainSpan, logsIn, spansIn } from "./collector.ts";

export interface VendorRules {
  /** Which header carries the key. */
  readonly keyHeader: string;
  /** What else must stand there. */
  readonly headers: Readonly<Record<string, string>>;
  readonly contentTypes: readonly string[];
  /** Of what is taken. */
  readonly accepted: 200 | 202;
  /** Bytes of a body, once unpacked. */
  readonly maxBytes: number;
  /** The answer to a key that is none of its own. */
  readonly unauthorized: VendorAnswer;
}

export interface VendorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Vendor {
  readonly url: string;
  readonly key: string;
  /** Of the certificate. */
  readonly certificateFile: string;
  /** Instead of taking the next requests; one for each. */
  readonly answers: VendorAnswer[];
  /** Stands in what is answered to each request that is taken. */
  partialSuccess?: PartialSuccess;
  /** Of each request that was taken. */
  readonly taken: readonly IncomingHttpHeaders[];
  /** Of each that was not: status and reason. */
  readonly refused: readonly string[];
  readonly spans: readonly PlainSpan[];
  readonly logs: readonly PlainLog[];
  readonly resources: readonly Resource[];
}

const SIGNALS: Readonly<Record<string, OtlpSignal>> = { "/v1/traces": "traces", "/v1/logs": "logs" };

export const startVendor = async (rules: VendorRules): Promise<Vendor> => {
  const { key, cert, file } = certificateForLocalhost();
  const taken: IncomingHttpHeaders[] = [];
  const refused: string[] = [];
  const spans: PlainSpan[] = [];
  const logs: PlainLog[] = [];
  const resources: Resource[] = [];

  const take = async (request: IncomingMessage): Promise<VendorAnswer> => {
    const { headers, method, url = "" } = request;
    const body = await buffer(request);
    const signal = SIGNALS[url];
    const type = headers["content-type"] ?? "";
    if (signal === undefined) return { status: 404 };
    if (method !== "POST") return { status: 405 };
    if (headers[rules.keyHeader] !== vendor.key) return rules.unauthorized;
    const missing = Object.entries(rules.headers).filter(([name, value]) => headers[name] !== value);
    if (missing.length > 0) return { status: 400, body: `wants ${missing.join(", ")}` };
    if (!rules.contentTypes.includes(type)) return { status: 415, body: type };
    if (!["gzip", undefined].includes(headers["content-encoding"])) return { status: 415 };
    const planned = vendor.answers.shift();
    if (planned) return planned;
    const plain = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    if (plain.length > rules.maxBytes) return { status: 413 };
    const encoding: OtlpEncoding = type === "application/json" ? "json" : "protobuf";
    const message = encoding === "json" ? plain.toString() : plain;
    const read = signal === "traces" ? readTraces(message) : readLogs(message);
    if (read.faults.length > 0) {
      const status = encodeStatus(encoding, { code: 3, message: read.faults.join("; ") });
      return { status: 400, headers: { "content-type": type }, body: Buffer.from(status).toString("latin1") };
    }
    taken.push(headers);
    resources.push(...read.resources);
    if (signal === "traces") spans.push(...spansIn(message));
    else logs.push(...logsIn(message));
    const answer = encodeExportResponse(encoding, signal, vendor.partialSuccess);
    return {
      status: rules.accepted,
      headers: { "content-type": type },
      body: Buffer.from(answer).toString("latin1"),
    };
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, headers = {}, body = "" } = await take(request);
    if (status >= 300) refused.push(`${status} ${body}`.trim());
    response.writeHead(status, headers).end(body, "latin1");
  };

  const server = createServer({ key, cert }, (request, response) => {
    serve(request, response).catch((error: unknown) => {
      refused.push(String(error));
      response.writeHead(400).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const vendor: Vendor = {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    key: "key/of+mine==",
    certificateFile: file,
    answers: [],
    taken,
    refused,
    spans,
    logs,
    resources,
  };
  return vendor;
};

interface Read {
  readonly resources: readonly Resource[];
  /** All that a strict receiver could find in it. */
  readonly faults: readonly string[];
}

const readTraces = (message: string | Buffer): Read => {
  const request = typeof message === "string" ? decodeTracesJson(message) : decodeTraces(message);
  const { resources, faults } = readResources(request.resourceSpans);
  for (const span of request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))) {
    faults.push(...idFaults(span.traceId, span.spanId), ...attributeFaults(span.attributes));
    if (span.name === "") faults.push("a span without a name");
    if (span.kind < 1 || span.kind > 5) faults.push(`a span of kind ${span.kind}`);
    if (span.startTimeUnixNano === 0n || span.endTimeUnixNano < span.startTimeUnixNano)
      faults.push("a span that ends before it starts");
  }
  if (typeof message === "string") faults.push(...beyond(JSON.parse(message), tracesToJson(request), "$"));
  return { resources, faults };
};

const readLogs = (message: string | Buffer): Read => {
  const request = typeof message === "string" ? decodeLogsJson(message) : decodeLogs(message);
  const { resources, faults } = readResources(request.resourceLogs);
  for (const line of request.resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap((scope) => scope.logRecords))) {
    faults.push(...idFaults(line.traceId, line.spanId), ...attributeFaults(line.attributes));
    if (line.timeUnixNano === 0n) faults.push("a line without a time");
    if (line.severityNumber < 1 || line.severityNumber > 24) faults.push(`a line of severity ${line.severityNumber}`);
  }
  if (typeof message === "string") faults.push(...beyond(JSON.parse(message), logsToJson(request), "$"));
  return { resources, faults };
};

const readResources = (parts: readonly { readonly resource?: Resource }[]) => {
  const resources = parts.flatMap(({ resource }) => (resource ? [resource] : []));
  const faults = resources.flatMap(({ attributes }) => attributeFaults(attributes));
  if (resources.length < parts.length) faults.push("no resource");
  if (!resources.every(({ attributes }) => attributes.some(({ key }) => key === "service.name")))
    faults.push("a resource without service.name");
  return { resources, faults };
};

const idFaults = (traceId: string | undefined, spanId: string | undefined): string[] => [
  ...(/^(?!0+$)[\da-f]{32}$/.test(traceId ?? "") ? [] : [`trace id ${traceId}`]),
  ...(/^(?!0+$)[\da-f]{16}$/.test(spanId ?? "") ? [] : [`span id ${spanId}`]),
];

const attributeFaults = (attributes: readonly KeyValue[]): string[] => {
  const keys = attributes.map(({ key }) => key);
  return [
    ...(keys.includes("") ? ["an attribute without a name"] : []),
    ...keys.filter((key, n) => keys.indexOf(key) < n).map((key) => `attribute ${key} stands there twice`),
  ];
};

/** What a message has that its decoded form, written again, has not: fields that OTLP does not know, values it spells otherwise. */
const beyond = (sent: unknown, known: unknown, path: string): string[] => {
  if (Array.isArray(sent) && Array.isArray(known))
    return sent.flatMap((one, n) => beyond(one, (known as unknown[])[n], `${path}[${n}]`));
  if (isObject(sent) && isObject(known))
    return Object.entries(sent).flatMap(([key, value]) => beyond(value, known[key], `${path}.${key}`));
  const isDefault = known === undefined && [0, "", "0"].includes(sent as string);
  const isEmpty = known === undefined && Array.isArray(sent) && sent.length === 0;
  return isDefault || isEmpty || sent === known ? [] : [`${path} is ${JSON.stringify(sent)}`];
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
