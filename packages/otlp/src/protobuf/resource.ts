/**
 * What produced the telemetry, from protobuf: resource, entity references, instrumentation scope.
 *
 * Source  opentelemetry/proto/resource/v1/resource.proto: Resource
 *         opentelemetry/proto/common/v1/common.proto: EntityRef, InstrumentationScope
 */
import type { EntityRef, InstrumentationScope, Resource } from "../types.ts";
import { readAttribute } from "./attributes.ts";
import type { Mutable } from "./mutable.ts";
import type { ProtobufReader } from "./reader.ts";

export const readResource = (
  reader: ProtobufReader,
  before: Mutable<Resource> = { attributes: [], droppedAttributesCount: 0, entityRefs: [] },
): Mutable<Resource> => {
  const { attributes, entityRefs } = before;
  const outer = reader.enter("resource");
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        attributes.push(readAttribute(reader, "attributes", attributes.length));
        break;
      case 2:
        before.droppedAttributesCount = reader.uint32();
        break;
      case 3:
        entityRefs.push(readEntityRef(reader, entityRefs.length));
        break;
    }
  }
  reader.leave(outer);
  return before;
};

const readEntityRef = (reader: ProtobufReader, index: number): EntityRef => {
  const entityRef: Mutable<EntityRef> = { schemaUrl: "", type: "", idKeys: [], descriptionKeys: [] };
  const outer = reader.enter("entityRefs", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        entityRef.schemaUrl = reader.string();
        break;
      case 2:
        entityRef.type = reader.string();
        break;
      case 3:
        entityRef.idKeys.push(reader.string());
        break;
      case 4:
        entityRef.descriptionKeys.push(reader.string());
        break;
    }
  }
  reader.leave(outer);
  return entityRef;
};

export const readScope = (
  reader: ProtobufReader,
  before: Mutable<InstrumentationScope> = { name: "", version: "", attributes: [], droppedAttributesCount: 0 },
): Mutable<InstrumentationScope> => {
  const { attributes } = before;
  const outer = reader.enter("scope");
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        before.name = reader.string();
        break;
      case 2:
        before.version = reader.string();
        break;
      case 3:
        attributes.push(readAttribute(reader, "attributes", attributes.length));
        break;
      case 4:
        before.droppedAttributesCount = reader.uint32();
        break;
    }
  }
  reader.leave(outer);
  return before;
};
