/** What a person sees, in a real Chromium, on the built pages. */
import type { TraceDetail } from "@mayfly/api";
import { describe, expect, test } from "vitest";
import { hasNoBrowser, useBrowser } from "./browser.ts";
import { stats } from "./fixtures/answers.ts";
import { summaries } from "./fixtures/list.ts";
import { ORDER } from "./fixtures/order.ts";
import { wideTrace } from "./fixtures/wide.ts";

const ORDER_PATH = `/traces/${encodeURIComponent(ORDER.id)}`;

describe.skipIf(hasNoBrowser)("the list of traces", () => {
  const open = useBrowser();

  test("shows each transaction with its functions in causal order, and leads to it and back", async () => {
    const { page } = await open("/");
    const row = page.getByRole("row").filter({ hasText: "POST /orders" }).first();
    await row.waitFor();
    expect(await row.locator(".functions").getAttribute("title")).toBe(ORDER.functions.join(" → "));
    await row.click();
    await page.getByRole("heading", { level: 1, name: ORDER.name }).waitFor();
    expect(new URL(page.url()).pathname).toBe(ORDER_PATH);
    await page.goBack();
    await row.waitFor();
  });

  test("the filter is in the address, and the address restores the filter", async () => {
    const { page } = await open("/traces?status=error");
    await page.getByRole("row").first().waitFor();
    expect(await page.getByRole("button", { name: "Errors" }).getAttribute("aria-pressed")).toBe("true");
    expect(await page.locator(".trace-row .status:not(.failed)").count()).toBe(0);
    await page.getByRole("button", { name: "All" }).click();
    await page.locator(".trace-row .status.fine").first().waitFor();
    expect(new URL(page.url()).search).toBe("");
  });

  test("what nothing matches says so and leads out", async () => {
    const { page } = await open("/traces?q=no-such-thing");
    await page.getByText("No trace matches").waitFor();
    await page.getByRole("link", { name: "Show all traces" }).click();
    await page.getByRole("row").first().waitFor();
  });

  test("a filter that few traces match looks further down by itself, page after page", async () => {
    const pages: Record<string, object> = {
      first: { traces: [], cursor: "1" },
      "1": { traces: [], cursor: "2" },
      "2": { traces: summaries(1, Date.now() - 9e6) },
    };
    const answers = { "/api/traces": (url: URL) => pages[url.searchParams.get("cursor") ?? "first"] ?? 404 };
    const { page } = await open("/traces?q=rare", { answers });
    await page.locator(".trace-row").waitFor();
    await page.getByText("That is all of them.").waitFor();
  });

  test("older pages come as one scrolls", async () => {
    const { page, requests } = await open("/");
    await page.getByRole("row").first().waitFor();
    const list = page.getByRole("grid");
    await list.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await page.locator('.trace-row[aria-rowindex="60"]').waitFor();
    expect(requests.some((address) => address.includes("cursor="))).toBe(true);
  });

  test("an empty collector says how to send the first trace, and shows it when it comes", async () => {
    const empty = { "/api/traces": { traces: [] }, "/api/stats": stats({ spans: 0, traces: 0, logs: 0 }) };
    const { page, site } = await open("/", { answers: empty });
    await page.getByText("No traces yet").waitFor();
    expect(await page.getByText(`OTEL_EXPORTER_OTLP_ENDPOINT=${site.origin}`).count()).toBe(1);
    const { spans: _spans, joins: _joins, gaps: _gaps, ...head } = ORDER;
    site.answer({ "/api/traces": { traces: [{ ...head, coldStarts: 0, gapCount: 0 }] } });
    await page.getByRole("row").filter({ hasText: ORDER.name }).waitFor();
  });

  test("a collector that fails is named, and asking again mends the page", async () => {
    const { page, site } = await open("/", { answers: { "/api/traces": 500 }, expectsComplaints: true });
    await page.getByText("The traces cannot be shown").waitFor();
    site.answer({ "/api/traces": { traces: [] } });
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("No traces yet").waitFor();
  });

  test("the ledger turns amber and says what was lost", async () => {
    const { page } = await open("/", {
      answers: { "/api/stats": stats({ rejectedSpans: { "invalid-trace-id": 3 } }) },
    });
    const ledger = page.locator("footer.alarming");
    await ledger.waitFor();
    expect(await ledger.innerText()).toContain("3 lost");
  });

  test("nothing is asked of any other host", async () => {
    const { page, site, requests } = await open("/");
    await page.getByRole("row").first().click();
    await page.getByRole("treegrid").waitFor();
    expect(requests.filter((address) => !address.startsWith(site.origin))).toEqual([]);
  });
});

describe.skipIf(hasNoBrowser)("one trace", () => {
  const open = useBrowser();

  test("shows every function, every join with its reason, and what is missing with its mend", async () => {
    const { page } = await open(ORDER_PATH);
    const grid = page.getByRole("treegrid");
    await grid.waitFor();
    const text = await grid.innerText();
    for (const name of ORDER.functions) expect(text).toContain(name);
    const first = ORDER.joins.find((join) => join.key?.kind === "sqs-message");
    expect(text).toContain(`joined by SQS message id ${first?.key?.id.slice(0, 8)}`);
    expect(text).toContain("in queue");
    const [gap] = ORDER.gaps;
    expect(text).toContain(gap?.message);
    expect(text).toContain(gap?.advice);
  });

  test("the first lines say how long, what failed, what was cold and what waited", async () => {
    const { page } = await open(ORDER_PATH);
    const headline = page.locator(".headline");
    await page.getByRole("treegrid").waitFor();
    const text = await headline.innerText();
    expect(text).toContain(`${ORDER.functions.length} functions`);
    expect(text).toContain("2 cold starts");
    expect(text).toContain("waiting");
    await headline.getByRole("button", { name: /charge/ }).click();
    expect(await page.getByRole("complementary", { name: "Detail" }).innerText()).toContain("CardDeclined");
  });

  test("a join answers why we believe it, and leads to both of its ends", async () => {
    const { page } = await open(ORDER_PATH);
    await page
      .getByText(/joined by SQS message id/)
      .first()
      .click();
    const detail = page.getByRole("complementary", { name: "Detail" });
    expect(await detail.innerText()).toContain("Why we believe it");
    await detail
      .getByRole("link")
      .or(detail.getByRole("button", { name: /^[0-9a-f]{16}$/ }))
      .first()
      .click();
    await detail.getByText("Attributes").waitFor();
  });

  test("the logs of all functions stand in one clock, and a line leads to its span", async () => {
    const { page } = await open(`${ORDER_PATH}?tab=logs`);
    const lines = page.getByRole("grid", { name: /Log lines/ }).getByRole("row");
    await lines.first().waitFor();
    const functions = await lines.locator(".function").allInnerTexts();
    expect(new Set(functions).size).toBeGreaterThan(4);
    await lines.filter({ hasText: "charge" }).first().click();
    await page.getByRole("treegrid").waitFor();
    expect(new URL(page.url()).searchParams.get("row")).not.toBeNull();
  });

  test("what one looks at is in the address: fold, selection and zoom come back with it", async () => {
    const { page } = await open(ORDER_PATH);
    const rows = page.getByRole("treegrid").getByRole("row");
    await rows.first().waitFor();
    const before = await rows.count();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.keyboard.press("[");
    await expect.poll(() => rows.count()).toBeLessThan(before);
    const folded = await rows.count();
    await page.reload();
    await page.getByRole("complementary", { name: "Detail" }).waitFor();
    expect(await rows.count()).toBe(folded);
  });

  test("finding leaves the rows that match, and those they hang from", async () => {
    const { page } = await open(ORDER_PATH);
    await page.getByRole("searchbox", { name: "Find in trace" }).fill("CardDeclined");
    const rows = page.getByRole("treegrid").getByRole("row");
    await expect.poll(() => rows.filter({ hasText: "charge" }).count()).toBeGreaterThan(0);
    expect(await rows.filter({ hasText: "notify" }).count()).toBe(0);
  });

  test("an id that nothing has says so", async () => {
    const { page } = await open("/traces/nothing", { expectsComplaints: true });
    await page.getByText("No trace has this id").waitFor();
  });

  test("a young trace is asked for again until nothing late can come", async () => {
    const [first, ...later] = ORDER.spans;
    const young: TraceDetail = { ...ORDER, settled: false, spans: [first!], joins: [], gaps: [], functions: ["api"] };
    const path = `/api/traces/${encodeURIComponent(ORDER.id)}`;
    const { page, site } = await open(ORDER_PATH, { answers: { [path]: young } });
    await page.getByText("late data may still come").waitFor();
    expect(later.length).toBeGreaterThan(0);
    site.answer({ [path]: ORDER });
    await page.getByRole("treegrid").getByText("notify").first().waitFor();
    expect(await page.getByText("late data may still come").count()).toBe(0);
  });

  test("names and messages that look like markup are text", async () => {
    const markup = '<img src=x onerror="document.title=`broken`">';
    const hostile: TraceDetail = {
      ...ORDER,
      name: markup,
      spans: ORDER.spans.map((span) => ({
        ...span,
        name: markup,
        attributes: { ...span.attributes, [markup]: markup },
        status: { code: "error", message: markup },
      })),
    };
    const { page } = await open(`${ORDER_PATH}?row=${ORDER.spans[0]?.spanId}`, {
      answers: { [`/api/traces/${encodeURIComponent(ORDER.id)}`]: hostile },
    });
    await page.getByRole("complementary", { name: "Detail" }).waitFor();
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).toContain(markup);
  });

  test("of a hundred thousand spans only those in sight are in the document", async () => {
    const wide = wideTrace(100_000);
    const { page } = await open("/traces/wide", { answers: { "/api/traces/wide": wide, "/api/logs": { logs: [] } } });
    await page.getByRole("treegrid").getByRole("row").first().waitFor();
    const count = await page.getByRole("treegrid").getAttribute("aria-rowcount");
    expect(Number(count)).toBeGreaterThan(100_000);
    expect(await page.locator("*").count()).toBeLessThan(2_000);
    await page.getByRole("treegrid").evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await page.locator(`[aria-rowindex="${count}"]`).waitFor();
    expect(await page.locator("*").count()).toBeLessThan(2_000);
  });
});

describe.skipIf(hasNoBrowser)("at every width", () => {
  const open = useBrowser();

  for (const width of [1440, 768]) {
    for (const path of ["/", ORDER_PATH, `${ORDER_PATH}?tab=logs`, `${ORDER_PATH}?row=${ORDER.spans[0]?.spanId}`]) {
      test(`nothing sticks out at ${width} px on ${path.replace(ORDER_PATH, "/traces/…")}`, async () => {
        const { page } = await open(path, { width });
        await page.getByRole("row").first().waitFor();
        const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
        expect(scrollWidth).toBe(clientWidth);
      });
    }
  }
});
