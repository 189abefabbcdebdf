/**
 * The OpenAPI 3.1 document of the routes that a server has: what they check, what they say of themselves
 * (described.ts), and what every route here has in common.
 *
 * OpenAPI 3.1's schemas are JSON Schema 2020-12, which is what routes are checked with: they stand in the document as
 * they are. Answers are the types of @mayfly/api (answer-schemas.ts).
 *
 * Errors  by status, from the one table of codes. Any route may answer what CONNECTION_STATUSES say; those are under
 *         `default`.
 */
import type { RouteOptions } from "fastify";
import { ERROR_CODES, type ErrorCode } from "../errors.ts";
import type { RouteScope } from "../guard/scopes.ts";
import { HTTP_STATUS } from "../http-status.ts";
import { ANSWER_SCHEMAS } from "./answer-schemas.ts";

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly [part: string]: unknown;
}

const DESCRIPTION = `Receives OpenTelemetry's traces, logs and metrics of serverless functions, and answers with whole transactions.

Wall times are decimal strings of Unix nanoseconds, durations numbers of nanoseconds, ids lower-case hex. An absent value is
an absent key. Ids in a path are percent-encoded. An unknown query parameter is refused with 400.

A collector on the loopback without API keys asks for none; from the first key on everyone needs one.`;

const TAGS = [
  {
    name: "telemetry",
    description: "Sending it: OTLP/HTTP, as any OpenTelemetry exporter does; and what Lambda itself says.",
  },
  { name: "traces", description: "Stitched traces, searched, counted and told." },
  { name: "functions", description: "Functions and their runs." },
  { name: "logs", description: "Log records." },
  { name: "metrics", description: "Data points of metrics." },
  { name: "collector", description: "The collector itself." },
  { name: "session", description: "Signing in to the user interface." },
];

const SECURITY_SCHEMES = {
  bearer: { type: "http", scheme: "bearer", description: "An API key, `mfy_…`." },
  header: { type: "apiKey", in: "header", name: "x-mayfly-key", description: "The same key." },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "mayfly",
    description: "Of the user interface; `__Host-mayfly` over TLS.",
  },
};

export const openApiDocument = (routes: readonly RouteOptions[], version: string): OpenApiDocument => {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes.filter((one) => one.schema?.hide !== true)) {
    for (const method of [route.method].flat().filter((one) => one !== "HEAD")) {
      (paths[pathOf(route)] ??= {})[method.toLowerCase()] = operation(route, method);
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Mayfly collector",
      version,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: TAGS,
    paths,
    components: {
      schemas: { ...ANSWER_SCHEMAS, RpcStatus: RPC_STATUS },
      responses: {
        ...errorResponses("Error", API_BODY),
        ...errorResponses("OtlpError", OTLP_BODY),
        ...errorResponses("FirehoseError", FIREHOSE_BODY),
      },
      securitySchemes: SECURITY_SCHEMES,
    },
  };
};

/** `/api/traces/:id` → `/api/traces/{id}` */
const pathOf = ({ url }: RouteOptions): string => url.replace(/:(\w+)/g, "{$1}");

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly required?: readonly string[];
}

const operation = (route: RouteOptions, method: string): object => {
  const { summary, description, tags, params, querystring, body, takes, response } = route.schema ?? {};
  const parameters = [
    ...parametersIn("path", params as ObjectSchema | undefined),
    ...parametersIn("query", querystring as ObjectSchema | undefined),
  ];
  const content = takes ?? (body === undefined ? undefined : { "application/json": { schema: body } });
  return {
    operationId: operationId(method, route),
    ...(summary !== undefined && { summary }),
    ...(description !== undefined && { description }),
    ...(tags !== undefined && { tags }),
    security: security(scopeOf(route)),
    ...(parameters.length > 0 && { parameters }),
    ...(content !== undefined && { requestBody: { required: true, content } }),
    responses: { ...(response as object | undefined), ...errors(route) },
  };
};

/** `GET /api/traces/:id` → `getApiTracesById` */
const operationId = (method: string, { url }: RouteOptions): string =>
  [method.toLowerCase(), ...url.replace(/:(\w+)/g, "by/$1").split(/[/.]/)]
    .filter((word) => word !== "")
    .map((word, index) => (index === 0 ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`))
    .join("");

/** One that has a default need not be given, though whoever handles the request always finds it. */
const parametersIn = (
  place: "path" | "query",
  { properties = {}, required = [] }: ObjectSchema = {},
): readonly object[] =>
  Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === "path" || (required.includes(name) && !("default" in schema)),
    ...(description !== undefined && { description }),
    schema,
  }));

/** One that says none is for admin keys. */
const scopeOf = (route: RouteOptions): RouteScope => route.config?.scope ?? "admin";

const security = (scope: RouteScope): readonly object[] => {
  if (scope === "open") return [];
  return [{ bearer: [scope] }, { header: [scope] }, ...(scope === "ingest" ? [] : [{ session: [scope] }])];
};

const RPC_STATUS = {
  description: "google.rpc.Status: how OTLP says what is wrong.",
  type: "object",
  properties: { code: { type: "integer" }, message: { type: "string" } },
};

const API_BODY = { "application/json": { schema: { $ref: "#/components/schemas/ErrorBody" } } };
const OTLP_BODY = {
  "application/json": { schema: { $ref: "#/components/schemas/RpcStatus" } },
  "application/x-protobuf": { schema: {} },
};

const FIREHOSE_BODY = { "application/json": { schema: { $ref: "#/components/schemas/FirehoseReceipt" } } };

/** Before it is known which route is asked for, or where it does not matter. */
const CONNECTION_STATUSES = [408, 431];
const BODY_STATUSES = [413, 415];
const GUARD_STATUSES = [401, 429];

const errors = (route: RouteOptions): Readonly<Record<string, object>> => {
  const { takes, body, params, refusals } = route.schema ?? {};
  const takesBody = takes !== undefined || body !== undefined;
  const kind = refusals ?? (takes === undefined ? "Error" : "OtlpError");
  const statuses = [
    400,
    403,
    500,
    503,
    ...(scopeOf(route) === "open" && body === undefined ? [] : GUARD_STATUSES),
    ...(takesBody ? BODY_STATUSES : []),
    ...(params === undefined ? [] : [404]),
  ];
  const named = statuses.toSorted((a, b) => a - b).map((status) => [status, reference(`${kind}${status}`)]);
  return { ...Object.fromEntries(named), default: reference(`${kind}Other`) };
};

const reference = (name: string): object => ({ $ref: `#/components/responses/${name}` });

const errorResponses = (kind: string, content: object): Readonly<Record<string, object>> => {
  const byStatus = Map.groupBy(Object.entries(HTTP_STATUS) as [ErrorCode, number][], ([, status]) => status);
  const responses = [...byStatus]
    .filter(([status]) => !CONNECTION_STATUSES.includes(status) && status !== 405)
    .map(([status, codes]) => [
      `${kind}${status}`,
      {
        description: codes.map(([code]) => `\`${code}\`: ${ERROR_CODES[code].meaning}`).join("\n\n"),
        ...([429, 503].includes(status) && { headers: RETRY_AFTER }),
        content,
      },
    ]);
  return { ...Object.fromEntries(responses), [`${kind}Other`]: { description: "Any other error.", content } };
};

const RETRY_AFTER = { "retry-after": { description: "Seconds.", schema: { type: "integer" } } };
