/**
 * Traces from protobuf. TracesData and ExportTraceServiceRequest are the same bytes.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto
 */
import type { ResourceSpans, ScopeSpans, TracesData } from "../types.ts";
import type { Mutable } from "./mutable.ts";
import { ProtobufReader } from "./reader.ts";
import { readResource, readScope } from "./resource.ts";
import { readSpan } from "./span.ts";

export const decodeTraces = (bytes: Uint8Array): TracesData => {
  const reader = new ProtobufReader(bytes);
  const resourceSpans: ResourceSpans[] = [];
  while (reader.next()) {
    if (reader.fieldNumber === 1) resourceSpans.push(readResourceSpans(reader, resourceSpans.length));
  }
  return { resourceSpans };
};

const readResourceSpans = (reader: ProtobufReader, index: number): ResourceSpans => {
  const group: Mutable<ResourceSpans> = { scopeSpans: [], schemaUrl: "" };
  let resource: ReturnType<typeof readResource> | undefined;
  const outer = reader.enter("resourceSpans", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        resource = readResource(reader, resource);
        break;
      case 2:
        group.scopeSpans.push(readScopeSpans(reader, group.scopeSpans.length));
        break;
      case 3:
        group.schemaUrl = reader.string();
        break;
    }
  }
  reader.leave(outer);
  return resource === undefined ? group : { ...group, resource };
};

const readScopeSpans = (reader: ProtobufReader, index: number): ScopeSpans => {
  const group: Mutable<ScopeSpans> = { spans: [], schemaUrl: "" };
  let scope: ReturnType<typeof readScope> | undefined;
  const outer = reader.enter("scopeSpans", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        scope = readScope(reader, scope);
        break;
      case 2:
        group.spans.push(readSpan(reader, group.spans.length));
        break;
      case 3:
        group.schemaUrl = reader.string();
        break;
    }
  }
  reader.leave(outer);
  return scope === undefined ? group : { ...group, scope };
};
