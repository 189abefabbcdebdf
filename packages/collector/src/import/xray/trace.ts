/**
 * The documents of one X-Ray trace → spans under their resources.
 *
 * A subsegment that came alone has no resource of its own: it is found by going up its parents to the segment it is part
 * of. So is the request id of a function's segment, which only Lambda's segment around it tells.
 *
 *   AWS::Lambda            request id, ARN ─┐
 *     └ Attempt #1 (where it was async)     │ one resource, one request id
 *         └ AWS::Lambda::Function          ─┘
 *             └ Invocation ─ ─ ▷ subsegments sent alone by the code
 */
import { type Resource, type ResourceSpans, resourceToJson, type Span } from "@mayfly/otlp";
import type { SpanId, TraceId } from "../../model/ids.ts";
import { XRAY_IMPORT } from "../../normalize/import-scopes.ts";
import { VERSION } from "../../version.ts";
import { readDocument, type Segment } from "./document.ts";
import { fieldsOf, textOf } from "../json-fields.ts";
import { arnOf, isLambda, resourceOf } from "./resource.ts";
import { spanOf } from "./span.ts";

export interface TraceDocument {
  readonly id: string;
  readonly text: string;
}

export interface TraceSpans {
  readonly resourceSpans: readonly ResourceSpans[];
  readonly spanCount: number;
  /** One for each document or subsegment that is left out, naming it. */
  readonly problems: readonly string[];
}

const MAX_ASCENT = 1000;

export const spansOfTrace = (traceId: TraceId, documents: readonly TraceDocument[]): TraceSpans => {
  const problems: string[] = [];
  const segments = documents.flatMap(({ id, text }) => {
    const read = readDocument(text, traceId);
    problems.push(...read.problems.map((problem) => `document ${id}: ${problem}`));
    return read.segments;
  });
  const around = surroundings(segments);
  const byResource = new Map<string, { resource: Resource; spans: Span[] }>();
  let spanCount = 0;
  for (const segment of segments) {
    const { resource, requestId } = around(segment);
    const span = tryingTo(() => spanOf(segment, requestId));
    if (span === undefined) {
      problems.push(`segment ${segment.id} is nested too deep to be written`);
      continue;
    }
    const key = JSON.stringify(resourceToJson(resource));
    const group = byResource.get(key) ?? { resource, spans: [] };
    byResource.set(key, group);
    group.spans.push(span);
    spanCount += 1;
  }
  return { resourceSpans: [...byResource.values()].map(resourceSpans), spanCount, problems };
};

/** Metadata nested deeper than the stack is the one thing that cannot be written as JSON again. */
const tryingTo = (work: () => Span): Span | undefined => {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

const resourceSpans = ({ resource, spans }: { resource: Resource; spans: readonly Span[] }): ResourceSpans => ({
  resource,
  scopeSpans: [
    {
      scope: { name: XRAY_IMPORT, version: VERSION, attributes: [], droppedAttributesCount: 0 },
      spans,
      schemaUrl: "",
    },
  ],
  schemaUrl: "",
});

interface Around {
  readonly resource: Resource;
  readonly requestId: string | undefined;
}

const surroundings = (segments: readonly Segment[]): ((segment: Segment) => Around) => {
  const byId = new Map<SpanId, Segment>(segments.map((segment) => [segment.id, segment]));
  const resources = new Map<Segment | undefined, Resource>();

  /** The nearest segment at or above it; parents may go round. */
  const segmentFrom = (from: Segment | undefined): Segment | undefined => {
    let at = from;
    for (let steps = 0; at?.isSubsegment && steps < MAX_ASCENT; steps += 1) at = parentOf(at);
    return at?.isSubsegment ? undefined : at;
  };

  const parentOf = ({ parentId }: Segment): Segment | undefined =>
    parentId === undefined ? undefined : byId.get(parentId);

  /** Lambda's segment around the function's. */
  const invocationOf = (segment: Segment): Segment | undefined => {
    if (segment.fields["origin"] === "AWS::Lambda") return segment;
    if (segment.fields["origin"] !== "AWS::Lambda::Function") return undefined;
    const outer = segmentFrom(parentOf(segment));
    return outer?.fields["origin"] === "AWS::Lambda" ? outer : undefined;
  };

  const resourceAround = (segment: Segment | undefined): Resource => {
    const known = resources.get(segment);
    if (known !== undefined) return known;
    const outer = segment && invocationOf(segment);
    const resource = resourceOf(segment && { segment, arn: (outer && arnOf(outer)) ?? arnOf(segment) });
    resources.set(segment, resource);
    return resource;
  };

  const requestIdOf = (segment: Segment): string | undefined =>
    textOf(fieldsOf(invocationOf(segment)?.fields["aws"])?.["request_id"]);

  return (segment) => ({
    resource: resourceAround(segmentFrom(segment)),
    requestId: !segment.isSubsegment && isLambda(segment) ? requestIdOf(segment) : undefined,
  });
};
