/**
 * `GET /api/traces` and `GET /api/traces/{id}`: stitched traces, as people and programs read them.
 *
 * A detail is paged by its spans, earliest first, each with the joins that lead to it; gaps and placeholders come whole with
 * each page. The first page is small: of a wide story it is what people see first. The pages that follow are of the same walk, where
 * they are asked for soon (kept-stories.ts); so is the story that is asked for again, as long as it would be found like this.
 */
import { randomInt } from "node:crypto";
import type { Gap, Join, Span, TraceDetail, TraceList } from "@mayfly/api";
import { tracesToJson } from "@mayfly/otlp";
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "../schema.ts";
import type { Clock } from "../clock.ts";
import { NotFoundError } from "../errors.ts";
import { READ } from "../guard/scopes.ts";
import type { SpanRecord } from "../model/span.ts";
import type { UnixNano } from "../model/time.ts";
import { type Found, findTrace, findUnits } from "../query/find.ts";
import { type HeadFacts, headFacts, headView } from "../query/head.ts";
import { formatCursor, parseCursor } from "../query/cursor.ts";
import { type ListDeps, type ListQuery, listTraces } from "../query/list.ts";
import { AS_TOLD, type Clocks } from "../stitch/clock-skew.ts";
import { gapsOf, listedGaps } from "../stitch/gaps.ts";
import { gapsToCome } from "../stitch/sending-gaps.ts";
import { joinView, placeholderJoin } from "../stitch/reason.ts";
import type { Unit } from "../stitch/units.ts";
import type { StitchedTrace } from "../stitch/walk.ts";
import type { StoreReader } from "../store/store.ts";
import { answers } from "../openapi/described.ts";
import { traceDataOf } from "./otlp-view.ts";
import { createKeptStories } from "./kept-stories.ts";
import { badParameter } from "./parameters.ts";
import { FILTER_PARAMETERS, filtersOf } from "./trace-filters.ts";
import { type Times, timesOf } from "./path-view.ts";
import { spanView, type Told } from "./view.ts";

const FIRST_SPANS = 1_000;
const SPANS_PER_PAGE = 20_000;
const MAX_ROWS = 500;
/**
 * Of a kept story in memory: what was put together of each unit, as bench/stitch's stories were measured, and what was loaded, whose
 * texts and keys are objects now.
 */
const [BYTES_PER_UNIT, BYTES_PER_BYTE] = [8_000, 4];

const ListParameters = Type.Object(
  {
    ...FILTER_PARAMETERS,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_ROWS, default: 50, description: "Rows of a page." })),
    cursor: Type.Optional(Type.String({ maxLength: 200, description: "Of the page before." })),
  },
  { additionalProperties: false },
);

const DetailParameters = Type.Object(
  {
    stitch: Type.Optional(Type.Boolean({ default: true, description: "`false`: the bare W3C trace, without joins." })),
    format: Type.Optional(
      Type.Union([Type.Literal("json"), Type.Literal("otlp")], {
        description: "`otlp`: the same spans as OTLP-JSON `TracesData`, every field as it arrived.",
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        title: "the cursor of the answer before",
        pattern: "^\\d{1,15}-[1-9]\\d{0,8}$",
        description: "Of the answer before: the next spans of the same trace.",
      }),
    ),
  },
  { additionalProperties: false },
);

const LIST = {
  tags: ["traces"],
  summary: "Stitched traces, newest first",
  description:
    "A page may have fewer rows than `limit`, even none, and still a `cursor`: ask on until there is no `cursor`.",
  querystring: ListParameters,
  response: answers("TraceList"),
} as const;

const DETAIL = {
  tags: ["traces"],
  summary: "One stitched trace",
  params: Type.Object({
    id: Type.String({
      description:
        "Of a stitched trace, any trace id, any request id, or the id of any message, event or execution that led from one function to another.",
    }),
  }),
  querystring: DetailParameters,
  response: answers("TraceDetail", { otlp: "TracesData" }),
} as const;

export interface TraceDeps extends ListDeps {
  readonly store: StoreReader;
  readonly clock: Clock;
}

export const traceRoutes =
  (deps: TraceDeps): FastifyPluginAsync =>
  async (app) => {
    const { store, clock } = deps;
    const kept = createKeptStories<Walked>();
    /** A number that another process gave is hardly ever given here. */
    let walks = randomInt(2 ** 47);
    const keep = (name: string, story: Walked): void => kept.keep(name, story, bytesOf(story));

    /** Where it is `page` of a walk that is kept, that; else what is there now. */
    const told = async (
      name: string,
      page: PageCursor | undefined,
      show: () => Promise<Shown | undefined>,
    ): Promise<Walked | undefined> => {
      const ofWalk = (walk: number): string => `${name} ${walk}`;
      const before = kept.get(name);
      const asked = page && (before?.walk === page.walk ? before : kept.get(ofWalk(page.walk)));
      if (asked) return asked;
      if (before && (await before.asked.isCurrent())) return before;
      kept.forget(name);
      // Somebody may have had its first page, and ask for the next.
      if (before && before.records.length > FIRST_SPANS) keep(ofWalk(before.walk), before);
      const shown = await show();
      if (shown === undefined) return undefined;
      const story = { ...shown, walk: (walks += 1) };
      keep(name, story);
      return story;
    };
    app.get<{ Querystring: Static<typeof ListParameters> }>(
      "/api/traces",
      { ...READ, schema: LIST },
      async (request): Promise<TraceList> => {
        const { traces, next, behind } = await listTraces(listQuery(request.query), deps, clock());
        return { traces, ...(next && { cursor: formatCursor(next) }), ...behind };
      },
    );

    app.get<{ Params: { id: string }; Querystring: Static<typeof DetailParameters> }>(
      "/api/traces/:id",
      { ...READ, schema: DETAIL },
      async (request, reply) => {
        const { id } = request.params;
        const { stitch, format, cursor } = request.query;
        const [name, show] = stitch === false ? [`bare ${id}`, bareTrace] : [`stitched ${id}`, stitchedTrace];
        const page = cursor === undefined ? undefined : parsePageCursor(cursor);
        const shown = await told(name, page, () => show(store, id));
        if (shown === undefined) throw new NotFoundError("not-found", `no trace, request or message with the id ${id}`);
        if (format !== "otlp") return paged(shown, page?.offset ?? 0, clock());
        // OTLP has no place to say it.
        if (shown.isTruncated) reply.header("x-mayfly-truncated", "true");
        const data = traceDataOf(shown.records.flatMap(([record, unit]) => asArrived(record, unit)));
        return reply.type("application/json").send(JSON.stringify(tracesToJson(data)));
      },
    );
  };

/** `WALK-OFFSET`: from which of its spans on. */
interface PageCursor {
  readonly walk: number;
  readonly offset: number;
}

const parsePageCursor = (cursor: string): PageCursor => {
  const [walk, offset] = cursor.split("-").map(Number) as [number, number];
  return { walk, offset };
};

/** A head and all its spans, each with its unit. */
interface Shown extends Pick<Found, "asked"> {
  readonly detail: (now: UnixNano) => Detail;
  readonly isTruncated: boolean;
  /** How many. */
  readonly units: number;
  readonly records: readonly (readonly [SpanRecord, Unit])[];
  /** What leads to a span, strongest first; a wide story has many, so each is told when it is asked for. */
  readonly joinsTo: (span: SpanRecord) => readonly Join[];
  /** Of a stitched one. */
  readonly stitched?: Times & { readonly clocks: Clocks };
}

/** Pages are of one walk, which has a number. */
interface Walked extends Shown {
  readonly walk: number;
}

const bytesOf = ({ units, asked }: Shown): number => units * BYTES_PER_UNIT + asked.bytes * BYTES_PER_BYTE;

type Detail = Omit<TraceDetail, "spans" | "joins">;

/** What stands for an invocation without spans was put together of these. */
const asArrived = (record: SpanRecord, { root, platform }: Unit): readonly SpanRecord[] =>
  record === root && platform?.isAlone ? platform.spans : [record];

const stitchedTrace = async (store: StoreReader, id: string): Promise<Shown | undefined> => {
  const found = await findTrace(store, id);
  if (found === undefined) return undefined;
  const { trace, asked } = found;
  const facts = headFacts(trace);
  const gapsAt = gapsOverTime(found);
  return {
    detail: (now) => stitchedDetail(found, facts, gapsAt(now), now),
    isTruncated: trace.truncated,
    units: trace.parts.length,
    records: recordsOf(trace.parts),
    joinsTo: joinsOf(found),
    stitched: { ...timesOf(trace, facts.start), clocks: trace.clocks },
    asked,
  };
};

/** What is under way becomes a gap in time, so they are told anew then; a clock that goes back makes it all anew. */
const gapsOverTime = ({ trace, graph }: Found): ((now: UnixNano) => readonly Gap[]) => {
  let told: { readonly gaps: readonly Gap[]; readonly at: UnixNano } | undefined;
  let nextAt: UnixNano | undefined;
  const isSo = (now: UnixNano): boolean => {
    if (told === undefined || now < told.at) return false;
    if (now === told.at) return true;
    nextAt ??= gapsToCome(trace, graph, told.at).reduce((least, one) => (one < least ? one : least), NEVER);
    return now < nextAt;
  };
  return (now) => {
    if (told === undefined || !isSo(now)) {
      told = { gaps: gapsOf(trace, graph, now), at: now };
      nextAt = undefined;
    }
    return told.gaps;
  };
};

const NEVER: UnixNano = 2n ** 64n;

const stitchedDetail = (
  { trace: { missing, truncated }, memberOf, alternatives }: Found,
  facts: HeadFacts,
  all: readonly Gap[],
  now: UnixNano,
): Detail => {
  const gaps = listedGaps(all);
  return {
    ...headView(facts, now),
    gaps,
    ...(gaps.length < all.length && { gapCount: all.length }),
    ...(missing.length > 0 && { placeholders: missing.map(({ placeholder }) => placeholder) }),
    ...(memberOf.length > 0 && { memberOf }),
    ...(alternatives.length > 0 && { alternatives }),
    ...(truncated && { truncated: true }),
  };
};

const joinsOf = ({ trace, graph }: Found): Shown["joinsTo"] => {
  const underPlaceholders = Map.groupBy(
    trace.missing.flatMap(({ placeholder, units }) => units.map((unit) => ({ placeholder, unit }))),
    ({ unit }) => unit.root,
  );
  const bySpan = Map.groupBy(trace.joins, ({ to }) => to.root);
  return (span) => [
    ...(underPlaceholders.get(span) ?? []).map(({ placeholder, unit }) => placeholderJoin(placeholder, unit, graph)),
    ...(bySpan.get(span) ?? []).map(joinView),
  ];
};

/** One W3C trace as it is: its spans, no joins. */
const bareTrace = async (store: StoreReader, id: string): Promise<Shown | undefined> => {
  const { units, truncated, asked } = await findUnits(store, id);
  const [first] = units;
  if (first === undefined) return undefined;
  const parts = units.map((unit) => ({ unit, isWhole: true, spans: unit.spans }));
  const trace: StitchedTrace = { id: first.root.traceId, parts, joins: [], missing: [], clocks: AS_TOLD, truncated };
  const facts = headFacts(trace);
  return {
    detail: (now) => ({ ...headView(facts, now), gaps: [], ...(truncated && { truncated }) }),
    isTruncated: truncated,
    units: units.length,
    records: recordsOf(parts),
    joinsTo: () => [],
    asked,
  };
};

const recordsOf = (
  parts: readonly { readonly unit: Unit; readonly spans: readonly SpanRecord[] }[],
): Shown["records"] =>
  parts.flatMap(({ unit, spans }) => spans.map((span) => [span, unit] as const)).toSorted(([a], [b]) => byStart(a, b));

/** Of a `TraceDetail`. */
type Page = Omit<TraceDetail, "spans"> & { readonly spans: readonly Told<Span>[] };

const byStart = (a: SpanRecord, b: SpanRecord): number => Number(a.start > b.start) - Number(a.start < b.start);

const paged = ({ detail, records, joinsTo, stitched, walk }: Walked, offset: number, now: UnixNano): Page => {
  const next = offset + (offset === 0 ? FIRST_SPANS : SPANS_PER_PAGE);
  const page = records.slice(offset, next);
  return {
    ...detail(now),
    spans: page.map(([record, unit]) => {
      const selfTimeNs = stitched?.selfTimeOf(record);
      const clockOffsetNs = stitched?.clocks.offsetOf(record) || undefined;
      return spanView(record, unit, { selfTimeNs, clockOffsetNs });
    }),
    joins: page.flatMap(([record]) => joinsTo(record)),
    ...(stitched && offset === 0 && { criticalPath: stitched.criticalPath }),
    ...(next < records.length && { truncated: true, cursor: `${walk}-${next}` }),
  };
};

const listQuery = (raw: Static<typeof ListParameters>): ListQuery => {
  const cursor = raw.cursor === undefined ? undefined : parseCursor(raw.cursor);
  if (raw.cursor !== undefined && cursor === undefined)
    throw badParameter("cursor", raw.cursor, "a cursor of an earlier answer");
  return { ...filtersOf(raw), limit: raw.limit ?? 50, ...(cursor && { after: cursor }) };
};
