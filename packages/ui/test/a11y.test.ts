/** axe-core finds no fault on any page, in light and dark. */
import axe from "axe-core";
import { describe, expect, test } from "vitest";
import { hasNoBrowser, useBrowser } from "./browser.ts";
import { stats } from "./fixtures/answers.ts";
import { ORDER } from "./fixtures/order.ts";

const ORDER_PATH = `/traces/${encodeURIComponent(ORDER.id)}`;

const PAGES: readonly (readonly [string, string, string, Record<string, object>?])[] = [
  ["the list", "/", '[role="row"]'],
  ["a trace", ORDER_PATH, '[role="treegrid"] [role="row"]'],
  ["a trace with a detail open", `${ORDER_PATH}?row=${ORDER.spans[0]?.spanId}`, "aside.detail"],
  ["what was found in a trace", `${ORDER_PATH}?find=dhl`, "mark"],
  ["the logs of a trace", `${ORDER_PATH}?tab=logs`, ".log-line"],
  ["an empty collector", "/", ".ways", { "/api/traces": { traces: [] } }],
  ["a collector that lost something", "/", "footer.alarming", { "/api/stats": stats({ droppedSpans: { full: 2 } }) }],
];

describe.skipIf(hasNoBrowser)("accessibility", () => {
  const open = useBrowser();

  for (const theme of ["light", "dark"] as const) {
    for (const [name, path, ready, answers] of PAGES) {
      test(`${name}, ${theme}`, async () => {
        const { page } = await open(path, { theme, ...(answers && { answers }) });
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
