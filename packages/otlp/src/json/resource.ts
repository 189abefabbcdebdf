/**
 * What produced the telemetry, from JSON and to JSON: resource, entity references, instrumentation scope.
 *
 * Source  opentelemetry/proto/resource/v1/resource.proto: Resource
 *         opentelemetry/proto/common/v1/common.proto: EntityRef, InstrumentationScope
 */
import type { EntityRef, InstrumentationScope, Resource } from "../types.ts";
import { attributeFromJson, attributeToJson } from "./attributes.ts";
import { fieldsOf, listField, stringField, stringItem, uint32Field } from "./fields.ts";
import { compact, type JsonObject } from "./values.ts";

export const resourceFromJson = (value: unknown): Resource => {
  const json = fieldsOf(value);
  return {
    attributes: listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: uint32Field(json, "droppedAttributesCount"),
    entityRefs: listField(json, "entityRefs", entityRefFromJson),
  };
};

export const resourceToJson = (resource: Resource): JsonObject =>
  compact({
    ...resource,
    attributes: resource.attributes.map(attributeToJson),
    entityRefs: resource.entityRefs.map((entityRef) => compact({ ...entityRef })),
  });

const entityRefFromJson = (value: unknown): EntityRef => {
  const json = fieldsOf(value);
  return {
    schemaUrl: stringField(json, "schemaUrl"),
    type: stringField(json, "type"),
    idKeys: listField(json, "idKeys", stringItem),
    descriptionKeys: listField(json, "descriptionKeys", stringItem),
  };
};

export const scopeFromJson = (value: unknown): InstrumentationScope => {
  const json = fieldsOf(value);
  return {
    name: stringField(json, "name"),
    version: stringField(json, "version"),
    attributes: listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: uint32Field(json, "droppedAttributesCount"),
  };
};

export const scopeToJson = (scope: InstrumentationScope): JsonObject =>
  compact({ ...scope, attributes: scope.attributes.map(attributeToJson) });
