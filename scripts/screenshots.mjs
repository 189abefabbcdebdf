/**
 * The pictures of the documentation, taken anew: the example shop's real orders, in a real Chromium.
 *
 *   node scripts/screenshots.mjs        (after a build; writes docs/images/*.png)
 *
 * The shop takes a few orders first, so that the list has something to show and environments are warm; the order in the picture is
 * paid with a card that is declined once.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startShop } from "../examples/shop/dist/shop.js";
import { TEST_CARDS } from "../examples/shop/dist/card-network.js";
import { placeOrder } from "../examples/shop/dist/traffic.js";
import { startCollector } from "../packages/collector/dist/index.js";
import { launchChromium, openPage } from "./chromium.ts";

const IMAGES = new URL("../docs/images/", import.meta.url).pathname;

const orderWith = (card, ...skus) => ({
  customer: { id: "c-207", tier: "gold" },
  items: skus.map((sku) => ({ sku, quantity: 1, priceCents: 8_900 })),
  card,
});
const USUAL = "4242-4242-4242-4242";
const WARM_UP = [
  orderWith(USUAL, "lamp-brass"),
  orderWith(TEST_CARDS.SLOW, "desk-oak", "rug-wool"),
  orderWith(TEST_CARDS.DECLINED, "chair-ash"),
  orderWith(USUAL, "lamp-brass", "chair-ash"),
  orderWith(USUAL),
  orderWith(USUAL, "gift-card"),
  orderWith(USUAL, "rug-wool"),
];

const data = await mkdtemp(join(tmpdir(), "mayfly-screenshots-"));
const collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir: data });
const shop = await startShop({ collectorUrl: collector.url, batchSize: 1 });
const browser = await launchChromium();

const shoot = async (path, name, { ready, ...look }) => {
  const { page } = await openPage(browser, { ...look, width: 1280, scale: 1.5 });
  await page.goto(collector.url + path);
  await page.locator(ready).first().waitFor();
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: join(IMAGES, name) });
  console.log(`docs/images/${name}`);
  await page.context().close();
};

try {
  await mkdir(IMAGES, { recursive: true });
  for (const order of WARM_UP) {
    await placeOrder(shop.httpUrl, order);
    await shop.idle();
  }
  await placeOrder(shop.httpUrl, orderWith(TEST_CARDS.DECLINED_ONCE, "lamp-brass", "rug-wool"));
  await shop.idle();
  const latest = async () =>
    (await (await fetch(`${collector.url}/api/traces?function=ship&status=error`)).json()).traces[0];
  while (!(await latest()).settled) await new Promise((resolve) => setTimeout(resolve, 500));
  const { id } = await latest();
  const trace = `/traces/${encodeURIComponent(id)}`;
  for (const theme of ["light", "dark"]) {
    await shoot(trace, `trace-${theme}.png`, { theme, height: 840, ready: ".timeline-row" });
  }
  await shoot("/", "traces.png", { theme: "light", height: 420, ready: ".trace-row" });
} finally {
  await browser.close();
  await shop.close();
  await collector.close();
  await rm(data, { recursive: true });
}
