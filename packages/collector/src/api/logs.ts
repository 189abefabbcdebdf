/** `GET /api/logs?traceId|requestId&limit`: the log records of any of these traces or invocations, oldest first. */
import type { LogList } from "@mayfly/api";
import { logsToJson } from "@mayfly/otlp";
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "typebox";
import { InputError } from "../errors.ts";
import { READ } from "../guard/scopes.ts";
import { isTraceId, type TraceId } from "../model/ids.ts";
import type { Store } from "../store/store.ts";
import { logsDataOf } from "./otlp-view.ts";
import { logView } from "./view.ts";

const MAX_IDS = 1000;
const MAX_LOGS = 10_000;
const DEFAULT_LOGS = 1000;

const ids = Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { maxItems: MAX_IDS }));
const LogsQuery = Type.Object(
  {
    traceId: ids,
    requestId: ids,
    format: Type.Optional(Type.Union([Type.Literal("json"), Type.Literal("otlp")])),
    limit: Type.Integer({ minimum: 1, maximum: MAX_LOGS, default: DEFAULT_LOGS }),
  },
  { additionalProperties: false },
);

export const logRoutes =
  ({ store }: { readonly store: Pick<Store, "logs"> }): FastifyPluginAsync =>
  async (app) => {
    app.get<{ Querystring: Static<typeof LogsQuery> }>(
      "/api/logs",
      { ...READ, schema: { querystring: LogsQuery } },
      async ({ query: { traceId = [], requestId: requestIds = [], limit, format } }, reply) => {
        if (traceId.length + requestIds.length === 0) {
          throw new InputError("bad-parameter", "traceId or requestId is missing");
        }
        const records = await store.logs({ traceIds: traceId.map(parseTraceId), requestIds, limit: limit + 1 });
        const shown = records.slice(0, limit);
        const truncated = records.length > limit;
        if (format !== "otlp") return { logs: shown.map(logView), ...(truncated && { truncated }) } satisfies LogList;
        if (truncated) reply.header("x-mayfly-truncated", "true"); // OTLP has no place to say it
        return reply.type("application/json").send(JSON.stringify(logsToJson(logsDataOf(shown))));
      },
    );
  };

const parseTraceId = (text: string): TraceId => {
  const traceId = text.toLowerCase();
  if (!isTraceId(traceId)) throw new InputError("bad-parameter", `traceId "${text}" is not 32 hex digits`);
  return traceId;
};
