/**
 * Sends filled-in requests over several connections for a while and says what was acknowledged.
 *
 * Closed loop: each connection sends the next request when the last was answered, or, with `spansPerSecond`, when its
 * time has come. An answer other than 200 is counted and, where it says Retry-After, waited out.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type Encoding, type Sample, type Template, fill, sampleOf } from "../corpus/template.ts";
import { openConnection } from "./connection.ts";

export interface LoadOptions {
  readonly port: number;
  readonly encoding: Encoding;
  readonly templates: readonly Template[];
  readonly connections: number;
  readonly seconds: number;
  /** Stops earlier, when so many are acknowledged. */
  readonly maxSpans?: number;
  readonly spansPerSecond?: number;
  /** When the transactions begin, in Unix ns; by default now. */
  readonly beginning?: () => bigint;
}

export interface LoadResult {
  readonly spans: number;
  readonly requests: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** By status, those that were not 200. */
  readonly refused: Readonly<Record<string, number>>;
  /** Of the acknowledged requests, sorted. */
  readonly latenciesMs: Float64Array;
  /** One in some hundred transactions. */
  readonly samples: readonly Sample[];
}

const TYPES = { protobuf: "application/x-protobuf", json: "application/json" } as const;
const SAMPLE_EVERY = 50;
const MAX_SAMPLES = 2_000;

export const load = async (options: LoadOptions): Promise<LoadResult> => {
  const { port, encoding, templates, connections, seconds, maxSpans = Infinity, spansPerSecond } = options;
  const { beginning = () => BigInt(Date.now()) * 1_000_000n } = options;
  const totals = { spans: 0, requests: 0, bytes: 0 };
  const refused: Record<string, number> = {};
  const latencies: number[] = [];
  const samples: Sample[] = [];
  const started = performance.now();
  const deadline = started + seconds * 1000;

  const send = async (worker: number): Promise<void> => {
    // Each connection its own copies: a body must not change while it is being sent.
    const own = templates.map((template) => ({ ...template, body: Buffer.from(template.body) }));
    const connection = openConnection(port, "/v1/traces", TYPES[encoding]);
    for (let turn = worker; performance.now() < deadline && totals.spans < maxSpans; turn++) {
      const template = own[turn % own.length] as Template;
      if (spansPerSecond !== undefined) await turnComes(totals.spans, spansPerSecond, started);
      fill(template, encoding, beginning());
      const sentAt = performance.now();
      const { status, retryAfter } = await connection.post(template.body);
      if (status === 200) {
        latencies.push(performance.now() - sentAt);
        totals.spans += template.spans;
        totals.requests += 1;
        totals.bytes += template.body.length;
        if (totals.requests % SAMPLE_EVERY === 0) {
          const sample = sampleOf(template, encoding, 0);
          if (samples.length < MAX_SAMPLES) samples.push(sample);
          else samples[(totals.requests / SAMPLE_EVERY) % MAX_SAMPLES] = sample;
        }
      } else {
        refused[status] = (refused[status] ?? 0) + 1;
        if (retryAfter > 0) await wait(retryAfter * 1000);
      }
    }
    connection.close();
  };

  await Promise.all(Array.from({ length: connections }, (_, worker) => send(worker)));
  const elapsedMs = performance.now() - started;
  return { ...totals, elapsedMs, refused, latenciesMs: Float64Array.from(latencies).toSorted(), samples };
};

const turnComes = async (sent: number, perSecond: number, started: number): Promise<void> => {
  const early = started + (sent / perSecond) * 1000 - performance.now();
  if (early > 1) await wait(early);
};

export const quantile = (sorted: Float64Array | readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
