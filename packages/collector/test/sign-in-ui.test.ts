/** Signing in and out in a real browser, at a real collector that has a key. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chromiumPath, launchChromium, openPage } from "../../../scripts/chromium.ts";
import { changeKeyFile } from "../src/guard/key-file.ts";
import { makeKey, type NewKey } from "../src/guard/keys.ts";
import { type Collector, startCollector } from "../src/index.ts";

describe.skipIf(chromiumPath() === undefined)("a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  let folder: string;
  let collector: Collector;
  let reader: NewKey;
  let sender: NewKey;
  let page: Page;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mayfly-sign-in-"));
    reader = makeKey({ name: "the team", scope: "read", nowMs: Date.now(), randomBytes });
    sender = makeKey({ name: "functions", scope: "ingest", nowMs: Date.now(), randomBytes });
    await changeKeyFile(folder, () => [reader.record, sender.record]);
    collector = await startCollector({ port: 0, dataDir: folder });
    ({ page } = await openPage(browser));
  });
  afterEach(async () => {
    await page.context().close();
    await collector.close();
    await rm(folder, { recursive: true });
  });

  const field = () => page.getByLabel("API key");
  const signIn = async (key: string): Promise<void> => {
    await field().fill(key);
    await page.keyboard.press("Enter");
  };

  test("without a key is asked for one, by keyboard alone, and comes to the page it wanted", async () => {
    await page.goto(`${collector.url}/traces?q=wanted`);
    await field().waitFor();
    expect(await field().evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(await field().getAttribute("type")).toBe("password");

    await signIn(`${reader.key.slice(0, -1)}!`);
    await page.getByRole("alert").filter({ hasText: "unknown, revoked or expired" }).waitFor();
    await signIn(sender.key);
    await page.getByRole("alert").filter({ hasText: "can only send telemetry" }).waitFor();
    await signIn(reader.key);

    await page.getByRole("button", { name: "Sign out" }).waitFor();
    expect(page.url()).toBe(`${collector.url}/traces?q=wanted`);
  });

  test("stays signed in over a reload, has the key in no place that a script reads, and is out after signing out", async () => {
    await page.goto(collector.url);
    await signIn(reader.key);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    const readable = await page.evaluate<string>(
      "JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML])",
    );
    expect(readable).not.toContain(reader.key.slice(15));
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: "mayfly", httpOnly: true, sameSite: "Strict" }]);
    expect(readable).not.toContain(cookies[0]?.value);

    await page.getByRole("button", { name: "Sign out" }).click();
    await field().waitFor();
    await page.reload();
    await field().waitFor();
  });

  test("is out as soon as its key is revoked", async () => {
    await page.goto(collector.url);
    await signIn(reader.key);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await changeKeyFile(folder, (records) =>
      records.map((record) => ({ ...record, revokedAt: new Date().toISOString() })),
    );
    await field().waitFor();
  });
});
