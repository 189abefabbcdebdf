/**
 * One span from protobuf, with its events, links and status.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto: Span, Span.Event, Span.Link, Status
 */
import type { Span, SpanEvent, SpanLink, Status } from "../types.ts";
import { readAttribute, trimmed } from "./attributes.ts";
import type { Mutable } from "./mutable.ts";
import { ProtobufReader } from "./reader.ts";

const emptySpan = (): Mutable<Span> => ({
  traceId: "",
  spanId: "",
  traceState: "",
  parentSpanId: "",
  name: "",
  kind: 0,
  startTimeUnixNano: 0n,
  endTimeUnixNano: 0n,
  attributes: [],
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  droppedLinksCount: 0,
  flags: 0,
});

export const spanFromProtobuf = (bytes: Uint8Array): Span => readSpan(new ProtobufReader(bytes));

/** Many spans that lie in the same bytes, each in [start, end). Those of one trace have one text for its id. */
export const spanReader = (bytes: Uint8Array): ((start: number, end: number) => Span) => {
  const reader = new ProtobufReader(bytes);
  return (start, end) => {
    reader.begin(start, end);
    return readSpan(reader);
  };
};

/** Reads the span just entered. */
export const readSpan = (reader: ProtobufReader): Span => {
  const span = emptySpan();
  while (reader.next()) readSpanField(reader, span);
  span.attributes = trimmed(span.attributes);
  return span;
};

const readSpanField = (reader: ProtobufReader, span: Mutable<Span>): void => {
  switch (reader.fieldNumber) {
    case 1:
      span.traceId = reader.repeatedHex();
      break;
    case 2:
      span.spanId = reader.hex();
      break;
    case 3:
      span.traceState = reader.string();
      break;
    case 4:
      span.parentSpanId = reader.repeatedHex();
      break;
    case 5:
      span.name = reader.string();
      break;
    case 6:
      span.kind = reader.int32();
      break;
    case 7:
      span.startTimeUnixNano = reader.fixed64();
      break;
    case 8:
      span.endTimeUnixNano = reader.fixed64();
      break;
    case 9:
      span.attributes.push(readAttribute(reader, "attributes", span.attributes.length));
      break;
    case 10:
      span.droppedAttributesCount = reader.uint32();
      break;
    case 11:
      span.events.push(readEvent(reader, span.events.length));
      break;
    case 12:
      span.droppedEventsCount = reader.uint32();
      break;
    case 13:
      span.links.push(readLink(reader, span.links.length));
      break;
    case 14:
      span.droppedLinksCount = reader.uint32();
      break;
    case 15:
      span.status = readStatus(reader, span.status);
      break;
    case 16:
      span.flags = reader.fixed32();
      break;
  }
};

const readEvent = (reader: ProtobufReader, index: number): SpanEvent => {
  const event: Mutable<SpanEvent> = { timeUnixNano: 0n, name: "", attributes: [], droppedAttributesCount: 0 };
  const outer = reader.enter("events", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        event.timeUnixNano = reader.fixed64();
        break;
      case 2:
        event.name = reader.string();
        break;
      case 3:
        event.attributes.push(readAttribute(reader, "attributes", event.attributes.length));
        break;
      case 4:
        event.droppedAttributesCount = reader.uint32();
        break;
    }
  }
  reader.leave(outer);
  return event;
};

const readLink = (reader: ProtobufReader, index: number): SpanLink => {
  const link: Mutable<SpanLink> = {
    traceId: "",
    spanId: "",
    traceState: "",
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
  };
  const outer = reader.enter("links", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        link.traceId = reader.hex();
        break;
      case 2:
        link.spanId = reader.hex();
        break;
      case 3:
        link.traceState = reader.string();
        break;
      case 4:
        link.attributes.push(readAttribute(reader, "attributes", link.attributes.length));
        break;
      case 5:
        link.droppedAttributesCount = reader.uint32();
        break;
      case 6:
        link.flags = reader.fixed32();
        break;
    }
  }
  reader.leave(outer);
  return link;
};

const readStatus = (reader: ProtobufReader, before: Status = { message: "", code: 0 }): Status => {
  const status: Mutable<Status> = { ...before };
  const outer = reader.enter("status");
  while (reader.next()) {
    if (reader.fieldNumber === 2) status.message = reader.string();
    else if (reader.fieldNumber === 3) status.code = reader.int32();
  }
  reader.leave(outer);
  return status;
};
