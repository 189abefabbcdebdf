/** A collector and the shop, real ones, for one test; everything ends with it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stats, TraceDetail, TraceList } from "@mayfly/api";
import { type Collector, startCollector } from "@mayfly/collector";
import type { Lab } from "@mayfly/lab";
import { onTestFinished } from "vitest";
import { type OrderRequest, placeOrder } from "../src/traffic.ts";
import { type ShopConfig, startShop } from "../src/shop.ts";

export const ORDER: OrderRequest = {
  customer: { id: "c-1", tier: "gold" },
  items: [{ sku: "lamp-brass", quantity: 1, priceCents: 8_900 }],
  card: "4242-4242-4242-4242",
};

export interface Rig {
  readonly collector: Collector;
  readonly lab: Lab;
  /** Places an order and waits until all it caused has been done and stored. */
  readonly order: (order?: OrderRequest) => Promise<void>;
  readonly trace: (id: string) => Promise<TraceDetail>;
  readonly traces: () => Promise<TraceList>;
  readonly stats: () => Promise<Stats>;
}

export const startRig = async (shop: Partial<ShopConfig> = {}): Promise<Rig> => {
  const dataDir = await mkdtemp(join(tmpdir(), "mayfly-shop-"));
  const collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir });
  const lab = await startShop({ collectorUrl: collector.url, batchSize: 1, ...shop });
  onTestFinished(async () => {
    await lab.close();
    await collector.close();
    await rm(dataDir, { recursive: true });
  });
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${collector.url}${path}`);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    collector,
    lab,
    async order(order = ORDER) {
      await placeOrder(lab.httpUrl, order);
      await lab.idle();
    },
    trace: (id) => get(`/api/traces/${encodeURIComponent(id)}`),
    traces: () => get("/api/traces"),
    stats: () => get("/api/stats"),
  };
};
