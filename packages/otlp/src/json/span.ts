/**
 * One span, from JSON and to JSON, with its events, links and status.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto: Span, Span.Event, Span.Link, Status
 */
import type { Span, SpanEvent, SpanLink, Status } from "../types.ts";
import { attributeFromJson, attributeToJson } from "./attributes.ts";
import { SPAN_KINDS, STATUS_CODES } from "./enums.ts";
import * as field from "./fields.ts";
import { compact, type JsonObject } from "./values.ts";

export const spanFromJson = (value: unknown): Span => {
  const json = field.jsonObject(value);
  const status = field.messageField(json, "status", statusFromJson);
  return {
    traceId: field.idField(json, "traceId"),
    spanId: field.idField(json, "spanId"),
    traceState: field.stringField(json, "traceState"),
    parentSpanId: field.idField(json, "parentSpanId"),
    name: field.stringField(json, "name"),
    kind: field.enumField(json, "kind", SPAN_KINDS),
    startTimeUnixNano: field.uint64Field(json, "startTimeUnixNano"),
    endTimeUnixNano: field.uint64Field(json, "endTimeUnixNano"),
    attributes: field.listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: field.uint32Field(json, "droppedAttributesCount"),
    events: field.listField(json, "events", eventFromJson),
    droppedEventsCount: field.uint32Field(json, "droppedEventsCount"),
    links: field.listField(json, "links", linkFromJson),
    droppedLinksCount: field.uint32Field(json, "droppedLinksCount"),
    ...(status && { status }),
    flags: field.uint32Field(json, "flags"),
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
  const json = field.jsonObject(value);
  return {
    timeUnixNano: field.uint64Field(json, "timeUnixNano"),
    name: field.stringField(json, "name"),
    attributes: field.listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: field.uint32Field(json, "droppedAttributesCount"),
  };
};

const linkFromJson = (value: unknown): SpanLink => {
  const json = field.jsonObject(value);
  return {
    traceId: field.idField(json, "traceId"),
    spanId: field.idField(json, "spanId"),
    traceState: field.stringField(json, "traceState"),
    attributes: field.listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: field.uint32Field(json, "droppedAttributesCount"),
    flags: field.uint32Field(json, "flags"),
  };
};

const statusFromJson = (value: unknown): Status => {
  const json = field.jsonObject(value);
  return { message: field.stringField(json, "message"), code: field.enumField(json, "code", STATUS_CODES) };
};
