/** `GET /api/invocations/{requestId}`: one invocation, its attempts, and the transactions it worked for. */
import type { Invocation, InvocationAttempt } from "@mayfly/api";
import type { FastifyPluginAsync } from "fastify";
import { Type } from "../schema.ts";
import { NotFoundError } from "../errors.ts";
import { READ } from "../guard/scopes.ts";
import { durationNs } from "../model/time.ts";
import { attributeReader } from "../normalize/attributes.ts";
import { FAAS_MAX_MEMORY, FAAS_TRIGGER, FAAS_VERSION, MAYFLY_INIT_DURATION_MS } from "../normalize/semconv.ts";
import { type Attempt, findInvocation } from "../query/invocation.ts";
import { failsUnsaid, isColdUnsaid } from "../stitch/invocations.ts";
import type { StoreReader } from "../store/store.ts";
import { answers } from "../openapi/described.ts";
import { NoQuery } from "./parameters.ts";
import { sightView, statusOf } from "./view.ts";

const INVOCATION = {
  tags: ["traces"],
  summary: "One invocation, its attempts, and the transactions it worked for",
  params: Type.Object({ requestId: Type.String({ description: "As the platform calls it." }) }),
  querystring: NoQuery,
  response: answers("Invocation"),
} as const;

export const invocationRoutes =
  ({ store }: { readonly store: StoreReader }): FastifyPluginAsync =>
  async (app) => {
    app.get<{ Params: { requestId: string } }>(
      "/api/invocations/:requestId",
      { ...READ, schema: INVOCATION },
      async ({ params: { requestId } }): Promise<Invocation> => {
        const attempts = await findInvocation(store, requestId);
        if (attempts.length === 0)
          throw new NotFoundError("not-found", `no invocation with the request id ${requestId}`);
        return { requestId, attempts: attempts.map(attemptView) };
      },
    );
  };

const attemptView = ({ unit, records, stitchedTraceId, memberOf }: Attempt): InvocationAttempt => {
  const { root } = unit;
  const own = attributeReader(root.wire.attributes);
  const resource = attributeReader(root.origin.resource?.attributes);
  const spans = [unit, ...records].flatMap((one) => one.spans);
  return {
    traceId: root.traceId,
    spanId: root.spanId,
    stitchedTraceId,
    ...(memberOf.length > 0 && { memberOf }),
    name: root.wire.name,
    ...defined({
      functionName: root.origin.functionName,
      version: resource.text(FAAS_VERSION),
      trigger: own.text(FAAS_TRIGGER),
      initDurationMs: own.number(MAYFLY_INIT_DURATION_MS),
      maxMemoryBytes: resource.count(FAAS_MAX_MEMORY),
    }),
    startTimeUnixNano: String(root.start),
    durationNs: durationNs(root.start, root.wire.endTimeUnixNano),
    status: statusOf(root),
    coldStart: root.isColdStart || isColdUnsaid(unit),
    ...defined({ platform: sightView(unit.platform), evidence: root.evidence }),
    spanCount: spans.length,
    errorCount: spans.filter((span) => span.isError).length + Number(failsUnsaid(unit)),
    consumed: unit.consumed,
    produced: [unit, ...records].flatMap((one) => one.produced.map(({ key }) => key)),
  };
};

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

const defined = <T extends Readonly<Record<string, unknown>>>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
