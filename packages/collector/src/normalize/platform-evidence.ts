/**
 * What platform lines say of invocations → evidence spans: one for each invocation that the lines speak of.
 *
 *   start ─▶ done ─▶ report      one span, from platform.start, as long as the report says
 *            done    report      (without the start) as long before them as they say
 *   start                        a point in time: it ran
 *
 * A span's ids are worked out of the lines alone, so that lines which come twice make the same span:
 *   trace   Root of Lambda's trace header, else half of SHA-256(`lambda-request|<request id>`)
 *   span    Lambda's own segment for the function, which callees see as their parent, else of request id and start
 *
 * The sender's segment is linked to and not made the parent, because it is usually nobody's here (X-Ray alone has it), and
 * a parent that never arrives would be a gap where nothing is missing.
 *
 * Attempts of one asynchronous event share the request id: a start, or a report after a report, begins the next.
 */
import { createHash } from "node:crypto";
import type { KeyValue, Span, SpanLink } from "@mayfly/otlp";
import type { PlatformWord, Stage, XrayTrace } from "../model/function-line.ts";
import type { PlatformFacts } from "../model/platform-facts.ts";
import { formatStitchKey } from "../model/stitch-key.ts";
import type { UnixNano } from "../model/time.ts";
import { rootOfTraceId } from "../model/xray-header.ts";
import { madeAttributes } from "./made-attributes.ts";
import { factAttributes, statusOfFacts } from "./platform-facts.ts";
import {
  FAAS_COLDSTART,
  FAAS_INVOCATION_ID,
  MAYFLY_EVIDENCE,
  MAYFLY_EVIDENCE_PLATFORM,
  MAYFLY_KEYS_CONSUMED,
  MAYFLY_LINK,
  MAYFLY_LINK_XRAY_PARENT,
} from "./semconv.ts";
import { SERVER } from "./span-kind.ts";

interface Piece {
  readonly requestId: string;
  /** By stage; a later one of a stage is the next attempt's. */
  readonly words: Map<Stage, PlatformWord>;
}

/** `name`: of the function, as an invocation span is called. */
export const evidenceSpans = (words: readonly PlatformWord[], name: string): readonly Span[] =>
  piecesOf(words).map((piece) => evidenceSpan(piece, name));

const piecesOf = (words: readonly PlatformWord[]): readonly Piece[] => {
  const pieces: Piece[] = [];
  const latest = new Map<string, Piece>();
  for (const word of words) {
    const known = latest.get(word.requestId);
    const piece = known && belongs(word, known) ? known : { requestId: word.requestId, words: new Map() };
    if (piece !== known) pieces.push(piece);
    latest.set(word.requestId, piece);
    piece.words.set(word.stage, word);
  }
  return pieces;
};

/** The order within an invocation; a fault is told before or after its report. */
const ORDER: Readonly<Record<Stage, number>> = { start: 0, fault: 1, done: 1, report: 2 };

const belongs = ({ stage }: PlatformWord, { words }: Piece): boolean =>
  !words.has(stage) &&
  (stage === "fault" || [...words.keys()].every((known) => ORDER[known] <= ORDER[stage] || known === "fault"));

const evidenceSpan = (piece: Piece, name: string): Span => {
  const facts = wholeFacts(piece);
  const trace = [...piece.words.values()].reduce<XrayTrace | undefined>(
    (known, word) => (word.trace ? { ...known, ...word.trace } : known),
    undefined,
  );
  const { start, end } = extentOf(piece, facts);
  const status = statusOfFacts(facts);
  return {
    traceId: trace?.traceId ?? digest(`lambda-request|${piece.requestId}`).slice(0, 32),
    spanId: trace?.segmentId ?? digest(`lambda-request|${piece.requestId}|${start}`).slice(0, 16),
    traceState: "",
    parentSpanId: "",
    name,
    kind: SERVER,
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    attributes: attributesOf(piece.requestId, trace, facts),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: trace?.parentId === undefined ? [] : [linkTo(trace.traceId, trace.parentId)],
    droppedLinksCount: 0,
    ...(status && { status }),
    flags: trace?.isSampled ? 1 : 0,
  };
};

/** The latest that says something; a fault's numbers are rounded. */
const wholeFacts = ({ words }: Piece): PlatformFacts => ({
  ...words.get("fault")?.facts,
  ...words.get("start")?.facts,
  ...words.get("done")?.facts,
  ...words.get("report")?.facts,
});

const extentOf = (
  { words }: Piece,
  { durationMs }: PlatformFacts,
): { readonly start: UnixNano; readonly end: UnixNano } => {
  const last = words.get("report") ?? words.get("done") ?? words.get("fault");
  const began = words.get("start")?.time;
  const took = durationMs === undefined ? undefined : BigInt(Math.round(durationMs * 1e6));
  if (began !== undefined) return { start: began, end: took === undefined ? (last?.time ?? began) : began + took };
  const end = last?.time ?? 0n;
  return { start: took === undefined || took > end ? end : end - took, end };
};

const attributesOf = (requestId: string, trace: XrayTrace | undefined, facts: PlatformFacts): readonly KeyValue[] => [
  ...madeAttributes({
    [MAYFLY_EVIDENCE]: MAYFLY_EVIDENCE_PLATFORM,
    [FAAS_INVOCATION_ID[0]]: requestId,
    [MAYFLY_KEYS_CONSUMED]: [
      formatStitchKey({ kind: "lambda-request", id: requestId }),
      ...(trace ? [formatStitchKey({ kind: "xray-root", id: rootOfTraceId(trace.traceId) })] : []),
    ],
    ...(isCold(facts) && { [FAAS_COLDSTART]: true }),
  }),
  ...factAttributes(facts),
];

const isCold = ({ initDurationMs, restoreDurationMs }: PlatformFacts): boolean =>
  initDurationMs !== undefined || restoreDurationMs !== undefined;

const linkTo = (traceId: string, spanId: string): SpanLink => ({
  traceId,
  spanId,
  traceState: "",
  attributes: madeAttributes({ [MAYFLY_LINK]: MAYFLY_LINK_XRAY_PARENT }),
  droppedAttributesCount: 0,
  flags: 0,
});

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
