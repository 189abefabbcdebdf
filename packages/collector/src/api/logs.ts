/**
 * `GET /api/logs`: log records of traces or invocations, oldest first; without either, all that match, newest first.
 *
 * Each way has its cursor: `<time>.<how many of that time were shown>`, or the store's own.
 */
import type { LogList } from "@mayfly/api";
import { logsToJson } from "@mayfly/otlp";
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "../schema.ts";
import { InputError } from "../errors.ts";
import { READ } from "../guard/scopes.ts";
import { isTraceId, type TraceId } from "../model/ids.ts";
import type { LogFilter } from "../model/log-filter.ts";
import { LEVELS, type Level, type LogRecord } from "../model/log-record.ts";
import type { UnixNano } from "../model/time.ts";
import type { Store } from "../store/store.ts";
import { answers } from "../openapi/described.ts";
import { logsDataOf } from "./otlp-view.ts";
import { isStoreCursor } from "./store-cursor.ts";
import { badParameter, Time } from "./parameters.ts";
import { timesOf } from "./trace-filters.ts";
import { logView } from "./view.ts";

const MAX_IDS = 1000;
const MAX_LOGS = 10_000;
const DEFAULT_LOGS = 1000;

const ids = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { maxItems: MAX_IDS, description }));
const level = (options = {}) =>
  Type.Unsafe<Level>(
    Type.Union(
      LEVELS.map((one) => Type.Literal(one)),
      options,
    ),
  );
const LogsQuery = Type.Object(
  {
    traceId: ids("Records of any of these traces; may be repeated."),
    requestId: ids("Records of any of these invocations; may be repeated."),
    function: Type.Optional(Type.String({ maxLength: 256, description: "Of this function." })),
    level: Type.Optional(
      Type.Array(level(), { minItems: 1, maxItems: LEVELS.length, description: "Of this level; may be repeated." }),
    ),
    minLevel: Type.Optional(level({ description: "Of this level or a graver one." })),
    text: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1024, description: "What the line says, or a part of it." }),
    ),
    from: Time("Then or later."),
    to: Time("Then or earlier."),
    format: Type.Optional(
      Type.Union([Type.Literal("json"), Type.Literal("otlp")], {
        description: "`otlp`: the same records as OTLP-JSON `LogsData`, every field as it arrived.",
      }),
    ),
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_LOGS,
      default: DEFAULT_LOGS,
      description: "The most records of an answer.",
    }),
    cursor: Type.Optional(Type.String({ maxLength: 100, description: "Of the answer before." })),
  },
  { additionalProperties: false },
);
type Query = Static<typeof LogsQuery>;

type LogStore = Pick<Store, "logs" | "logsWith">;

interface Page {
  readonly records: readonly LogRecord[];
  readonly truncated: boolean;
  readonly cursor?: string;
}

const LOGS = {
  tags: ["logs"],
  summary: "Log records of traces or invocations, oldest first; without either, all that match, newest first",
  querystring: LogsQuery,
  response: answers("LogList", { otlp: "LogsData" }),
} as const;

export const logRoutes =
  ({ store }: { readonly store: LogStore }): FastifyPluginAsync =>
  async (app) => {
    app.get<{ Querystring: Query }>("/api/logs", { ...READ, schema: LOGS }, async ({ query }, reply) => {
      const { traceId = [], requestId = [], format } = query;
      const isById = traceId.length + requestId.length > 0;
      const { records, truncated, cursor } = await (isById ? byId(query, store) : newest(query, store));
      if (format !== "otlp")
        return {
          logs: records.map(logView),
          ...(truncated && { truncated }),
          ...(cursor !== undefined && { cursor }),
        } satisfies LogList;
      // OTLP has no place to say it.
      if (truncated || cursor !== undefined) reply.header("x-mayfly-truncated", "true");
      return reply.type("application/json").send(JSON.stringify(logsToJson(logsDataOf(records))));
    });
  };

const filterOf = (query: Query): LogFilter => {
  const least = query.minLevel === undefined ? 0 : LEVELS.indexOf(query.minLevel);
  const levels = LEVELS.slice(least).filter((one) => query.level?.includes(one) ?? true);
  return {
    ...timesOf(query),
    ...(query.function !== undefined && { functionName: query.function }),
    ...(levels.length < LEVELS.length || query.level || query.minLevel ? { levels } : {}),
    ...(query.text !== undefined && { text: query.text }),
  };
};

const newest = async (query: Query, store: LogStore): Promise<Page> => {
  const filter = filterOf(query);
  if (filter.levels?.length === 0) return { records: [], truncated: false };
  const { cursor, limit } = query;
  if (cursor !== undefined && !isStoreCursor(cursor)) throw badCursor(cursor);
  const hits = await store.logsWith({ ...filter, limit, ...(cursor !== undefined && { cursor }) });
  return { records: hits.logs, truncated: false, ...(hits.cursor !== undefined && { cursor: hits.cursor }) };
};

const byId = async (query: Query, store: LogStore): Promise<Page> => {
  const { traceId = [], requestId: requestIds = [], limit } = query;
  const filter = filterOf(query);
  const after = query.cursor === undefined ? undefined : parsePlace(query.cursor);
  const from = after && (filter.from === undefined || after.time > filter.from) ? after.time : filter.from;
  const records = await store.logs({
    ...filter,
    ...(from !== undefined && { from }),
    traceIds: traceId.map(parseTraceId),
    requestIds,
    limit: limit + 1 + (after?.shown ?? 0),
  });
  const ofThatTime = records.filter((record) => record.time === after?.time).length;
  const left = records.slice(Math.min(ofThatTime, after?.shown ?? 0));
  const shown = left.slice(0, limit);
  const last = shown.at(-1);
  if (left.length <= limit || last === undefined) return { records: shown, truncated: false };
  const equal = shown.filter((record) => record.time === last.time).length;
  const before = after?.time === last.time ? after.shown : 0;
  return { records: shown, truncated: true, cursor: `${last.time}.${equal + before}` };
};

interface Place {
  readonly time: UnixNano;
  readonly shown: number;
}

const PLACE = /^(\d{1,20})\.(\d{1,6})$/;

const parsePlace = (text: string): Place => {
  const [, time, shown] = PLACE.exec(text) ?? [];
  if (time === undefined) throw badCursor(text);
  return { time: BigInt(time), shown: Number(shown) };
};

const badCursor = (text: string): InputError =>
  badParameter("cursor", text, "the cursor of an answer to the same question");

const parseTraceId = (text: string): TraceId => {
  const traceId = text.toLowerCase();
  if (!isTraceId(traceId)) throw new InputError("bad-parameter", `traceId "${text}" is not 32 hex digits`);
  return traceId;
};
