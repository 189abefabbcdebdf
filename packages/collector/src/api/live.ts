/**
 * `GET /api/live`: rows of the list of traces, as they come and change, as server-sent events.
 *
 *   event: trace     id: <Unix ns>     data: a row of /api/traces; a later one of the same id takes its place
 *   event: missed    data: { count? }  there were rows that were not told: the list has them
 *
 * The caller's key is looked at again with every heartbeat: who may read no more is told no more.
 */
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "../schema.ts";
import { LimitError } from "../errors.ts";
import type { Guard } from "../guard/guard.ts";
import { mayUse, READ } from "../guard/scopes.ts";
import { type Live, unrefTimer, type Wait } from "../query/live.ts";
import { createEvents } from "./live-events.ts";
import { parseUnixNano } from "../model/time-text.ts";
import { Time, unixNanoOf } from "./parameters.ts";
import { FILTER_PARAMETERS, filtersOf } from "./trace-filters.ts";

const HEARTBEAT_MS = 15_000;
const RETRY_AFTER_SECONDS = 10;

const LiveParameters = Type.Object(
  {
    ...FILTER_PARAMETERS,
    since: Time("First what ended then or later, or a little before. The header Last-Event-ID says the same."),
  },
  { additionalProperties: false },
);

const LIVE = {
  tags: ["traces"],
  summary: "Rows of the list of traces as they come and change, as server-sent events",
  description:
    "Events `trace` with a `TraceSummary`, and `missed` with a `LiveMissed` where there were more than could be told.",
  querystring: LiveParameters,
  response: { 200: { description: "Events.", content: { "text/event-stream": { schema: { type: "string" } } } } },
} as const;

export interface LiveRouteDeps {
  readonly live: Live;
  readonly guard: Pick<Guard, "callerOf">;
  /** Rows fell out before a slow reader took them. */
  readonly onDropped: (count: number) => void;
  readonly wait?: Wait | undefined;
}

export const liveRoutes =
  ({ live, guard, onDropped, wait = unrefTimer }: LiveRouteDeps): FastifyPluginAsync =>
  async (app) => {
    // Before the server waits for what is in flight.
    app.addHook("preClose", async () => live.close());

    app.get<{ Querystring: Static<typeof LiveParameters> }>(
      "/api/live",
      { ...READ, schema: LIVE, exposeHeadRoute: false },
      async (request, reply) => {
        const { since: given, ...raw } = request.query;
        const filters = filtersOf(raw);
        const since =
          lastSeen(request.headers["last-event-id"]) ?? (given === undefined ? undefined : unixNanoOf("since", given));
        const events = createEvents(onDropped);
        const follower = { tell: events.tell, end: events.end };
        const question = new URLSearchParams();
        for (const [name, value] of Object.entries(raw)) question.set(name, String(value));
        const what = { question: question.toString(), filters, ...(since !== undefined && { since }) };
        const leave = live.follow(what, follower);
        if (leave === undefined)
          throw new LimitError("as many live streams are open as there may be; try again later", RETRY_AFTER_SECONDS);

        const mayRead = (): boolean => {
          const { needsKey, key } = guard.callerOf(request);
          return !needsKey || (key !== undefined && mayUse(key.scope, "read"));
        };
        let stopBeating = (): void => {};
        const beat = (): void => {
          if (!mayRead()) return events.end();
          events.beat();
          stopBeating = wait(HEARTBEAT_MS, beat);
        };
        stopBeating = wait(HEARTBEAT_MS, beat);
        events.stream.once("close", () => {
          stopBeating();
          leave();
        });
        reply.raw.once("close", () => void events.stream.destroy());
        if (reply.raw.destroyed) events.stream.destroy();
        return reply
          .type("text/event-stream")
          .headers({ "x-accel-buffering": "no", connection: "close" })
          .send(events.stream);
      },
    );
  };

/** What a browser sends when it connects again: the id of the last event that it has. */
const lastSeen = (header: string | readonly string[] | undefined): bigint | undefined =>
  typeof header === "string" ? parseUnixNano(header) : undefined;
