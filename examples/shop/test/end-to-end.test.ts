/** From a customer's order to the screen: real functions, a real collector, a real Chromium. */
import { chromiumPath, launchChromium, openPage } from "../../../scripts/chromium.ts";
import { expect, onTestFinished, test } from "vitest";
import { TEST_CARDS } from "../src/card-network.ts";
import { ORDER, startRig } from "./rig.ts";

const FUNCTIONS = ["api", "payment", "fulfil", "reserve", "charge", "ship", "notify"];

test.skipIf(chromiumPath() === undefined)(
  "an order appears in the open list by itself, and opens as one waterfall across its functions with their logs",
  async () => {
    const { collector, order } = await startRig();
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const { page, complaints } = await openPage(browser);

    await page.goto(collector.url);
    await page.getByText("No traces yet").waitFor();
    await order({ ...ORDER, card: TEST_CARDS.DECLINED_ONCE });
    const row = page.getByRole("row").filter({ hasText: "POST /orders" });
    await row.filter({ hasText: "notify" }).waitFor();
    expect(await row.count()).toBe(1);

    await row.click();
    const waterfall = page.getByRole("treegrid");
    await waterfall.getByText("notify", { exact: true }).waitFor();
    const shown = await waterfall.innerText();
    for (const name of FUNCTIONS) expect(shown).toContain(name);
    for (const joined of ["SQS message", "EventBridge event", "Step Functions execution", "SNS message"])
      expect(shown).toContain(`joined by ${joined}`);
    expect(shown).toContain("attempt 2");
    expect(shown).toContain("cold");

    const headline = await page.locator(".headline").innerText();
    expect(headline).toContain("7 functions");
    expect(headline).toMatch(/declined.*\(attempt 2 ok\)/);

    await page.getByRole("link", { name: /^logs/ }).click();
    const lines = page.getByRole("grid", { name: /Log lines/ });
    await lines.getByText("payment captured").waitFor();
    for (const line of ["order placed", "card authorized", "stock reserved", "parcel handed over", "customer notified"])
      expect(await lines.getByText(line).count()).toBe(1);
    expect(complaints).toEqual([]);
  },
);
