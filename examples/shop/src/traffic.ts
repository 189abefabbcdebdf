/**
 * Customers: orders at a steady rate, most of them unremarkable. Seeded, so that two runs meet the same customers.
 */
import { TEST_CARDS } from "./card-network.ts";
import type { Item } from "./order.ts";

export interface Traffic {
  /** Resolves when the orders under way were answered. */
  stop(): Promise<void>;
}

export interface TrafficOptions {
  readonly url: string;
  readonly ordersPerMinute: number;
  readonly seed: number;
  readonly onError: (error: unknown) => void;
}

export const startTraffic = ({ url, ordersPerMinute, seed, onError }: TrafficOptions): Traffic => {
  const random = randomFrom(seed);
  const underWay = new Set<Promise<void>>();
  const order = (): void => {
    const sent = placeOrder(url, someOrder(random))
      .then(() => undefined, onError)
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
  };
  const timer = setInterval(() => {
    order();
    // Customers come in pairs now and then, which is when a batch has two messages.
    if (random() < 0.25) order();
  }, 60_000 / ordersPerMinute);
  order();
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
};

export interface OrderRequest {
  readonly customer: { readonly id: string; readonly tier: "standard" | "gold" };
  readonly items: readonly Partial<Item>[];
  readonly card: string;
}

export const placeOrder = async (url: string, order: OrderRequest): Promise<{ status: number; body: string }> => {
  const response = await fetch(`${url}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(order),
  });
  return { status: response.status, body: await response.text() };
};

const CATALOGUE: readonly Item[] = [
  { sku: "lamp-brass", quantity: 1, priceCents: 8_900 },
  { sku: "desk-oak", quantity: 1, priceCents: 42_000 },
  { sku: "chair-ash", quantity: 2, priceCents: 15_500 },
  { sku: "rug-wool", quantity: 1, priceCents: 21_000 },
];

/** Of a hundred orders: 10 slow, 8 declined once, 4 declined, 3 hang, 3 refused, 2 hit the bug in `reserve`. */
const someOrder = (random: () => number): OrderRequest => {
  const customer = {
    id: `c-${Math.floor(random() * 500)}`,
    tier: random() < 0.2 ? ("gold" as const) : ("standard" as const),
  };
  const items = CATALOGUE.filter(() => random() < 0.4);
  const card = "4242-4242-4242-4242";
  const usual = { customer, card, items: items.length > 0 ? items : CATALOGUE.slice(0, 1) };
  const fate = random() * 100;
  if (fate < 10) return { ...usual, card: TEST_CARDS.SLOW };
  if (fate < 18) return { ...usual, card: TEST_CARDS.DECLINED_ONCE };
  if (fate < 22) return { ...usual, card: TEST_CARDS.DECLINED };
  if (fate < 25) return { ...usual, card: TEST_CARDS.HANGS };
  if (fate < 28) return { ...usual, items: [] };
  if (fate < 30) return { ...usual, items: [{ sku: "gift-card", quantity: 1 }] };
  return usual;
};

/** mulberry32: small, and good enough for customers. */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
