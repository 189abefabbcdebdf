/**
 * HTTP requests: API Gateway (REST, HTTP API in both payload versions, WebSocket, authorizers), function URLs, ALB, AppSync
 * resolvers, VPC Lattice.
 *
 * API Gateway and ALB always make or pass an X-Ray header, also for callers that trace nothing; a `traceparent` beside it
 * is the caller's own and wins.
 */
import { parseTraceparent } from "../propagate/w3c.ts";
import { parseXrayHeader } from "../propagate/xray.ts";
import { triggerRecord } from "./batch.ts";
import { contextsIn, firstOfEach, headerText, tracersIn } from "./carrier.ts";
import {
  type HttpSource,
  type JsonObject,
  type Trigger,
  anyCase,
  keyOf,
  objectAt,
  present,
  textAt,
} from "./trigger.ts";
import { NOTHING, type Unwrapped } from "./unwrap.ts";

export const httpTrigger = (event: JsonObject): Trigger | undefined => {
  const context = objectAt(event, "requestContext") ?? {};
  const source = sourceOf(event, context);
  if (source === undefined) return undefined;
  const headers = source === "appsync" ? objectAt(event, "request")?.["headers"] : event["headers"];
  const values = event["multiValueHeaders"];
  const header = (name: string): unknown => headerText(anyCase(headers, name)) ?? headerText(anyCase(values, name));
  const inBinaryMode = cloudEventOf(header);
  const id = textAt(context, "requestId");
  const destination = source === "appsync" ? undefined : routeOf(event, context);
  return {
    type: "http",
    source,
    ...(destination !== undefined && { destination }),
    records: [
      triggerRecord(id, {
        contexts: [
          ...firstOfEach([
            ...contextsIn(headers, headerText),
            ...contextsIn(values, headerText),
            ...fromAuthorizer(context),
          ]),
          ...inBinaryMode.contexts,
          ...present([parseXrayHeader(header("x-amzn-trace-id"))]),
        ],
        keys: [...keyOf("http-request", id, textAt(context, "apiId")), ...inBinaryMode.keys],
      }),
    ],
  };
};

/** Datadog's authorizer hands its context on, base64, in what it answers. */
const fromAuthorizer = (context: JsonObject) => {
  const authorizer = objectAt(context, "authorizer");
  return authorizer ? tracersIn(objectAt(authorizer, "lambda") ?? authorizer) : [];
};

/** A CloudEvent in binary mode: its attributes are headers. */
const cloudEventOf = (header: (name: string) => unknown): Unwrapped => {
  const id = header("ce-id");
  if (typeof id !== "string" || id === "") return NOTHING;
  const source = header("ce-source");
  return {
    contexts: present([parseTraceparent(header("ce-traceparent"), header("ce-tracestate"))]),
    keys: typeof source === "string" ? keyOf("cloudevent", id, source) : [],
  };
};

const sourceOf = (event: JsonObject, context: JsonObject): HttpSource | undefined => {
  if (objectAt(context, "elb")) return "alb";
  // An authorizer's event is otherwise that of the request it authorizes; one for a token alone has no request context.
  if (textAt(event, "methodArn") ?? textAt(event, "routeArn")) return "api-gateway-authorizer";
  if (textAt(context, "connectionId") && textAt(context, "eventType")) return "api-gateway-websocket";
  if (objectAt(context, "http")) {
    return textAt(context, "domainName")?.includes(".lambda-url.") ? "function-url" : "api-gateway-http";
  }
  if (textAt(context, "httpMethod")) return event["version"] === "1.0" ? "api-gateway-http" : "api-gateway-rest";
  const isLattice = textAt(context, "serviceNetworkArn") ?? (textAt(event, "method") && textAt(event, "raw_path"));
  if (isLattice) return "vpc-lattice";
  const info = objectAt(event, "info");
  return textAt(info, "fieldName") && textAt(info, "parentTypeName") ? "appsync" : undefined;
};

export interface HttpRequest {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
}

export const httpRequestOf = (event: unknown): HttpRequest => {
  const context = objectAt(event, "requestContext");
  const http = objectAt(context, "http");
  const method = textAt(http, "method") ?? textAt(event, "httpMethod") ?? textAt(event, "method");
  const path = textAt(event, "rawPath") ?? textAt(event, "path") ?? textAt(event, "raw_path");
  const host = textAt(context, "domainName");
  return { ...(method && { method }), ...(path && { path }), ...(host && { host }) };
};

/** `/orders/{id}`; absent where the API has only a catch-all. */
const routeOf = (event: JsonObject, context: JsonObject): string | undefined => {
  const routeKey = textAt(event, "routeKey") ?? textAt(context, "routeKey");
  const route = routeKey?.includes(" ") ? routeKey.split(" ")[1] : undefined;
  return route ?? textAt(event, "resource");
};
