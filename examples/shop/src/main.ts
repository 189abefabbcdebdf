/**
 * The shop with steady customers, as a process of its own.
 *
 *   node dist/main.js --collector http://127.0.0.1:4318 [--rate 30] [--seed 1]
 *
 * Ends on SIGTERM, SIGINT, or when its standard input closes (the parent is gone).
 */
import { parseArgs } from "node:util";
import { startShop } from "./shop.ts";
import { startTraffic } from "./traffic.ts";

const { values } = parseArgs({
  options: {
    collector: { type: "string" },
    rate: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
  },
});

const collectorUrl = values.collector;
const ordersPerMinute = Number(values.rate);
if (!collectorUrl || !(ordersPerMinute > 0 && ordersPerMinute <= 600)) {
  console.error("usage: main.js --collector URL [--rate 1-600 orders per minute] [--seed N]");
  process.exit(2);
}

const seed = Number(values.seed);
const lab = await startShop({ collectorUrl, seed, duplicateDeliveries: 0.04 });
const traffic = startTraffic({
  url: lab.httpUrl,
  ordersPerMinute,
  seed,
  onError: (error) => console.error("shop: an order was not taken:", error),
});
console.log(`shop takes orders on ${lab.httpUrl}/orders`);

const stop = async (): Promise<void> => {
  await traffic.stop();
  await lab.close();
  process.exit(0);
};
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
process.stdin.on("end", () => void stop()).resume();
