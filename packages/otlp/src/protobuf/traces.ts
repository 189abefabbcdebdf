/**
 * Traces from protobuf. TracesData and ExportTraceServiceRequest are the same bytes.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto
 */
import type { DecodeOptions, OnBadRecord } from "../decode-error.ts";
import type { ResourceSpans, ScopeSpans, TracesData } from "../types.ts";
import type { Mutable } from "./mutable.ts";
import { ProtobufReader } from "./reader.ts";
import { createRecordRead } from "./records.ts";
import { readResource, readScope } from "./resource.ts";
import { readSpan } from "./span.ts";

export const decodeTraces = (bytes: Uint8Array, { onBadRecord }: DecodeOptions = {}): TracesData => {
  const reader = new ProtobufReader(bytes);
  const resourceSpans: ResourceSpans[] = [];
  while (reader.next()) {
    if (reader.fieldNumber === 1) resourceSpans.push(readResourceSpans(reader, resourceSpans.length, onBadRecord));
  }
  return { resourceSpans };
};

const readResourceSpans = (reader: ProtobufReader, index: number, onBadRecord?: OnBadRecord): ResourceSpans => {
  const group: Mutable<ResourceSpans> = { scopeSpans: [], schemaUrl: "" };
  let resource: ReturnType<typeof readResource> | undefined;
  const outer = reader.enter("resourceSpans", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        resource = readResource(reader, resource);
        break;
      case 2:
        group.scopeSpans.push(readScopeSpans(reader, group.scopeSpans.length, onBadRecord));
        break;
      case 3:
        group.schemaUrl = reader.string();
        break;
    }
  }
  reader.leave(outer);
  return resource === undefined ? group : { ...group, resource };
};

const readScopeSpans = (reader: ProtobufReader, index: number, onBadRecord?: OnBadRecord): ScopeSpans => {
  const { records, readNext } = createRecordRead(reader, readSpan, onBadRecord);
  const group: Mutable<ScopeSpans> = { spans: records, schemaUrl: "" };
  let scope: ReturnType<typeof readScope> | undefined;
  const outer = reader.enter("scopeSpans", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        scope = readScope(reader, scope);
        break;
      case 2:
        readNext();
        break;
      case 3:
        group.schemaUrl = reader.string();
        break;
    }
  }
  reader.leave(outer);
  return scope === undefined ? group : { ...group, scope };
};
