/** A real browser per test file, and a page on the built site per test. */
import { chromiumPath, launchChromium, openPage, type PageLook } from "../../../scripts/chromium.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
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

/** `open` fails the test afterwards when the page threw, or broke the content policy. */
export const useBrowser = (): ((path: string, look?: Look) => Promise<Opened>) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  return async (path, { answers = {}, expectsComplaints = false, ...look } = {}) => {
    const site = await serveSite({ ...answersAt(Date.now()), ...answers });
    const { page, complaints } = await openPage(browser, look);
    const requests: string[] = [];
    page.on("request", (request) => void requests.push(request.url()));
    onTestFinished(async () => {
      await page.context().close();
      await site.close();
      if (!expectsComplaints) expect(complaints).toEqual([]);
    });
    await page.goto(site.origin + path);
    return { page, site, requests };
  };
};
