/**
 * What a test of a command that speaks to AWS needs, anew for each: an endpoint that enforces AWS's protocol, a collector
 * with an empty store, a folder, and the command as a process between them.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stats, TraceDetail } from "@mayfly/api";
import { afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { type Collector, startCollector } from "../src/index.ts";
import { JSON_TYPE } from "./http.ts";
import { buildProgram, type Ended, mayfly } from "./program.ts";
import { statsOf } from "./serving.ts";
import { CREDENTIALS } from "./signed.ts";

interface Endpoint {
  readonly url: string;
  close(): void;
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
}

export interface AwsRig<E extends Endpoint> {
  readonly aws: E;
  readonly folder: string;
  /** `mayfly import xray` and the like, from or to this endpoint and this collector. */
  run(...flags: readonly string[]): Promise<Ended>;
  /** The same with other credentials, or without a collector. */
  runWith(env: NodeJS.ProcessEnv, ...flags: readonly string[]): Promise<Ended>;
  store(service: string, ...spans: readonly SentSpan[]): Promise<void>;
  detailOf(id: string, query?: string): Promise<TraceDetail>;
  stats(): Promise<Stats>;
}

/** For all tests of a file. `command`: its words. */
export const awsRig = <E extends Endpoint>(command: readonly string[], start: () => Promise<E>): AwsRig<E> => {
  let folder: string;
  let collector: Collector;
  let aws: E;
  vi.setConfig({ testTimeout: 120_000 }); // processes, each started anew, and the SDK's own waits
  beforeAll(buildProgram);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mayfly-aws-"));
    collector = await startCollector({ port: 0, dataDir: join(folder, "data") });
    aws = await start();
  });
  afterEach(async () => {
    aws.close();
    await collector.close();
    await rm(folder, { recursive: true });
  });
  const runWith = (env: NodeJS.ProcessEnv, ...flags: readonly string[]): Promise<Ended> =>
    mayfly([...command, "--endpoint", aws.url, ...flags], { env });

  return {
    get aws() {
      return aws;
    },
    get folder() {
      return folder;
    },
    run: (...flags) => runWith(CREDENTIALS, "--url", collector.url, ...flags),
    runWith,
    async store(service, ...spans) {
      const answer = await fetch(`${collector.url}/v1/traces`, {
        method: "POST",
        headers: JSON_TYPE,
        body: requestOf(service, spans),
      });
      expect(answer.status).toBe(200);
    },
    async detailOf(id, query = "") {
      const answer = await fetch(`${collector.url}/api/traces/${encodeURIComponent(id)}${query}`);
      return (await answer.json()) as TraceDetail;
    },
    stats: () => statsOf(collector.url),
  };
};

const requestOf = (service: string, spans: readonly SentSpan[]): string => {
  const now = BigInt(Date.now()) * 1_000_000n;
  const wire = spans.map(({ attributes = {}, ...span }) => ({
    name: "handler",
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 50_000_000n),
    ...span,
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) })),
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: wire }] }] });
};

const valueOf = (value: string | readonly string[]): object =>
  typeof value === "string"
    ? { stringValue: value }
    : { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
