/** Resource and scope → the origin that all spans and log records of one scope share. */
import { hash } from "node:crypto";
import { type InstrumentationScope, type Resource, resourceToJson } from "@mayfly/otlp";
import type { SpanOrigin } from "../model/span.ts";
import { attributeReader } from "./attributes.ts";
import { FAAS_NAME, SERVICE_NAME } from "./semconv.ts";

interface Surroundings {
  readonly resource?: Resource | undefined;
  readonly resourceSchemaUrl: string;
  readonly scope?: InstrumentationScope | undefined;
  readonly scopeSchemaUrl: string;
}

export const spanOrigin = ({ resource, scope, resourceSchemaUrl, scopeSchemaUrl }: Surroundings): SpanOrigin => {
  const attributes = attributeReader(resource?.attributes);
  const serviceName = attributes.text(SERVICE_NAME);
  const functionName = attributes.text(FAAS_NAME) ?? serviceName;
  return {
    ...(resource && { resource }),
    resourceSchemaUrl,
    ...(scope && { scope }),
    scopeSchemaUrl,
    resourceId: digestOf(resource),
    ...(serviceName !== undefined && { serviceName }),
    ...(functionName !== undefined && { functionName }),
  };
};

const digestOf = (resource: Resource | undefined): string =>
  hash("sha256", resource ? JSON.stringify(resourceToJson(resource)) : "").slice(0, 32);
