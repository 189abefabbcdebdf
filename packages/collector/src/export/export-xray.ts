/**
 * Traces of a collector → X-Ray, each span as a segment document.
 *
 * What X-Ray itself said (`mayfly.evidence: xray`) is not sent back. A trace id is X-Ray's only if its first 32 bits are the
 * second in which the trace began, within X-Ray's reach; others are left out, counted and named, unless the account takes
 * any (Transaction Search).
 *
 * Errors  AwsError; what X-Ray does not take is told and counted.
 */
import { attributesToPlain, type PlainAttributes, type Span, type TracesData } from "@mayfly/otlp";
import { attributeReader } from "../normalize/attributes.ts";
import { MAYFLY_EVIDENCE, MAYFLY_EVIDENCE_XRAY } from "../normalize/semconv.ts";
import { segmentDocument } from "./xray/segment.ts";
import type { SegmentSender } from "./xray/send.ts";

export interface XRayExportOptions {
  readonly annotations: ReadonlySet<string>;
  readonly anyTraceId: boolean;
  readonly nowSeconds: number;
}

export interface XRayExported {
  traces: number;
  /** Spans that X-Ray said itself. */
  ownEvidence: number;
  /** Traces that X-Ray would refuse for their id. */
  foreignIds: number;
  shortened: number;
  tooLarge: number;
}

const OLDEST_SECONDS = 28 * 24 * 3600;
const NEWEST_SECONDS = 5 * 60;
/** A parent that another service has. */
const REMOTE_PARENT = 0x300;

export const createXRayExport = (
  sender: Pick<SegmentSender, "add">,
  { annotations, anyTraceId, nowSeconds }: XRayExportOptions,
  onProblem: (problem: string) => void,
) => {
  const so: XRayExported = { traces: 0, ownEvidence: 0, foreignIds: 0, shortened: 0, tooLarge: 0 };

  const isForeign = (traceId: string): boolean => {
    const age = nowSeconds - Number.parseInt(traceId.slice(0, 8), 16);
    return !anyTraceId && (age > OLDEST_SECONDS || age < -NEWEST_SECONDS);
  };

  return {
    so,
    /** The spans of one W3C trace. */
    async add(trace: TracesData): Promise<void> {
      const spans = spansOf(trace).filter(({ span }) => !isXRays(span));
      so.ownEvidence += spansOf(trace).length - spans.length;
      const [first] = spans;
      if (first === undefined) return;
      if (isForeign(first.span.traceId)) {
        so.foreignIds += 1;
        onProblem(`trace ${first.span.traceId}: X-Ray takes ids only that begin with the time of the trace`);
        return;
      }
      so.traces += 1;
      const groups = new Map(spans.map(({ span, group }) => [span.spanId, group]));
      for (const { span, group, resource } of spans) {
        const parentsGroup = groups.get(span.parentSpanId);
        const isElsewhere =
          parentsGroup === undefined ? (span.flags & REMOTE_PARENT) === REMOTE_PARENT : parentsGroup !== group;
        const document = segmentDocument({ span, resource, isLocalRoot: isElsewhere, annotations });
        if (document === undefined) {
          so.tooLarge += 1;
          onProblem(`span ${span.traceId}.${span.spanId}: is larger than X-Ray takes, whatever is left out`);
          continue;
        }
        so.shortened += Number(document.isShortened);
        await sender.add(document);
      }
    },
  };
};

interface PlacedSpan {
  readonly span: Span;
  readonly resource: PlainAttributes;
  /** Equal for spans of one resource. */
  readonly group: string;
}

const spansOf = ({ resourceSpans }: TracesData): readonly PlacedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const plain = attributesToPlain(resource?.attributes ?? []);
    const group = JSON.stringify(plain);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ span, resource: plain, group })));
  });

const isXRays = ({ attributes }: Span): boolean =>
  attributeReader(attributes).text(MAYFLY_EVIDENCE) === MAYFLY_EVIDENCE_XRAY;
