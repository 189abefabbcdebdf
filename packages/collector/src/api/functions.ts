/** `GET /api/functions`, `GET /api/functions/{name}`: what ran in a window of time, by default the last 24 hours. */
import type { FunctionDetail, FunctionInvocation, FunctionList, FunctionSummary } from "@mayfly/api";
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "../schema.ts";
import type { Clock } from "../clock.ts";
import { NotFoundError } from "../errors.ts";
import { READ } from "../guard/scopes.ts";
import type { UnixNano } from "../model/time.ts";
import {
  type FunctionFacts,
  type FunctionStory,
  functionsSeen,
  functionStory,
  refOf,
  type Run,
  type Window,
} from "../query/functions.ts";
import type { ListDeps } from "../query/list.ts";
import { answers } from "../openapi/described.ts";
import { rfc3339 } from "../model/time-text.ts";
import { badParameter, Time } from "./parameters.ts";
import { timesOf } from "./trace-filters.ts";

const DAY_NS = 86_400_000_000_000n;
const MAX_FUNCTIONS = 1000;

const TIMES = {
  from: Time("Runs that began then or later; default a day before `to`."),
  to: Time("Runs that began then or earlier; default now."),
};
const ListParameters = Type.Object(
  {
    ...TIMES,
    sort: Type.Union([Type.Literal("lastSeen"), Type.Literal("invocations"), Type.Literal("errors")], {
      default: "lastSeen",
      description: "What comes first: the one seen last, the one that ran most, the one that failed most.",
    }),
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_FUNCTIONS,
      default: 200,
      description: "The most functions of an answer.",
    }),
  },
  { additionalProperties: false },
);
const DetailParameters = Type.Object(TIMES, { additionalProperties: false });

const LIST = {
  tags: ["functions"],
  summary: "The functions that ran in a window of time",
  querystring: ListParameters,
  response: answers("FunctionList"),
} as const;

const DETAIL = {
  tags: ["functions"],
  summary: "One function over time: who calls it, whom it calls, its failures, its slowest and latest runs",
  params: Type.Object({ name: Type.String({ description: "`faas.name`, else `service.name`." }) }),
  querystring: DetailParameters,
  response: answers("FunctionDetail"),
} as const;

export const functionRoutes =
  ({ clock, ...deps }: ListDeps & { readonly clock: Clock }): FastifyPluginAsync =>
  async (app) => {
    app.get<{ Querystring: Static<typeof ListParameters> }>(
      "/api/functions",
      { ...READ, schema: LIST },
      async ({ query: { sort, limit, ...times } }): Promise<FunctionList> => {
        const window = windowOf(times, clock());
        const { found, lookedBackTo, behind } = await functionsSeen(window, deps);
        const sorted = sort === "lastSeen" ? found : found.toSorted((a, b) => b[sort] - a[sort]);
        return {
          functions: sorted.slice(0, limit).map(summaryView),
          count: found.length,
          ...windowView(window, lookedBackTo),
          ...behind,
        };
      },
    );

    app.get<{ Params: { name: string }; Querystring: Static<typeof DetailParameters> }>(
      "/api/functions/:name",
      { ...READ, schema: DETAIL },
      async ({ params: { name }, query }): Promise<FunctionDetail> => {
        const window = windowOf(query, clock());
        const { found, lookedBackTo, behind } = await functionStory(name, window, deps);
        if (found === undefined) {
          const [from, to] = [rfc3339(window.from), rfc3339(window.to)];
          throw new NotFoundError("not-found", `no function ${name} ran between ${from} and ${to}`);
        }
        return { ...detailView(found), ...windowView(window, lookedBackTo), ...behind };
      },
    );
  };

const windowOf = (times: Static<typeof DetailParameters>, now: UnixNano): Window => {
  const { from, to = from === undefined || from <= now ? now : from } = timesOf(times);
  const window = { from: from ?? (to > DAY_NS ? to - DAY_NS : 0n), to };
  if (window.from > window.to) throw badParameter("from", String(window.from), `no time after to, ${window.to}`);
  return window;
};

const windowView = ({ from, to }: Window, lookedBackTo: UnixNano | undefined) => ({
  fromUnixNano: String(from),
  toUnixNano: String(to),
  ...(lookedBackTo !== undefined && { truncated: true, lookedBackToUnixNano: String(lookedBackTo) }),
});

const summaryView = ({ name, services, triggers, ...facts }: FunctionFacts): FunctionSummary => ({
  name,
  services,
  triggers,
  invocations: facts.invocations,
  errors: facts.errors,
  coldStarts: facts.coldStarts,
  durationNs: facts.durations,
  lastSeenUnixNano: String(facts.lastSeen),
});

const detailView = (story: FunctionStory): Omit<FunctionDetail, "fromUnixNano" | "toUnixNano"> => ({
  ...summaryView(story),
  series: story.steps.map(({ from, to, durations, ...counts }) => ({
    fromUnixNano: String(from),
    toUnixNano: String(to),
    ...counts,
    ...(durations && { durationNs: durations }),
  })),
  callers: story.callers,
  callees: story.callees,
  failures: story.failures.map(({ latest, ...failure }) => ({ ...failure, latest: runView(latest) })),
  slowest: story.slowest.map(runView),
  latest: story.latest.map(runView),
});

const runView = (run: Run): FunctionInvocation => ({
  ...refOf(run),
  stitchedTraceId: run.stitchedTraceId,
  ...(run.requestId !== undefined && { requestId: run.requestId }),
  startTimeUnixNano: String(run.start),
  durationNs: run.durationNs,
  status: run.errorType === undefined ? "ok" : "error",
  ...(run.errorType !== undefined && { errorType: run.errorType }),
  coldStart: run.isCold ?? false,
});
