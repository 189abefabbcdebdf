/**
 * HTTP requests: API Gateway (REST, HTTP API in both payload versions, WebSocket, authorizers), function URLs, ALB.
 *
 * API Gateway and ALB always make or pass an X-Ray header, also for callers that trace nothing; a `traceparent` beside it
 * is the caller's own and wins.
 */
import { parseXrayHeader } from "../propagate/xray.ts";
import { w3cContext } from "./carrier.ts";
import { type HttpSource, type JsonObject, type Trigger, anyCase, objectAt, present, textAt } from "./trigger.ts";

export const httpTrigger = (event: JsonObject): Trigger | undefined => {
  const context = objectAt(event, "requestContext") ?? {};
  const source = sourceOf(event, context);
  if (source === undefined) return undefined;
  const id = textAt(context, "requestId");
  const scope = textAt(context, "apiId");
  const destination = routeOf(event, context);
  return {
    type: "http",
    source,
    ...(destination !== undefined && { destination }),
    records: [
      {
        ...(id !== undefined && { id }),
        contexts: present([
          w3cContext(event["headers"]) ?? w3cContext(event["multiValueHeaders"], joined),
          parseXrayHeader(
            anyCase(event["headers"], "x-amzn-trace-id") ??
              joined(anyCase(event["multiValueHeaders"], "x-amzn-trace-id")),
          ),
        ]),
        keys: id === undefined ? [] : [{ kind: "http-request", id, ...(scope !== undefined && { scope }) }],
      },
    ],
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
  if (textAt(context, "httpMethod") === undefined) return undefined;
  return event["version"] === "1.0" ? "api-gateway-http" : "api-gateway-rest";
};

export interface HttpRequest {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
}

export const httpRequestOf = (event: unknown): HttpRequest => {
  const context = objectAt(event, "requestContext");
  const http = objectAt(context, "http");
  const method = textAt(http, "method") ?? textAt(event, "httpMethod");
  const path = textAt(event, "rawPath") ?? textAt(event, "path");
  const host = textAt(context, "domainName");
  return { ...(method && { method }), ...(path && { path }), ...(host && { host }) };
};

/** `/orders/{id}`; absent where the API has only a catch-all. */
const routeOf = (event: JsonObject, context: JsonObject): string | undefined => {
  const routeKey = textAt(event, "routeKey") ?? textAt(context, "routeKey");
  const route = routeKey?.includes(" ") ? routeKey.split(" ")[1] : undefined;
  return route ?? textAt(event, "resource");
};

/** A `tracestate` in several headers is one list. Two of a `traceparent` contradict each other: joined they are invalid. */
const joined = (values: unknown): unknown =>
  Array.isArray(values) ? values.filter((value) => typeof value === "string").join(",") : undefined;
