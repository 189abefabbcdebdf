/** Request bodies and a pipeline over a store in a temporary folder, for tests that speak HTTP. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance, InjectOptions, LightMyRequestResponse as Response } from "fastify";
import { openGuard } from "../src/guard/open.ts";
import { createPipeline, type PipelineDeps } from "../src/pipeline.ts";
import { openStore } from "../src/store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../src/store/sqlite/summaries.ts";
import type { Store } from "../src/store/store.ts";
import { checkedAnswers } from "./answers.ts";
import { START } from "./builders.ts";

export const JSON_TYPE = { "content-type": "application/json" };
export const PROTOBUF_TYPE = { "content-type": "application/x-protobuf" };

export const TRACE_ID = "6956b3000123456789abcdef01234567";
const SPAN_ID = "1a2b3c4d5e6f7081";

export const tracesJson = (...spans: readonly object[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "faas.name", value: { stringValue: "orders" } }] },
        scopeSpans: [{ scope: { name: "test" }, spans }],
      },
    ],
  });

export const jsonSpan = (fields: object = {}): object => ({
  traceId: TRACE_ID,
  spanId: SPAN_ID,
  name: "orders",
  kind: 2,
  startTimeUnixNano: "1767225600315000000",
  endTimeUnixNano: "1767225600420000000",
  ...fields,
});

const MS = 1_000_000n;

/** The guard of a collector that nobody has configured. */
export const OPEN_ACCESS = {
  host: "127.0.0.1",
  allowedHosts: [],
  insecure: false,
  ingestRate: 0,
  apiRate: 0,
  nowMs: () => Number(START / MS),
  onProblem: (error: unknown) => {
    throw error;
  },
};

/** As `inject`; of an answer that does not end, its head alone. */
export const injected = async (app: FastifyInstance, options: InjectOptions): Promise<Response> => {
  if (typeof options.url !== "string" || !options.url.startsWith("/api/live")) return app.inject(options);
  const response = await app.inject({ ...options, payloadAsStream: true });
  if (response.headers["content-type"] !== "text/event-stream") return app.inject(options);
  response.stream().destroy();
  return Object.assign(response, { body: "" });
};

export interface TestPipeline {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly bugs: unknown[];
  close(): Promise<void>;
}

export const openPipeline = async (deps: Partial<PipelineDeps> = {}): Promise<TestPipeline> => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-pipeline-"));
  const store = deps.store ?? openStore({ dataDir: folder });
  const summaries = createSqliteSummaries({ dataDir: folder });
  const bugs: unknown[] = [];
  const answers = checkedAnswers();
  const app = await createPipeline({
    store,
    summaries,
    clock: () => START,
    guard: openGuard({ ...OPEN_ACCESS, dataDir: folder }),
    uiDir: join(folder, "ui"),
    version: "1.2.3",
    onBug: (error) => bugs.push(error),
    ...deps,
    server: {
      ...deps.server,
      onRoute(route) {
        answers.onRoute(route);
        deps.server?.onRoute?.(route);
      },
    },
  });
  return {
    app,
    store,
    bugs,
    async close() {
      await app.close();
      await summaries.close();
      await store.close();
      await rm(folder, { recursive: true });
      if (answers.wrong.length > 0) throw new Error(`answers that are not as published:\n${answers.wrong.join("\n")}`);
    },
  };
};
