/** `GET /metrics`: the ledger, the store, the requests and the process, for Prometheus. */
import type { FastifyPluginAsync } from "fastify";
import { READ } from "../guard/scopes.ts";
import type { Live } from "../query/live.ts";
import type { Admission } from "../receive/admission.ts";
import type { Refusals } from "../receive/refusals.ts";
import { EXPOSITION_TYPE, exposition, histogramExposition, type Sample } from "../self/exposition.ts";
import type { Meters } from "../self/meters.ts";
import { METRICS } from "../self/metrics.ts";
import { createProcessReadings } from "../self/process-readings.ts";
import type { Store, StoreStats } from "../store/store.ts";
import { NoQuery } from "./parameters.ts";
import type { ReaderThread } from "./reader-thread.ts";

export interface MetricsDeps {
  readonly store: Pick<Store, "stats" | "damage">;
  readonly refusals: Pick<Refusals, "counts">;
  readonly apiRefusals: Pick<Refusals, "counts">;
  readonly admission: Pick<Admission, "heldBytes" | "highestHeldBytes">;
  readonly meters: Meters;
  readonly live: Pick<Live, "followers" | "refused">;
  /** Stored spans that are in no row of the list yet. */
  readonly spansBehind: () => Promise<number>;
  /** Where questions have a thread. */
  readonly reader?: Pick<ReaderThread, "waiting" | "refused">;
  readonly version: string;
}

type Name = keyof typeof METRICS;

const METRICS_PAGE = {
  tags: ["collector"],
  summary: "The collector's own numbers, in Prometheus' text format",
  querystring: NoQuery,
  response: {
    200: { description: "OK", content: { [EXPOSITION_TYPE]: { schema: { type: "string" } } } },
  },
} as const;

export const metricsRoutes =
  ({
    store,
    refusals,
    apiRefusals,
    admission,
    meters,
    live,
    spansBehind,
    reader,
    version,
  }: MetricsDeps): FastifyPluginAsync =>
  async (app) => {
    const readings = createProcessReadings();
    app.addHook("onClose", async () => readings.close());
    app.get("/metrics", { ...READ, schema: METRICS_PAGE }, async (_request, reply) => {
      const stats = await store.stats().catch(() => undefined); // all else is worth telling when the disk is not well
      const damage = await store.damage().catch(() => undefined);
      const behind = await spansBehind().catch(() => undefined);
      const samples: Partial<Record<Name, readonly Sample[]>> = {
        info: [{ labels: [version], value: 1 }],
        ...(stats && ledger(stats)),
        ...(damage && { damagedPartitions: one(damage.length) }),
        ...(behind !== undefined && { spansBehind: one(behind) }),
        storeUp: one(stats === undefined ? 0 : 1),
        refusedRequests: byLabel(refusals.counts()),
        refusedApiRequests: byLabel(apiRefusals.counts()),
        inflightBytes: one(admission.heldBytes),
        inflightBytesHighest: one(admission.highestHeldBytes),
        appendQueue: one(meters.appendQueue),
        questionsWaiting: one(reader?.waiting ?? 0),
        refusedQuestions: one(reader?.refused ?? 0),
        httpRequests: meters.httpRequests(),
        liveStreams: one(live.followers),
        liveRefused: one(live.refused),
        liveDropped: one(meters.droppedLiveRows),
        ...ofProcess(readings.read()),
      };
      const histograms: Partial<Record<Name, Parameters<typeof histogramExposition>[1]>> = {
        appendSeconds: [{ labels: [], buckets: meters.appendSeconds }],
        httpSeconds: meters.httpSeconds(),
      };
      const names = Object.keys(METRICS) as Name[];
      const families = names.map((name) => {
        const series = histograms[name];
        const own = samples[name];
        if (series !== undefined) return histogramExposition(METRICS[name], series);
        return own === undefined ? "" : exposition(METRICS[name], own);
      });
      return reply.type(EXPOSITION_TYPE).send(families.join(""));
    });
  };

const ledger = (stats: StoreStats): Partial<Record<Name, readonly Sample[]>> => ({
  receivedSpans: one(stats.receivedSpans),
  duplicateSpans: one(stats.duplicateSpans),
  rejectedSpans: byLabel(stats.rejectedSpans),
  droppedSpans: byLabel(stats.droppedSpans),
  receivedLogs: one(stats.receivedLogs),
  duplicateLogs: one(stats.duplicateLogs),
  rejectedLogs: byLabel(stats.rejectedLogs),
  droppedLogs: byLabel(stats.droppedLogs),
  receivedMetricPoints: one(stats.receivedMetricPoints),
  duplicateMetricPoints: one(stats.duplicateMetricPoints),
  rejectedMetricPoints: byLabel(stats.rejectedMetricPoints),
  droppedMetricPoints: byLabel(stats.droppedMetricPoints),
  storedSpans: one(stats.spans),
  storedTraces: one(stats.traces),
  storedLogs: one(stats.logs),
  storedMetricPoints: one(stats.metricPoints),
  storedInvocations: one(stats.invocations),
  storeBytes: one(stats.bytesOnDisk),
  partitions: byLabel(stats.partitions),
});

const ofProcess = (read: ReturnType<ReturnType<typeof createProcessReadings>["read"]>) =>
  Object.fromEntries(Object.entries(read).map(([name, value]) => [name, one(value)]));

const one = (value: number): readonly Sample[] => [{ labels: [], value }];

const byLabel = (counts: Readonly<Record<string, number>>): readonly Sample[] =>
  Object.entries(counts).map(([label, value]) => ({ labels: [label], value }));
