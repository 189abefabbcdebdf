/** A collector process: what it is sent and asked goes over HTTP, and it may be killed in between. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { TraceDetail } from "../../packages/api/src/index.ts";
import { type RunningCollector, startCollector } from "../ingest/collector.ts";
import type { Ask } from "./judge.ts";

export interface Served {
  readonly url: string;
  /** Eight requests at a time. */
  arrive(bodies: readonly Uint8Array[]): Promise<void>;
  /** The same, and kill -9 when so many are acknowledged; what was not is sent again to the collector that follows. */
  arriveThroughKill(bodies: readonly Uint8Array[], after: number): Promise<void>;
  /** What is still being summed up or sealed takes one of the processors; where that takes longer than a while, it is part of what is measured. */
  settle(): Promise<void>;
  readonly ask: Ask;
  close(): Promise<void>;
}

const CONNECTIONS = 8;
const LOOKS = 60;
const LOOK_MS = 2_000;
/** Of a processor. */
const IDLE_SHARE = 0.05;

export const openServed = async (): Promise<Served> => {
  const dataDir = mkdtempSync(join(tmpdir(), "mayfly-stitch-"));
  let collector: RunningCollector = await startCollector(dataDir);

  const post = async (body: Uint8Array): Promise<void> => {
    const headers = { "content-type": "application/x-protobuf" };
    const response = await fetch(`${collector.url}/v1/traces`, { method: "POST", headers, body: Buffer.from(body) });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the collector answered ${response.status}`);
  };

  /** Resolves to what was not acknowledged. */
  const send = async (bodies: readonly Uint8Array[], acknowledged: () => void): Promise<readonly Uint8Array[]> => {
    const failed: Uint8Array[] = [];
    const waiting = [...bodies];
    const connection = async (): Promise<void> => {
      for (let body = waiting.shift(); body; body = waiting.shift())
        await post(body).then(acknowledged, () => failed.push(body));
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    return failed;
  };

  const arrive = async (bodies: readonly Uint8Array[]): Promise<void> => {
    const failed = await send(bodies, () => {});
    if (failed.length > 0) throw new Error(`${failed.length} requests were refused`);
  };

  return {
    arrive,
    get url() {
      return collector.url;
    },
    async arriveThroughKill(bodies, after) {
      let count = 0;
      let killed: Promise<void> | undefined;
      const failed = await send(bodies, () => {
        if ((count += 1) === after) killed = collector.kill("SIGKILL");
      });
      if (killed === undefined || failed.length === 0) throw new Error("the collector was not killed in the middle");
      await killed;
      collector = await startCollector(dataDir);
      await arrive(failed);
    },
    async settle() {
      for (let looks = 0, before = collector.cpuMs(); looks < LOOKS; looks += 1) {
        await wait(LOOK_MS);
        const { spansBehind } = await collector.stats();
        const now = collector.cpuMs();
        if (spansBehind === 0 && now - before < LOOK_MS * IDLE_SHARE) return;
        before = now;
      }
    },
    async ask(id) {
      const path = `${collector.url}/api/traces/${encodeURIComponent(id)}`;
      const response = await fetch(path);
      if (response.status === 404) return undefined;
      const pages = [(await response.json()) as TraceDetail];
      for (let cursor = pages[0]?.cursor; cursor !== undefined; cursor = pages.at(-1)?.cursor)
        pages.push((await (await fetch(`${path}?cursor=${cursor}`)).json()) as TraceDetail);
      const [{ id: found, gaps }] = pages as [TraceDetail];
      return {
        id: found,
        spans: new Set(pages.flatMap(({ spans }) => spans.map(pathOf))),
        joins: pages
          .flatMap(({ joins }) => joins)
          .flatMap(({ from, to, kind, relation }) =>
            "placeholder" in from ? [] : [`${pathOf(from)} ${kind} ${relation} ${pathOf(to)}`],
          ),
        gaps: gaps.map(({ reason, at }) => ({ reason, at: pathOf(at) })),
      };
    },
    async close() {
      await collector.kill("SIGKILL");
      rmSync(dataDir, { recursive: true });
    },
  };
};

const pathOf = ({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }): string =>
  `${traceId}.${spanId}`;
