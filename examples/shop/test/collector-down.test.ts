import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TraceDetail, TraceList } from "@mayfly/api";
import { startCollector } from "@mayfly/collector";
import { expect, onTestFinished, test } from "vitest";
import { startShop } from "../src/shop.ts";
import { placeOrder } from "../src/traffic.ts";
import { ORDER } from "./rig.ts";

/** Takes connections and never answers: the worst a collector can do to a function. */
const startSilentServer = async (port: number): Promise<Server> => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
};

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

test("while the collector hangs no function fails, each environment pays one flush budget, and traces come again after", async () => {
  const silent = await startSilentServer(0);
  const { port } = silent.address() as AddressInfo;
  const lab = await startShop({
    collectorUrl: `http://127.0.0.1:${port}`,
    batchSize: 1,
    // So that the test need not wait for half a minute until a breaker tries again.
    environment: { MAYFLY_PROBE_INTERVAL_MS: "500", MAYFLY_FLUSH_BUDGET_MS: "200" },
  });
  onTestFinished(() => lab.close());

  for (let n = 0; n < 3; n += 1) {
    await placeOrder(lab.httpUrl, ORDER);
    await lab.idle();
  }
  expect(lab.truth.deliveries.map((delivery) => delivery.outcome)).toEqual(lab.truth.deliveries.map(() => "success"));
  expect(lab.truth.deliveries).toHaveLength(24);

  await closed(silent);
  const dataDir = await mkdtemp(join(tmpdir(), "mayfly-back-"));
  const collector = await startCollector({ host: "127.0.0.1", port, dataDir });
  onTestFinished(async () => {
    await collector.close();
    await rm(dataDir, { recursive: true });
  });
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${collector.url}${path}`)).json()) as T;

  // Each environment probes as its next invocation begins, and is heard from with the one after that.
  for (let tries = 0; tries < 20; tries += 1) {
    await placeOrder(lab.httpUrl, ORDER);
    await lab.idle();
    const { traces } = await get<TraceList>("/api/traces?limit=1&function=notify");
    if (traces.length > 0) break;
  }
  const { traces } = await get<TraceList>("/api/traces?function=notify");
  expect(traces.length).toBeGreaterThan(0);

  const details = await Promise.all(traces.map((row) => get<TraceDetail>(`/api/traces/${row.id}`)));
  const invocations = details.flatMap((detail) => detail.spans.filter((span) => "faas.coldstart" in span.attributes));
  const counter = (name: string): number[] => invocations.map((span) => Number(span.attributes[name] ?? 0));
  // One flush was cut at its budget; the breaker opened once; probes beside handlers may have failed since.
  expect(Math.max(...counter("mayfly.sdk.breaker_opened"))).toBe(1);
  expect(Math.max(...counter("mayfly.sdk.flush_timeouts"))).toBeGreaterThanOrEqual(1);
  expect(Math.max(...counter("mayfly.sdk.dropped_spans"))).toBe(0);
}, 60_000);
