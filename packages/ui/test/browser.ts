/** A real browser per test file, and the built site per test. */
import { chromiumPath, launchChromium, openPage, type PageLook } from "../../../scripts/chromium.ts";
import type { Browser, Page, Request } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";
import { answersAt } from "./fixtures/answers.ts";
import { type Answers, type Site, serveSite } from "./site.ts";

export const hasNoBrowser = chromiumPath() === undefined;

export interface Opened {
  readonly page: Page;
  readonly site: Site;
  /** Every address that was asked for. */
  readonly requests: readonly string[];
}

interface Look extends PageLook {
  readonly answers?: Answers;
  /** Errors that the page is meant to have: a test that answers 500 sees them in the console. */
  readonly expectsComplaints?: boolean;
}

type Used = Awaited<ReturnType<typeof openPage>>;

/**
 * `open` fails the test afterwards when the page threw, or broke the content policy.
 *
 * A page goes on to the next test of the same look, because a new one is half of what a short test costs. Each test has a site at an
 * origin of its own, and what a page keeps by itself is forgotten in between; that of a test that failed is closed.
 */
export const useBrowser = (): ((path: string, look?: Look) => Promise<Opened>) => {
  let browser: Promise<Browser> | undefined;
  const free = new Map<string, Used[]>();
  afterAll(async () => (await browser)?.close());
  const pagesOf = (look: PageLook): Used[] => {
    const { width, height, theme, scale } = look;
    const key = JSON.stringify([width, height, theme, scale]);
    if (!free.has(key)) free.set(key, []);
    return free.get(key) ?? [];
  };
  return async (path, { answers = {}, expectsComplaints = false, ...look } = {}) => {
    const site = await serveSite({ ...answersAt(Date.now()), ...answers });
    const ofThisLook = pagesOf(look);
    const used = ofThisLook.pop() ?? (await openPage(await (browser ??= launchChromium()), look));
    const { page, complaints } = used;
    const requests: string[] = [];
    const asked = (request: Request): void => void requests.push(request.url());
    page.on("request", asked);
    onTestFinished(async ({ task }) => {
      page.off("request", asked);
      if (task.result?.state === "fail") await page.context().close();
      else {
        await forget(page);
        ofThisLook.push(used);
      }
      await site.close();
      const complained = complaints.splice(0);
      if (!expectsComplaints) expect(complained).toEqual([]);
    });
    await page.goto(site.origin + path);
    return { page, site, requests };
  };
};

const forget = async (page: Page): Promise<void> => {
  // A later site may get the same port, and with it the same origin.
  await page.evaluate(() => [localStorage, sessionStorage].forEach((storage) => storage.clear()));
  await page.mouse.move(-1, -1);
  await page.goto("about:blank");
};
