/**
 * One span, from JSON and to JSON, with its events, links and status.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto: Span, Span.Event, Span.Link, Status
 */
import type { Span, SpanEvent, SpanLink, Status } from "../types.ts";
import { attributeFromJson, attributeToJson } from "./attributes.ts";
import { SPAN_KINDS, STATUS_CODES } from "./enums.ts";
import {
  enumField,
  fieldsOf,
  idField,
  listField,
  messageField,
  stringField,
  uint32Field,
  uint64Field,
} from "./fields.ts";
import { compact, type JsonObject } from "./values.ts";

export const spanFromJson = (value: unknown): Span => {
  const json = fieldsOf(value);
  const status = messageField(json, "status", statusFromJson);
  return {
    traceId: idField(json, "traceId"),
    spanId: idField(json, "spanId"),
    traceState: stringField(json, "traceState"),
    parentSpanId: idField(json, "parentSpanId"),
    name: stringField(json, "name"),
    kind: enumField(json, "kind", SPAN_KINDS),
    startTimeUnixNano: uint64Field(json, "startTimeUnixNano"),
    endTimeUnixNano: uint64Field(json, "endTimeUnixNano"),
    attributes: listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: uint32Field(json, "droppedAttributesCount"),
    events: listField(json, "events", eventFromJson),
    droppedEventsCount: uint32Field(json, "droppedEventsCount"),
    links: listField(json, "links", linkFromJson),
    droppedLinksCount: uint32Field(json, "droppedLinksCount"),
    ...(status && { status }),
    flags: uint32Field(json, "flags"),
  };
};

export const spanToJson = (span: Span): JsonObject =>
  compact({
    ...span,
    attributes: span.attributes.map(attributeToJson),
    events: span.events.map(withAttributesToJson),
    links: span.links.map(withAttributesToJson),
    status: span.status && compact({ ...span.status }),
  });

const withAttributesToJson = (part: SpanEvent | SpanLink): JsonObject =>
  compact({ ...part, attributes: part.attributes.map(attributeToJson) });

const eventFromJson = (value: unknown): SpanEvent => {
  const json = fieldsOf(value);
  return {
    timeUnixNano: uint64Field(json, "timeUnixNano"),
    name: stringField(json, "name"),
    attributes: listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: uint32Field(json, "droppedAttributesCount"),
  };
};

const linkFromJson = (value: unknown): SpanLink => {
  const json = fieldsOf(value);
  return {
    traceId: idField(json, "traceId"),
    spanId: idField(json, "spanId"),
    traceState: stringField(json, "traceState"),
    attributes: listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: uint32Field(json, "droppedAttributesCount"),
    flags: uint32Field(json, "flags"),
  };
};

const statusFromJson = (value: unknown): Status => {
  const json = fieldsOf(value);
  return { message: stringField(json, "message"), code: enumField(json, "code", STATUS_CODES) };
};
