/**
 * An API Gateway HTTP API on a real port: requests become events of payload version 2.0, results become responses.
 *
 * Source  "AWS Lambda integrations for HTTP APIs", payload format 2.0; how odd results are answered was taken from what API
 *         Gateway does, not from what it documents.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { LabFunction } from "../function.ts";
import { newRoot } from "../trace-header.ts";
import type { Truth } from "../truth.ts";

export interface HttpApi {
  readonly url: string;
  close(): Promise<void>;
}

export interface HttpApiDeps {
  /** Route key → function. */
  readonly routes: ReadonlyMap<string, LabFunction>;
  readonly truth: Truth;
  readonly accountId: string;
  readonly port: number;
}

/** API Gateway's own. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Content types whose bodies are handed over as base64. */
const BINARY = /^(image|audio|video)\/|^application\/(octet-stream|zip|pdf|wasm|x-protobuf)/;

interface Route {
  readonly key: string;
  readonly target: LabFunction;
  readonly pathParameters: Readonly<Record<string, string>>;
}

export const startHttpApi = async (deps: HttpApiDeps): Promise<HttpApi> => {
  const server: Server = createServer((request, response) => {
    serve(request, response, deps).catch(() => respond(response, 500, { message: "Internal Server Error" }));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(deps.port, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const serve = async (request: IncomingMessage, response: ServerResponse, deps: HttpApiDeps): Promise<void> => {
  const url = addressOf(request.url ?? "/");
  const requestId = randomBytes(11).toString("base64url");
  response.setHeader("Apigw-Requestid", requestId);
  if (url === undefined) return respond(response, 400, { message: "Bad Request" });
  const route = routeFor(deps.routes, request.method ?? "GET", url.path);
  if (route === undefined) return respond(response, 404, { message: "Not Found" });
  if (Number(request.headers["content-length"]) > MAX_BODY_BYTES)
    return respond(response, 413, { message: "Request Entity Too Large" });
  const traceHeader = String(request.headers["x-amzn-trace-id"] ?? newRoot(Date.now()));
  const body = await bodyOf(request);
  if (body === undefined) return respond(response, 413, { message: "Request Entity Too Large" });
  const event = eventOf(request, body, { url, route, requestId, traceHeader, accountId: deps.accountId });
  // Who called is known only where a function signed the call, which plain HTTP clients do not.
  const via = { kind: "http-request", id: requestId } as const;
  deps.truth.sent(via, deps.truth.senderOf(request.headers));
  const result = await route.target.invoke({
    payload: JSON.stringify(event),
    source: "http",
    causes: [deps.truth.causeOf(via)].filter((cause) => cause.requestId !== undefined),
    traceHeader,
    requestId: randomUUID(),
  });
  if (result.outcome !== "success") return respond(response, 500, { message: "Internal Server Error" });
  answer(response, result.payload);
};

interface Address {
  /** Still encoded, as it came. */
  readonly path: string;
  readonly rawQuery: string;
}

/** Undefined where a percent sign encodes nothing. Not by URL, which reads a host into `//a` and resolves dots. */
const addressOf = (target: string): Address | undefined => {
  const at = target.includes("?") ? target.indexOf("?") : target.length;
  const path = target.slice(0, at);
  try {
    decodeURIComponent(path);
    return { path, rawQuery: target.slice(at + 1) };
  } catch {
    return undefined;
  }
};

/** The most specific route: fewer parameters before more, a greedy one last; a method before `ANY`; then `$default`. */
const routeFor = (routes: HttpApiDeps["routes"], method: string, path: string): Route | undefined => {
  const found = [...routes].flatMap(([key, target]) => {
    const [routeMethod = "", template] = key.split(" ");
    if (template === undefined || (routeMethod !== method && routeMethod !== "ANY")) return [];
    const pathParameters = matched(template, path);
    if (pathParameters === undefined) return [];
    const rank = [template.includes("+}"), Object.keys(pathParameters).length, routeMethod === "ANY"].map(Number);
    return [{ key, target, pathParameters, rank }];
  });
  const [best] = found.toSorted((a, b) => a.rank.map((rank, n) => rank - (b.rank[n] ?? 0)).find(Boolean) ?? 0);
  if (best) return { key: best.key, target: best.target, pathParameters: best.pathParameters };
  const fallback = routes.get("$default");
  return fallback && { key: "$default", target: fallback, pathParameters: {} };
};

/** `/orders/{id}` takes one segment, `/files/{rest+}` one or more. */
const matched = (template: string, path: string): Record<string, string> | undefined => {
  const given = path.split("/");
  const wanted = template.split("/");
  const isGreedy = wanted.at(-1)?.endsWith("+}");
  if (isGreedy ? given.length < wanted.length : given.length !== wanted.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const last = isGreedy && index === wanted.length - 1 ? given.length : index + 1;
    const value = decodeURIComponent(given.slice(index, last).join("/"));
    const [, name] = /^\{([^}+]+)\+?\}$/.exec(part) ?? [];
    if (name !== undefined) parameters[name] = value;
    else if (part !== value) return undefined;
  }
  return parameters;
};

/** Undefined past the limit, as soon as that is known. */
const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) return undefined;
  }
  return Buffer.concat(chunks);
};

interface EventParts {
  readonly url: Address;
  readonly route: Route;
  readonly requestId: string;
  readonly traceHeader: string;
  readonly accountId: string;
}

const eventOf = (
  request: IncomingMessage,
  bytes: Buffer,
  { url, route, requestId, traceHeader, accountId }: EventParts,
): object => {
  const isBase64Encoded = BINARY.test(request.headers["content-type"] ?? "");
  const body = bytes.toString(isBase64Encoded ? "base64" : "utf8");
  const query = queryOf(url.rawQuery);
  const cookies = request.headers.cookie?.split("; ");
  const now = new Date();
  const path = decodeURIComponent(url.path);
  return {
    version: "2.0",
    routeKey: route.key,
    rawPath: path,
    rawQueryString: url.rawQuery,
    ...(cookies && { cookies }),
    headers: { ...headersOf(request), "x-amzn-trace-id": traceHeader },
    ...(query && { queryStringParameters: query }),
    requestContext: {
      accountId,
      apiId: "mayflylab",
      domainName: request.headers.host ?? "localhost",
      domainPrefix: "mayflylab",
      http: {
        method: request.method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress,
        userAgent: request.headers["user-agent"] ?? "",
      },
      requestId,
      routeKey: route.key,
      stage: "$default",
      time: requestTime(now),
      timeEpoch: now.getTime(),
    },
    ...(Object.keys(route.pathParameters).length > 0 && { pathParameters: route.pathParameters }),
    ...(body !== "" && { body }),
    isBase64Encoded,
  };
};

/** Lower-case, several of a name joined by a comma; cookies stand apart. */
const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.headersDistinct).flatMap(([name, values]) =>
      values && name !== "cookie" ? [[name, values.join(",")]] : [],
    ),
  );

const queryOf = (rawQuery: string): Record<string, string> | undefined => {
  const parameters = new URLSearchParams(rawQuery);
  const names = [...new Set(parameters.keys())];
  return names.length === 0
    ? undefined
    : Object.fromEntries(names.map((name) => [name, parameters.getAll(name).join(",")]));
};

/** `23/Nov/2026:10:15:00 +0000` */
const requestTime = (now: Date): string => {
  const [, day = "", month = "", year = "", clock = ""] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(now.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${clock} +0000`;
};

interface ProxyResult {
  readonly statusCode?: unknown;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly cookies?: readonly string[];
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

/** A result without a status is a body; one with an impossible status or body is a 500. */
const answer = (response: ServerResponse, payload: string): void => {
  const result = JSON.parse(payload) as ProxyResult | string | number | boolean | null;
  if (typeof result !== "object" || result === null || result.statusCode === undefined) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(typeof result === "string" ? result : payload);
    return;
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = result;
  const isStatus =
    typeof statusCode === "number" && Number.isInteger(statusCode) && statusCode >= 200 && statusCode <= 599;
  if (!isStatus || (body !== undefined && typeof body !== "string"))
    return respond(response, 500, { message: "Internal Server Error" });
  response.statusCode = statusCode;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, String(value));
  if (cookies) response.setHeader("set-cookie", cookies);
  response.end(isBase64Encoded ? Buffer.from(body ?? "", "base64") : body);
};

const respond = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};
