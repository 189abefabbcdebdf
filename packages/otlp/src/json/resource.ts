/**
 * What produced the telemetry, from JSON and to JSON: resource, entity references, instrumentation scope.
 *
 * Source  opentelemetry/proto/resource/v1/resource.proto: Resource
 *         opentelemetry/proto/common/v1/common.proto: EntityRef, InstrumentationScope
 */
import type { EntityRef, InstrumentationScope, Resource } from "../types.ts";
import { attributeFromJson, attributeToJson } from "./attributes.ts";
import * as field from "./fields.ts";
import { compact, type JsonObject } from "./values.ts";

export const resourceFromJson = (value: unknown): Resource => {
  const json = field.jsonObject(value);
  return {
    attributes: field.listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: field.uint32Field(json, "droppedAttributesCount"),
    entityRefs: field.listField(json, "entityRefs", entityRefFromJson),
  };
};

export const resourceToJson = (resource: Resource): JsonObject =>
  compact({
    ...resource,
    attributes: resource.attributes.map(attributeToJson),
    entityRefs: resource.entityRefs.map((entityRef) => compact({ ...entityRef })),
  });

const entityRefFromJson = (value: unknown): EntityRef => {
  const json = field.jsonObject(value);
  return {
    schemaUrl: field.stringField(json, "schemaUrl"),
    type: field.stringField(json, "type"),
    idKeys: field.listField(json, "idKeys", field.stringItem),
    descriptionKeys: field.listField(json, "descriptionKeys", field.stringItem),
  };
};

export const scopeFromJson = (value: unknown): InstrumentationScope => {
  const json = field.jsonObject(value);
  return {
    name: field.stringField(json, "name"),
    version: field.stringField(json, "version"),
    attributes: field.listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: field.uint32Field(json, "droppedAttributesCount"),
  };
};

export const scopeToJson = (scope: InstrumentationScope): JsonObject =>
  compact({ ...scope, attributes: scope.attributes.map(attributeToJson) });
