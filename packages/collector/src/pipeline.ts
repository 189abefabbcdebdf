/**
 * The rooms, joined: receive → decode → normalize → store → api. The only file that knows them all.
 */
import type { OtlpSignal, PartialSuccess } from "@mayfly/otlp";
import type { FastifyInstance, RouteOptions } from "fastify";
import { forwarded } from "./api/forwarded.ts";
import { forwardedList } from "./api/forwarded-list.ts";
import { healthRoutes } from "./api/health.ts";
import { liveRoutes } from "./api/live.ts";
import { openApiRoutes } from "./api/openapi.ts";
import { readRoutes } from "./api/read-routes.ts";
import type { ReaderThread } from "./api/reader-thread.ts";
import { sessionRoutes } from "./api/session.ts";
import { staticRoutes } from "./api/static.ts";
import { metricsRoutes } from "./api/metrics.ts";
import { statsRoutes } from "./api/stats.ts";
import type { Clock } from "./clock.ts";
import { DEFAULTS } from "./config.ts";
import { decodeSubscription } from "./decode/log-subscription.ts";
import { decodeBody } from "./decode/otlp.ts";
import { decodeTelemetry } from "./decode/telemetry-events.ts";
import type { OnFault } from "./http-status.ts";
import type { Guard } from "./guard/guard.ts";
import { type Admission, createAdmission } from "./receive/admission.ts";
import { deliveryDigest } from "./receive/delivery-digest.ts";
import { type FirehoseDeps, firehoseRoutes } from "./receive/firehose.ts";
import { type Ingest, otlpRoutes } from "./receive/otlp-http.ts";
import { createRefusals } from "./receive/refusals.ts";
import { type TelemetryDeps, telemetryRoutes } from "./receive/telemetry-api.ts";
import { buildServer, type ServerDeps } from "./server.ts";
import { createFaultLog } from "./self/fault-log.ts";
import { type Log, silentLog } from "./self/log.ts";
import { createMeters, type Meters } from "./self/meters.ts";
import { failed, watchRequests } from "./self/requests.ts";
import { listTraces } from "./query/list.ts";
import { createLive, type LiveDeps } from "./query/live.ts";
import { createSummarizer, keepSummarizing } from "./query/summarize.ts";
import { utf8 } from "./model/json-fields.ts";
import { type FunctionLines, normalizedLines } from "./normalize/function-lines.ts";
import type { SummarizerThread } from "./query/summarizer-thread.ts";
import type { Signal, Store } from "./store/store.ts";
import type { Summaries } from "./store/summaries.ts";

export interface PipelineDeps {
  readonly store: Store;
  readonly summaries: Summaries;
  /** Who keeps them up; here only what a list waits for is worked out then. */
  readonly keptBy?: Pick<SummarizerThread, "spansBehind">;
  /** Answers what is read, so that nothing is read here. */
  readonly reader?: ReaderThread;
  readonly clock: Clock;
  readonly guard: Guard;
  readonly uiDir: string;
  readonly version: string;
  readonly onBug: (error: unknown) => void;
  readonly log?: Log;
  readonly slowQueryMs?: number;
  readonly admission?: Admission;
  readonly live?: Pick<LiveDeps, "wait" | "maxFollowers">;
  readonly server?: Pick<ServerDeps, "connections" | "onRoute" | "trustedProxies">;
}

export const createPipeline = async (deps: PipelineDeps): Promise<FastifyInstance> => {
  const {
    store,
    summaries,
    keptBy,
    reader,
    clock,
    guard,
    uiDir,
    version,
    onBug,
    log = silentLog,
    slowQueryMs = DEFAULTS.slowQueryMs,
    admission = createAdmission(),
  } = deps;
  const refusals = createRefusals();
  const apiRefusals = createRefusals();
  const meters = createMeters();
  const tellFault = createFaultLog(log, clock);
  const onFault: OnFault = (error, status, request) => {
    if (status === 500) onBug(error);
    tellFault(error, failed(request, status));
  };
  const summarizer = createSummarizer({ store, summaries, clock });
  const reads = readRoutes({ store, summaries, summarizer, clock });
  const kept = { stats: () => store.stats(), damage: () => (reader ?? store).damage() };
  const spansBehind = async () => keptBy?.spansBehind ?? summarizer.spansBehind();
  const live = createLive({
    ...deps.live,
    list: reader
      ? forwardedList(reader)
      : async (_question, filters, limit) =>
          (await listTraces({ ...filters, limit }, { store, summaries, summarizer }, clock())).traces,
    clock,
    onBug,
  });
  const made: RouteOptions[] = [];
  const taking = watched(store, meters);
  const receiving = { admission, refusals, onFault };
  const server = await buildServer({
    ...deps.server,
    onRoute: (route) => {
      made.push(route);
      deps.server?.onRoute?.(route);
    },
    guard,
    onFault,
    onRefusal: apiRefusals.count,
    onLostConnection: refusals.count,
    watch: watchRequests({ log, meters, slowQueryMs }),
    routes: [
      otlpRoutes({ ...receiving, ingest: ingestInto(taking, clock) }),
      telemetryRoutes({ ...receiving, ingest: telemetryInto(taking, clock) }),
      firehoseRoutes({ ...receiving, ingest: firehoseInto(taking, clock), nowMs: () => Number(clock() / 1_000_000n) }),
      healthRoutes({ store }),
      metricsRoutes({
        store: kept,
        ...(reader && { reader }),
        refusals,
        apiRefusals,
        admission,
        meters,
        live,
        spansBehind,
        version,
      }),
      statsRoutes({ store: kept, spansBehind, refusals, startedAt: clock(), version }),
      ...(reader ? [forwarded({ routes: reads, thread: reader, onRefusal: apiRefusals.count })] : reads),
      liveRoutes({ live, guard, onDropped: meters.dropLiveRows, wait: deps.live?.wait }),
      sessionRoutes({ guard }),
      openApiRoutes({ routes: made, version }),
      staticRoutes({ uiDir }),
    ],
  });
  const stopSummarizing = keptBy ? undefined : keepSummarizing(summarizer, onBug);
  server.addHook("onClose", async () => {
    stopSummarizing?.();
    await summarizer.close();
  });
  return server;
};

type Appending = Pick<Store, "append">;

const watched = (store: Appending, meters: Meters): Appending => ({
  append: (batch) => meters.appending(store.append(batch)),
});

const ingestInto = (store: Appending, clock: Clock): Record<OtlpSignal, Ingest> => ({
  traces: ingestOf("traces", "spans", store, clock),
  logs: ingestOf("logs", "logs", store, clock),
  metrics: ingestOf("metrics", "metrics", store, clock),
});

const ingestOf =
  (signal: OtlpSignal, stored: Signal, store: Appending, clock: Clock): Ingest =>
  async ({ encoding, body, digest }) => {
    const receivedAt = clock();
    const { records, rejected, firstProblem } = decodeBody(signal, body, encoding);
    await store.append({ requestDigest: digest, receivedAt, signal: stored, records, rejected });
    return partialSuccess(ITEMS[stored], records.items, rejected, firstProblem);
  };

const telemetryInto =
  (store: Appending, clock: Clock): TelemetryDeps["ingest"] =>
  async ({ identity, body, digest }) => {
    const { lines, rejected } = decodeTelemetry(body);
    return appendLines([{ identity, lines }], rejected, digest, store, clock());
  };

const firehoseInto =
  (store: Appending, clock: Clock): FirehoseDeps["ingest"] =>
  async ({ identity, records, rejected, digest }) => {
    const receivedAt = clock();
    const groups: FunctionLines[] = [];
    let malformed = rejected["malformed-record"] ?? 0;
    for (const record of records) {
      try {
        for (const message of decodeSubscription(utf8(record), receivedAt)) {
          malformed += message.malformed;
          groups.push({ lines: message.lines, identity: { ...identity, ...message.identity } });
        }
      } catch {
        malformed += 1; // no text
      }
    }
    const reasons = { ...rejected, ...(malformed > 0 && { "malformed-record": malformed }) };
    await appendLines(groups, reasons, digest, store, receivedAt);
  };

/** Two signals, so two appends: one that fails is sent again, and the other then knows its digest. */
const appendLines = async (
  groups: readonly FunctionLines[],
  unread: Readonly<Record<string, number>>,
  digest: Uint8Array,
  store: Appending,
  receivedAt: bigint,
): Promise<{ records: number; rejected: Readonly<Record<string, number>> }> => {
  const { logs, evidence, rejected: unkept } = normalizedLines(groups, receivedAt);
  const rejected = { ...unread, ...unkept };
  const append = (signal: Signal, records: typeof logs, reasons: Readonly<Record<string, number>>) =>
    store.append({
      requestDigest: deliveryDigest([digest, signal]),
      receivedAt,
      signal,
      records,
      rejected: reasons,
    });
  await Promise.all([
    ...(evidence.items > 0 ? [append("spans", evidence, {})] : []),
    ...(logs.items > 0 || Object.keys(rejected).length > 0 ? [append("logs", logs, rejected)] : []),
  ]);
  return { records: logs.items, rejected };
};

const ITEMS: Readonly<Record<Signal, string>> = { spans: "spans", logs: "log records", metrics: "data points" };

const partialSuccess = (
  what: string,
  kept: number,
  rejected: Readonly<Record<string, number>>,
  firstProblem: string | undefined,
): PartialSuccess | undefined => {
  const reasons = Object.keys(rejected);
  if (reasons.length === 0) return undefined;
  const count = Object.values(rejected).reduce((sum, amount) => sum + amount, 0);
  const place = firstProblem === undefined ? "" : `; ${firstProblem}`;
  return {
    rejected: count,
    errorMessage: `${count} of ${count + kept} ${what} rejected: ${reasons.join(", ")}${place}`,
  };
};
