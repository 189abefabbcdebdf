/** axe-core finds no fault on any page, in light and dark. */
import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasNoBrowser, useBrowser } from "./browser.ts";
import { AMBIGUOUS } from "./fixtures/ambiguous.ts";
import { UNSENT } from "./fixtures/unsent.ts";
import { stats } from "./fixtures/answers.ts";
import { ORDER } from "./fixtures/order.ts";

const ORDER_PATH = `/traces/${encodeURIComponent(ORDER.id)}`;

type Act = (page: Page) => Promise<void>;
const PAGES: readonly (readonly [
  name: string,
  path: string,
  ready: string,
  answers?: Record<string, object> | undefined,
  act?: Act,
])[] = [
  ["the list", "/", '[role="row"]'],
  ["a trace", ORDER_PATH, '[role="treegrid"] [role="row"]'],
  ["a trace with a detail open", `${ORDER_PATH}?row=${ORDER.spans[0]?.spanId}`, "aside.detail"],
  [
    "an invocation without spans",
    `/traces/unsent?row=charge`,
    "aside.detail .platform",
    { "/api/traces/*": UNSENT, "/api/logs": { logs: [] } },
  ],
  [
    "a gap that names who it may have been",
    "/traces/ambiguous?row=gap-project",
    "aside.detail .facts a",
    { "/api/traces/*": AMBIGUOUS, "/api/logs": { logs: [] } },
  ],
  ["what was found in a trace", `${ORDER_PATH}?find=dhl`, "mark"],
  ["the logs of a trace", `${ORDER_PATH}?tab=logs`, ".log-line"],
  [
    "what is suggested",
    "/",
    ".suggestions",
    undefined,
    async (page) => {
      await page.getByRole("combobox", { name: "Search traces" }).fill("f");
    },
  ],
  ["a faulty query", "/traces?q=status%3Afailed", ".query-fault"],
  [
    "what a query can say",
    "/",
    ".query-examples",
    undefined,
    (page) => page.locator("summary", { hasText: "?" }).click(),
  ],
  ["signing in", "/", ".sign-in", { "/api/session": { needsKey: true } }],
  ["an empty collector", "/", ".ways", { "/api/traces": { traces: [] } }],
  ["a collector that lost something", "/", "footer.alarming", { "/api/stats": stats({ droppedSpans: { full: 2 } }) }],
];

describe.skipIf(hasNoBrowser)("accessibility", () => {
  const open = useBrowser();

  for (const theme of ["light", "dark"] as const) {
    for (const [name, path, ready, answers, act] of PAGES) {
      test(`${name}, ${theme}`, async () => {
        const { page } = await open(path, {
          theme,
          ...(answers && { answers }),
          expectsComplaints: path.includes("failed"),
        });
        await act?.(page);
        await page.locator(ready).first().waitFor();
        // The content policy forbids script elements, as it should; evaluating is the debugger's, not the page's.
        await page.evaluate(axe.source);
        const violations = await page.evaluate(async () => {
          const { axe: injected } = globalThis as unknown as { axe: typeof axe };
          return (await injected.run()).violations;
        });
        const faults = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}`));
        expect(faults).toEqual([]);
      });
    }
  }
});
