/**
 * What somebody sends who means harm (hostile-strings.ts), seen in a real browser: through a real collector and the
 * built pages. It is text there: no element is made of it, nothing runs, nothing is asked of anybody else.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, launchChromium, openPage } from "../../../scripts/chromium.ts";
import { type Collector, startCollector } from "../src/index.ts";
import { HOSTILE } from "./hostile-strings.ts";
import { JSON_TYPE } from "./http.ts";

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const hex = (number: number, length: number): string => (number + 1).toString(16).padStart(length, "0");
const STORY = "f".repeat(32);

/** Runs in the page. Of these elements none is ever made from data; its own are named. */
const HARM_IN_PAGE = `(() => {
  const risky = "script, style, link, meta, base, iframe, object, embed, img, form, [onerror], [onload], [onfocus], [onmouseover], [autofocus]";
  const found = "hacked" in globalThis ? ["a script ran"] : [];
  for (const element of document.body.querySelectorAll(risky)) {
    if (!element.matches(".key-help form, .sign-in form, [role=search]")) found.push("element " + element.outerHTML.slice(0, 100));
  }
  for (const link of document.querySelectorAll("a[href]")) {
    if (link.origin !== location.origin) found.push("link " + link.getAttribute("href").slice(0, 100));
  }
  for (const { src } of document.scripts) if (!src.startsWith(location.origin)) found.push("script " + src);
  return found;
})()`;

/** A step inside the app, as its links make it: no page is loaded for it. */
const goTo = async (page: Page, address: string): Promise<void> => {
  await page.evaluate(
    `history.pushState(null, "", ${JSON.stringify(address)}); dispatchEvent(new PopStateEvent("popstate"))`,
  );
};

/** Shown in full, so that the page stays small enough to be looked at sixty times. */
const SHORT = HOSTILE.map(([what, text]) => [what, text.slice(0, 2000).toWellFormed()] as const);

let folder: string;
let collector: Collector;
let browser: Browser;
let nowNs: bigint;

const send = async (path: string, body: unknown): Promise<void> => {
  const response = await fetch(collector.url + path, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
};

/** Each string a function, an invocation and a span of one story, and a trace of its own for the list. */
const sendAll = async (): Promise<void> => {
  for (const [number, [, text]] of SHORT.entries()) {
    const resource = {
      attributes: [attribute("faas.name", text), attribute("service.name", text), attribute(text, text)],
    };
    const span = {
      name: text,
      kind: 2,
      startTimeUnixNano: String(nowNs + BigInt(number)),
      endTimeUnixNano: String(nowNs + 1_000_000n * BigInt(number + 1)),
      attributes: [
        attribute(text, text),
        attribute("faas.invocation_id", `${text} ${number}`),
        attribute("url.full", text),
        attribute("http.route", text),
      ],
      events: [
        {
          timeUnixNano: String(nowNs),
          name: "exception",
          attributes: ["exception.type", "exception.message", "exception.stacktrace"].map((key) =>
            attribute(key, text),
          ),
        },
      ],
      status: { code: 2, message: text },
    };
    const inStory = {
      ...span,
      traceId: STORY,
      spanId: hex(number, 16),
      parentSpanId: number === 0 ? "" : hex(number - 1, 16),
    };
    const alone = { ...span, traceId: hex(number, 32), spanId: hex(number + 500, 16) };
    await send("/v1/traces", {
      resourceSpans: [{ resource, scopeSpans: [{ scope: { name: text, version: text }, spans: [inStory, alone] }] }],
    });
    await send("/v1/logs", {
      resourceLogs: [
        {
          resource,
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: String(nowNs),
                  severityNumber: 17,
                  severityText: text,
                  body: { stringValue: text },
                  traceId: STORY,
                  spanId: hex(number, 16),
                  attributes: [attribute(text, text)],
                },
              ],
            },
          ],
        },
      ],
    });
  }
};

beforeAll(async () => {
  nowNs = BigInt(Date.now() - 60_000) * 1_000_000n;
  folder = await mkdtemp(join(tmpdir(), "mayfly-injection-"));
  collector = await startCollector({ port: 0, dataDir: folder });
  await sendAll();
  if (chromiumPath() !== undefined) browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await collector.close();
  await rm(folder, { recursive: true });
});

interface Watched {
  readonly page: Page;
  /** Everything a page does that it should not: scripts that ran, dialogs, requests to others, elements from data. */
  readonly harm: () => Promise<readonly string[]>;
}

const opened = async (): Promise<Watched> => {
  const { page, complaints } = await openPage(browser);
  const seen: string[] = [];
  page.on("dialog", (dialog) => {
    seen.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== collector.url) seen.push(`request ${request.url().slice(0, 100)}`);
  });
  page.on("popup", (popup) => seen.push(`popup ${popup.url()}`));
  page.on("download", (download) => seen.push(`download ${download.url()}`));
  const harm = async () => [...seen, ...complaints, ...(await page.evaluate<string[]>(HARM_IN_PAGE))];
  return { page, harm };
};

describe.skipIf(chromiumPath() === undefined)("in the browser", () => {
  test("the list shows every name as text", async () => {
    const { page, harm } = await opened();
    await page.goto(`${collector.url}/traces`);
    await page.getByRole("row").nth(5).waitFor();
    expect(await harm()).toEqual([]);
    const rows = (await page.getByRole("grid").innerText()).replace(/\s+/g, " ");
    expect(rows).toContain("<script>");
    await page.context().close();
  });

  test("a trace shows every span, and its detail, as text", async () => {
    const { page, harm } = await opened();
    await page.goto(`${collector.url}/traces/${STORY}`);
    await page.getByRole("treegrid").getByRole("row").nth(5).waitFor();
    expect(await harm()).toEqual([]);
    const detail = page.locator("aside.detail");
    for (const [number, [what, text]] of SHORT.entries()) {
      await goTo(page, `/traces/${STORY}?row=${hex(number, 16)}`);
      await detail.getByText(hex(number, 16)).first().waitFor();
      expect([what, await harm()]).toEqual([what, []]);
      if (text.startsWith("<")) expect([what, await detail.innerText()]).toEqual([what, expect.stringContaining(text)]);
    }
    await page.context().close();
  }, 120_000);

  test("the logs of a trace are text", async () => {
    const { page, harm } = await opened();
    await page.goto(`${collector.url}/traces/${STORY}?tab=logs`);
    await page.locator(".log-line").nth(5).waitFor();
    expect(await harm()).toEqual([]);
    await page.context().close();
  });

  test("an address that somebody was sent is text: what it looks for, what it names, what it filters by", async () => {
    const { page, harm } = await opened();
    await page.goto(`${collector.url}/traces`);
    const answered = /Failed to load resource: .* status of (400|404|414|431) /; // the browser's own word for an answer
    for (const [what, text] of SHORT) {
      const word = encodeURIComponent(text);
      for (const address of [
        `/traces?q=${word}&function=${word}&status=${word}`,
        `/traces/${STORY}?find=${word}&row=${word}&tab=${word}`,
        `/traces/${word}`,
        `/none/${word}`,
      ]) {
        await goTo(page, address);
        await page.locator("main > *").first().waitFor();
        const found = (await harm()).filter((one) => !answered.test(one));
        expect([what, address.slice(0, 20), found]).toEqual([what, address.slice(0, 20), []]);
      }
    }
    await page.context().close();
  }, 240_000);
});
