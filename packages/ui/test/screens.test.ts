/** What a person sees, in a real Chromium, on the built pages. */
import type { TraceDetail } from "@mayfly/api";
import { describe, expect, test, vi } from "vitest";
import { hasNoBrowser, useBrowser } from "./browser.ts";
import { stats, traceStats } from "./fixtures/answers.ts";
import { summaries } from "./fixtures/list.ts";
import { AMBIGUOUS } from "./fixtures/ambiguous.ts";
import { ORDER, ORDER_LOGS } from "./fixtures/order.ts";
import { UNSENT } from "./fixtures/unsent.ts";
import { wideTrace } from "./fixtures/wide.ts";

const ORDER_PATH = `/traces/${encodeURIComponent(ORDER.id)}`;

const open = useBrowser();

describe.skipIf(hasNoBrowser)("the list of traces", () => {
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

  test("back from a trace one stands where one stood: the same row active, the same rows in sight", async () => {
    const { page } = await open("/", { expectsComplaints: true });
    const list = page.getByRole("grid");
    await page.getByRole("row").first().waitFor();
    await list.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    const deep = page.locator('.trace-row[aria-rowindex="60"]');
    await deep.waitFor();
    await deep.scrollIntoViewIfNeeded();
    const scrollTop = await list.evaluate((element) => element.scrollTop);
    await deep.locator(".number").first().click();
    await page.getByText("No trace has this id").waitFor();
    await page.goBack();
    await page.locator('.trace-row.active[aria-rowindex="60"]').waitFor();
    await expect.poll(() => list.evaluate((element) => element.scrollTop)).toBe(scrollTop);
    await page.keyboard.press("j");
    await page.locator('.trace-row.active[aria-rowindex="61"]').waitFor();
  });

  for (const width of [1440, 768]) {
    test(`functions stand by name as far as there is room, and are counted from there, at ${width} px`, async () => {
      const { page } = await open("/", { width });
      const cell = page.locator(".trace-row").first().locator(".functions");
      await cell.waitFor();
      const names = await cell.locator(".chip").allInnerTexts();
      const rest = (await cell.locator(".rest").allInnerTexts()).map(Number);
      expect(names.length).toBeGreaterThan(1);
      expect(names).toEqual(ORDER.functions.slice(0, names.length));
      expect(names.length + (rest[0] ?? 0)).toBe(ORDER.functions.length);
      for (const each of await page.locator(".functions, .functions .chip span").all()) {
        const [room, used] = await each.evaluate((element) => [element.clientWidth, element.scrollWidth]);
        expect(used).toBe(room);
      }
    });

    test(`the filters stand in one line, and the scale's words apart, at ${width} px`, async () => {
      const { page } = await open("/", { width });
      await page.getByRole("row").first().waitFor();
      const tops = await page
        .locator(".filters > :is(label, select, button, fieldset)")
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
      expect(new Set(tops).size).toBe(1);
      const words = await page
        .locator(".decades i:visible")
        .evaluateAll((all) =>
          all.map((one) => one.getBoundingClientRect()).map(({ left, right }) => ({ left, right })),
        );
      for (const [index, { left }] of words.entries()) {
        if (index > 0) expect(left - (words[index - 1]?.right ?? 0)).toBeGreaterThan(4);
      }
    });
  }

  test("above the list stands what all its traces have in common, and a bar of durations leads to its traces", async () => {
    const { page } = await open("/");
    const strip = page.getByRole("region", { name: "All traces of this filter" });
    await strip.getByText("241").waitFor();
    for (const name of ["failed", "p50", "p95", "p99"]) await strip.getByText(name, { exact: true }).waitFor();
    const bars = strip.getByRole("group", { name: "How long they took" }).getByRole("link");
    const label = await bars.first().getAttribute("aria-label");
    expect(label).toMatch(/^[\d.]+\sms to [\d.]+\sms: \d+ traces?/);
    await bars.first().click();
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toMatch(/^duration:[\d.]+ms\.\.[\d.]+ms$/);
    expect(await page.getByRole("combobox", { name: "Search traces" }).inputValue()).toContain("duration:");
  });

  test("nothing jumps when the numbers above the list come, and when they do not", async () => {
    const { page, site } = await open("/", { expectsComplaints: true, answers: { "/api/traces/stats": 500 } });
    const row = page.getByRole("row").first();
    await row.waitFor();
    const before = await row.boundingBox();
    site.answer({ "/api/traces/stats": traceStats(summaries(3, Date.now())) });
    await page.goto(site.origin);
    await page.getByText("p95").waitFor();
    expect((await row.boundingBox())?.y).toBe(before?.y);
  });

  test("a query becomes the page's once it is understood; until then its fault is marked where it is", async () => {
    const { page } = await open("/", { expectsComplaints: true });
    await page.getByRole("row").first().waitFor();
    const field = page.getByRole("combobox", { name: "Search traces" });
    await field.pressSequentially("status:failed");
    await page.getByRole("alert").filter({ hasText: "expected ok or error" }).waitFor();
    expect(await page.locator(".fault-mark u").innerText()).toBe("failed");
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    expect(new URL(page.url()).search).toBe("");
    expect(await page.locator(".trace-row").count()).toBeGreaterThan(0);
    await field.fill("refunds");
    await page.getByRole("alert").waitFor({ state: "detached" });
    await expect.poll(() => new URL(page.url()).search).toBe("?q=refunds");
    expect(await field.inputValue()).toBe("refunds");
  });

  test("an address with a faulty query says so, and marks it", async () => {
    const { page } = await open("/traces?q=status%3Afailed", { expectsComplaints: true });
    await page.getByText("The search is not understood").waitFor();
    expect(await page.locator(".fault-mark u").innerText()).toBe("failed");
  });

  test("what a query can say is shown by examples, one click each", async () => {
    const { page } = await open("/");
    await page.getByRole("row").first().waitFor();
    await page.locator("summary", { hasText: "?" }).click();
    await page.getByRole("button", { name: "order_id:o-17" }).click();
    expect(await page.getByRole("combobox", { name: "Search traces" }).inputValue()).toBe("order_id:o-17");
    await page.locator(".query-examples").waitFor({ state: "detached" });
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("order_id:o-17");
  });

  for (const width of [1440, 768]) {
    test(`the line under a fault stands under the letters it is about, at ${width} px`, async () => {
      const { page } = await open("/traces?q=status%3Afailed", { width, expectsComplaints: true });
      await page.locator(".fault-mark").waitFor();
      const [field, mark] = await page.locator(".search-bar > input, .fault-mark").evaluateAll((both) =>
        both.map((one) => {
          const { fontFamily, fontSize, fontVariantNumeric, letterSpacing, ...style } = getComputedStyle(one);
          const textLeft =
            one.getBoundingClientRect().left + parseFloat(style.paddingLeft) + parseFloat(style.borderLeftWidth);
          return { textLeft, fontFamily, fontSize, fontVariantNumeric, letterSpacing };
        }),
      );
      expect(mark).toEqual(field);
    });
  }

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
    await page.locator(".trace-row[role=row]").waitFor();
    await page.getByText("That is all of them.").waitFor();
  });

  test("while another filter is asked for, the rows of the last one stand, faint and without effect", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { page } = await open("/");
    await page.getByRole("row").first().waitFor();
    await page.route(/\/api\/traces\?.*status=error/, async (route) => {
      asked.resolve();
      await answer.promise;
      await route.continue();
    });
    await page.getByRole("button", { name: "Errors" }).click();
    await asked.promise;
    const loading = page.getByRole("status", { name: "Loading traces" });
    await loading.waitFor();
    expect(await loading.locator(".trace-row .name").first().innerText()).toBe("POST /orders");
    expect(await page.getByRole("row").count()).toBe(0);
    answer.resolve();
    await page.getByRole("row").first().waitFor();
    expect(await loading.count()).toBe(0);
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
    expect(await page.getByText(`examples/shop/dist/main.js --collector ${site.origin}`).count()).toBe(1);
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

  test("a search that fails is no search without a match", async () => {
    const { page, site } = await open("/traces?q=no-such-thing", { expectsComplaints: true });
    await page.getByText("No trace matches").waitFor();
    site.answer({ "/api/traces": 503 });
    await page.getByText("The traces cannot be shown").waitFor();
    expect(await page.getByText("No trace matches").count()).toBe(0);
  });

  test("a list that is shown still says when it can no longer be asked for, or what it lacks", async () => {
    const { page, site } = await open("/", { expectsComplaints: true });
    await page.getByRole("row").first().waitFor();
    site.answer({ "/api/traces": 503 });
    await page.getByText("This may be out of date: the test answers 503").waitFor();
    site.answer({ "/api/traces": { traces: [], spansBehind: 3, problem: "the disk is full" } });
    await page.getByText("3 stored spans are not in this list: the disk is full").waitFor();
  });

  test("while stored spans are in no row yet, no list is empty without a word, and a shown one says how many it lacks", async () => {
    const { page, site } = await open("/", { answers: { "/api/traces": { traces: [], spansBehind: 3 } } });
    await page.getByText("3 stored spans are not in this list yet").waitFor();
    await page.getByText("That is all of them so far.").waitFor();
    expect(await page.getByText("No traces yet").count()).toBe(0);
    const { page: filtered } = await open("/traces?q=no-such-thing", {
      answers: { "/api/traces": { traces: [], spansBehind: 1 } },
    });
    await filtered.getByText("1 stored span is not in this list yet").waitFor();
    expect(await filtered.getByText("No trace matches").count()).toBe(0);

    // Few are not worth a word beside rows.
    const traces = summaries(3, Date.now());
    site.answer({ "/api/traces": { traces, spansBehind: 480_000 } });
    await page.getByRole("row").filter({ hasText: traces[0]!.name }).first().waitFor();
    await page.getByText(/stored spans are not in this list yet/).waitFor();
    site.answer({ "/api/traces": { traces, spansBehind: 3 } });
    await page.getByText(/are not in this list/).waitFor({ state: "detached" });
    site.answer({ "/api/traces": { traces } });
    await page.getByText("That is all of them.").waitFor();
  });

  test("a transaction that was cut says that it has more spans than are counted", async () => {
    const [cut] = summaries(1, Date.now() - 9e6);
    const { page } = await open("/", {
      answers: { "/api/traces": { traces: [{ ...cut, spanCount: 1e5, truncated: true }] } },
    });
    await page.getByTitle(/there are more/).waitFor();
    expect(await page.getByTitle(/there are more/).innerText()).toMatch(/^100\sk\+$/);
  });

  test("the ledger turns amber and says what was lost", async () => {
    const { page } = await open("/", {
      answers: { "/api/stats": stats({ rejectedSpans: { "invalid-trace-id": 3 } }) },
    });
    const ledger = page.locator("footer.alarming");
    await ledger.waitFor();
    expect(await ledger.innerText()).toContain("3 lost");
  });

  test("the ledger says when the list is far behind what has arrived", async () => {
    const { page } = await open("/", { answers: { "/api/stats": stats({ spansBehind: 480_000 }) } });
    await page.getByTitle("480000 stored spans are not in the list of traces yet").waitFor();
  });

  test("nothing is asked of any other host", async () => {
    const { page, site, requests } = await open("/");
    await page.getByRole("row").first().click();
    await page.getByRole("treegrid").waitFor();
    expect(requests.filter((address) => !address.startsWith(site.origin))).toEqual([]);
  });
});

describe.skipIf(hasNoBrowser)("one trace", () => {
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

  test("the overview of a few rows has lines as thin as that of many", async () => {
    const strokeOf = async (spans: TraceDetail["spans"]): Promise<number> => {
      const { page } = await open(ORDER_PATH, {
        answers: { "/api/traces/*": { ...ORDER, spans, joins: [], gaps: [] } },
      });
      const [, , , height = 0] = ((await page.locator(".minimap svg").getAttribute("viewBox")) ?? "")
        .split(" ")
        .map(Number);
      return height;
    };
    expect(await strokeOf(ORDER.spans.slice(0, 1))).toBe(await strokeOf(ORDER.spans));
  });

  test("of a batch a transaction is one message, and the batch itself is all of them", async () => {
    const [join] = ORDER.joins;
    const spans = ORDER.spans.map((one) =>
      one.spanId === join?.to.spanId
        ? { ...one, attributes: { ...one.attributes, "messaging.batch.message_count": 3 } }
        : one,
    );
    const { page, site } = await open(ORDER_PATH, { answers: { "/api/traces/*": { ...ORDER, spans } } });
    await page.locator(".tag", { hasText: "1 of 3" }).waitFor();
    const alone = spans.filter(({ spanId }) => spanId === join?.to.spanId);
    site.answer({ "/api/traces/*": { ...ORDER, spans: alone, joins: [], gaps: [] } });
    await page.reload();
    await page.locator(".tag", { hasText: "batch of 3" }).waitFor();
  });

  test("what may have come from several names each of them, and leads to it", async () => {
    const { page } = await open("/traces/ambiguous", { answers: { "/api/traces/*": AMBIGUOUS } });
    const row = page.getByRole("row", { name: /which of them it was cannot be told/ });
    await row.click();
    const [refund] = AMBIGUOUS.gaps[0]?.candidates ?? [];
    const link = page.getByRole("complementary", { name: "Detail" }).getByRole("link", { name: "refund" });
    expect(await link.getAttribute("href")).toBe(`/traces/${refund?.traceId}?row=${refund?.spanId}`);
    await link.click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/traces/${refund?.traceId}`);
  });

  test("a function whose clock differs is drawn by the others', and says so", async () => {
    const behind = ORDER.spans.map((one) =>
      one.functionName === "notify"
        ? { ...one, startTimeUnixNano: String(BigInt(one.startTimeUnixNano) - 400_000_000n), clockOffsetNs: 4e8 }
        : one,
    );
    const { page } = await open(ORDER_PATH, { answers: { "/api/traces/*": { ...ORDER, spans: behind } } });
    const row = page.getByRole("row", { name: /notify/ });
    await row.getByText(/clock \+400/).waitFor();
    await row.click();
    await page.getByText(/Its clock is 400\sms behind the others'/).waitFor();
    expect(await page.getByText(/\+1.65\ss/).count()).toBeGreaterThan(0);
  });

  test("a wait in a queue says what it adds to the duration", async () => {
    const { page } = await open(ORDER_PATH);
    await page
      .getByRole("row", { name: /joined by SQS message id/ })
      .first()
      .click();
    const detail = page.getByRole("complementary", { name: "Detail" });
    await detail.waitFor();
    expect((await detail.innerText()).replaceAll("\u00a0", " ")).toMatch(/critical path\s+380 ms 21 % of the trace/);
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
    const sender = detail.getByRole("button", { name: "api SQS SendMessage orders" }).first();
    expect(await sender.getAttribute("title")).toBe(
      ORDER.joins[0] && "spanId" in ORDER.joins[0].from && ORDER.joins[0].from.spanId,
    );
    await sender.click();
    await detail.getByText("Attributes").waitFor();
  });

  test("a message that an invocation and its record tell of is one hop, with one proof", async () => {
    const [first] = ORDER.joins;
    const joins = ORDER.joins.map((join) => (join.key?.id === first?.key?.id ? { ...first, to: join.to } : join));
    const { page } = await open(ORDER_PATH, { answers: { "/api/traces/*": { ...ORDER, joins } } });
    await page
      .getByText(/joined by SQS message id/)
      .first()
      .click();
    const facts = page.getByRole("complementary", { name: "Detail" }).locator(".join-facts").first();
    expect(await facts.innerText()).toMatch(/received by\s+payment process orders\s+payment process order within it/);
    expect(await facts.getByRole("button", { name: /^payment process order/ }).count()).toBe(2);
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

  test("what was found is marked, rows that only lead there step back, and nothing found is folded away", async () => {
    const { page } = await open(`${ORDER_PATH}?folded=${ORDER.spans[0]?.spanId}&find=dhl`, {
      answers: { "/api/logs": { logs: [] } },
    });
    const rows = page.getByRole("treegrid").getByRole("row");
    const hit = rows.filter({ hasText: "carrier" });
    await hit.waitFor();
    expect(await page.locator("mark").allInnerTexts()).toEqual(["dhl"]);
    expect(await hit.locator(".where").getAttribute("title")).toBe("carrier: dhl");
    expect(await page.locator(".timeline-row:not(.passed-by)").count()).toBe(1);
    expect(await rows.evaluateAll((all) => all.filter((row) => row.ariaExpanded === "false").length)).toBe(0);
    expect(await hit.evaluate((row) => row.ariaExpanded)).toBe(null);
  });

  test("what a log line says is found too, and the row says that it is there", async () => {
    const texts = ORDER_LOGS.flatMap(({ body }) => (typeof body === "string" ? [body] : []));
    const { page } = await open(`${ORDER_PATH}?find=${encodeURIComponent(texts[0] ?? "")}`);
    await page.locator(".timeline-row:not(.passed-by) .where", { hasText: "log" }).first().waitFor();
  });

  test("what begins the words of a gap is not cut off while its advice has room", async () => {
    const { page } = await open(ORDER_PATH);
    const [name, advice] = [".missing .name", ".missing .advice"].map((one) => page.locator(one).first());
    await vi.waitFor(() => name?.scrollIntoViewIfNeeded());
    expect(await advice?.evaluate((element) => element.clientWidth)).toBeGreaterThan(0);
    expect(await name?.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  });

  test("an id that nothing has says so", async () => {
    const { page } = await open("/traces/nothing", { expectsComplaints: true });
    await page.getByText("No trace has this id").waitFor();
    expect(await page.title()).toBe("No such trace · Mayfly");
  });

  for (const width of [1440, 768]) {
    test(`what is missing stands inside of its row, and is whole in the detail, at ${width} px`, async () => {
      const [gap] = ORDER.gaps;
      const { page } = await open(`${ORDER_PATH}?row=gap-${gap?.at.spanId}`, { width });
      const row = page.locator(".timeline-row.gap");
      await vi.waitFor(() => row.scrollIntoViewIfNeeded()); // the list may draw its rows anew meanwhile
      // In one look: between two the list may scroll on.
      const [above, below] = await row.evaluate((element) => {
        const outer = element.getBoundingClientRect();
        const inner = element.querySelector(".missing")?.getBoundingClientRect() ?? outer;
        return [inner.top - outer.top, outer.bottom - inner.bottom] as const;
      });
      expect(above).toBeGreaterThan(0);
      expect(Math.abs(above - below)).toBeLessThanOrEqual(1);
      const detail = page.getByRole("complementary", { name: "Detail" });
      for (const words of [gap?.message ?? "", gap?.advice ?? ""]) {
        const { scrollWidth, clientWidth } = await detail
          .getByText(words, { exact: true })
          .evaluate((element) => ({ scrollWidth: element.scrollWidth, clientWidth: element.clientWidth }));
        expect(scrollWidth).toBe(clientWidth);
      }
    });
  }

  test("an id that names several transactions of one W3C trace tells them apart, a handful of many", async () => {
    const alternatives = Array.from({ length: 9 }, (_, index) => `${ORDER.traceIds[0]}.${index}00000000000000f`);
    const path = `/api/traces/${encodeURIComponent(ORDER.id)}`;
    const { page } = await open(ORDER_PATH, { answers: { [path]: { ...ORDER, alternatives } } });
    const note = page.locator(".note").filter({ hasText: "The same id also names" });
    await note.waitFor();
    const links = await note.getByRole("link").allInnerTexts();
    expect(links.length).toBeLessThan(9);
    expect(new Set(links).size).toBe(links.length);
    expect(await note.innerText()).toContain(`and ${9 - links.length} more`);
  });

  test("a span that was cut off by the timeout says so in its row, the first lines and its detail", async () => {
    const [root, ...others] = ORDER.spans;
    const hung = { ...root!, attributes: { ...root!.attributes, "mayfly.unfinished": true } };
    const quiet = others.map((span) => ({ ...span, status: { code: "unset" as const } }));
    const path = `/api/traces/${encodeURIComponent(ORDER.id)}`;
    const { page } = await open(`${ORDER_PATH}?row=${hung.spanId}`, {
      answers: { [path]: { ...ORDER, spans: [hung, ...quiet] } },
    });
    const words = "not finished: the function's timeout was near";
    await page.locator(".headline").getByRole("button", { name: words }).waitFor();
    expect(await page.locator(".timeline-row.failed").innerText()).toContain(words);
    expect(await page.locator(".detail .error-text").innerText()).toBe(words);
  });

  test("a span that was imported while it ran says so, and is no failure", async () => {
    const [root] = ORDER.spans;
    const running = { ...root!, status: { code: "unset" as const }, attributes: { "mayfly.in_progress": true } };
    const path = `/api/traces/${encodeURIComponent(ORDER.id)}`;
    const { page } = await open(ORDER_PATH, {
      answers: { [path]: { ...ORDER, spans: [running], joins: [], gaps: [] } },
    });
    await page.locator(".timeline-row.span", { hasText: "still running" }).waitFor();
    expect(await page.locator(".timeline-row.failed").count()).toBe(0);
  });

  test("a record of Lambda's own is called by its type among the log lines, a line of text is not", async () => {
    const [line] = ORDER_LOGS;
    const report = { ...line!, eventName: "platform.report", body: { status: "success" } };
    const text = { ...line!, eventName: "platform.start", body: "START RequestId: 1" };
    const { page } = await open(`${ORDER_PATH}?tab=logs`, { answers: { "/api/logs": { logs: [report, text] } } });
    await page.getByText("platform.report").waitFor();
    expect(await page.locator(".log-line .body").allInnerTexts()).toEqual([
      expect.stringContaining('platform.report {"status":"success"}'),
      expect.not.stringContaining("platform.start"),
    ]);
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

  test("a message with ten thousand receivers names the first of them, and how many more there are", async () => {
    const [root, ...others] = wideTrace(10_000).spans;
    const join = ORDER.joins.find(({ key }) => key?.kind === "sqs-message");
    const joins = others.map((one) => ({
      ...join!,
      from: { ...root! },
      to: { traceId: one.traceId, spanId: one.spanId },
    }));
    const spans = [root!, ...others.map(({ parentSpanId: _parent, ...one }) => ({ ...one, requestId: one.spanId }))];
    const wide = { ...wideTrace(1), spans, joins, spanCount: spans.length };
    const { page } = await open("/traces/wide", { answers: { "/api/traces/wide": wide, "/api/logs": { logs: [] } } });
    await page.locator(".timeline-row.join").first().click();
    const detail = page.getByRole("complementary", { name: "Detail" });
    await detail.getByText("and 9,949 more").waitFor();
    expect(await detail.getByRole("button").count()).toBeLessThan(100);
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

describe.skipIf(hasNoBrowser)("a trace that comes in pages", () => {
  test("is drawn whole: joins of every page, and the critical path that only the first one tells", async () => {
    const { criticalPath, joins, spans, ...head } = ORDER;
    const [first, second] = [spans.slice(0, 4), spans.slice(4)];
    const leadingTo = (some: typeof spans) => joins.filter(({ to }) => some.some(({ spanId }) => spanId === to.spanId));
    const pages: Record<string, object> = {
      first: { ...head, criticalPath, spans: first, joins: leadingTo(first), truncated: true, cursor: "4" },
      4: { ...head, spans: second, joins: leadingTo(second) },
    };
    const answers = { "/api/traces/*": (url: URL) => pages[url.searchParams.get("cursor") ?? "first"] ?? 404 };
    const { page } = await open(ORDER_PATH, { answers });
    const whole = await open(ORDER_PATH);
    const seen = async (of: typeof page) => {
      await of.getByRole("checkbox", { name: "critical path" }).waitFor();
      await of
        .getByRole("row", { name: /notify/ })
        .first()
        .waitFor();
      return of.getByRole("treegrid").innerText();
    };
    expect(await seen(page)).toBe(await seen(whole.page));
  });
});

describe.skipIf(hasNoBrowser)("an invocation without spans", () => {
  const answers = { "/api/traces/*": UNSENT, "/api/logs": { logs: [] } };

  test("is drawn as one that nobody sent, with why, how it ended and what Lambda says of it", async () => {
    const { page } = await open(`/traces/${encodeURIComponent(UNSENT.id)}`, { answers });
    const row = page.locator(".timeline-row.unsent");
    await row.waitFor();
    expect(await row.innerText()).toContain("no spans sent");
    expect(await row.locator(".bar").evaluate((bar) => getComputedStyle(bar).borderStyle)).toBe("dashed");
    await row.click();
    const detail = page.locator("aside.detail");
    await detail.getByText("charge sent no span of this invocation", { exact: false }).waitFor();
    await detail.getByText("killed, out of memory: 128 of 128 MB, 100 %").waitFor();
    expect(await detail.locator(".platform").innerText()).toContain("Runtime.OutOfMemory");
  });

  test("stands beside one that has spans and what Lambda says of it too", async () => {
    const { page } = await open(`/traces/${encodeURIComponent(UNSENT.id)}`, { answers });
    const row = page.locator(".timeline-row.invocation", { hasText: "POST /orders" });
    await row.click();
    const facts = page.locator("aside.detail .platform");
    await facts.waitFor();
    expect((await facts.innerText()).replaceAll("\u00a0", " ")).toMatch(
      /91 of 256 MB, 36 %[^]*billed[^]*1\.13 s[^]*init[^]*305 ms/,
    );
    expect(await page.locator(".timeline-row.unsent").count()).toBe(1);
    await page.locator(".tag.cold", { hasText: "305" }).waitFor();
  });
});

describe.skipIf(hasNoBrowser)("at every width", () => {
  test.each(["/", ORDER_PATH, "/traces?q=no-such-thing"])(
    "the page is no wider than a narrow window, on %s",
    async (path) => {
      const { page } = await open(path, { width: 420 });
      await page.locator(".headline, .trace-list, .notice").first().waitFor();
      const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
      expect(scrollWidth).toBe(clientWidth);
    },
  );

  for (const width of [1440, 768]) {
    for (const path of ["/", ORDER_PATH, `${ORDER_PATH}?tab=logs`, `${ORDER_PATH}?row=${ORDER.spans[0]?.spanId}`]) {
      test(`nothing sticks out at ${width} px on ${path.replace(ORDER_PATH, "/traces/…")}`, async () => {
        const { page } = await open(path, { width });
        await page.getByRole("row").first().waitFor();
        const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
        expect(scrollWidth).toBe(clientWidth);
      });
    }

    test(`a cold start says how long it was, whole, at ${width} px`, async () => {
      const { page } = await open(ORDER_PATH, { width });
      const tag = page.locator(".tag.cold").first();
      await tag.waitFor();
      expect(await tag.innerText()).toMatch(width > 1000 ? /^❄ cold [\d.]+\sms$/ : /^❄ [\d.]+\sms$/);
      const [end, room] = await tag.evaluate((one) =>
        [one, one.closest(".words")].map((element) => element?.getBoundingClientRect().right ?? 0),
      );
      expect(end).toBeLessThanOrEqual(room ?? 0);
    });

    test(`an empty collector's ways and their copy buttons are in sight at ${width} px`, async () => {
      const { page } = await open("/", { width, answers: { "/api/traces": { traces: [] } } });
      const copy = page.locator(".snippet .copy");
      await copy.first().waitFor();
      for (const button of await copy.all()) {
        const box = await button.boundingBox();
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThan(width);
      }
      const pres = await page
        .locator(".snippet pre")
        .evaluateAll((all) => all.map((one) => one.scrollWidth - one.clientWidth));
      expect(pres).toEqual(pres.map(() => 0));
    });

    test(`in a low window the ways scroll between the header and the ledger, at ${width} px`, async () => {
      const { page } = await open("/", { width, height: 480, answers: { "/api/traces": { traces: [] } } });
      await page.locator(".ways").waitFor();
      const { scrollHeight, clientHeight } = await page.evaluate(() => document.documentElement);
      expect(scrollHeight).toBe(clientHeight);
      const last = page.locator(".snippet").last();
      await last.scrollIntoViewIfNeeded();
      const [box, ledger] = [await last.boundingBox(), await page.locator("footer").boundingBox()];
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(ledger?.y ?? 0);
    });

    test(`rows reach the right edge, or the scroll bar, and their head is as wide, at ${width} px`, async () => {
      for (const [path, head, row] of [
        [ORDER_PATH, ".timeline-axis .ruler", ".timeline-row .track"],
        ["/", ".list-head > :nth-child(5)", ".trace-row .functions"],
      ] as const) {
        const { page } = await open(path, { width });
        await page.locator(row).first().waitFor();
        const list = await page.locator(".virtual-list").evaluate((one) => one.clientWidth);
        expect(await page.locator(".virtual-rows").evaluate((one) => one.getBoundingClientRect().width)).toBe(list);
        if (path === ORDER_PATH) expect(list).toBe(width);
        const [above, below] = [await page.locator(head).boundingBox(), await page.locator(row).first().boundingBox()];
        expect([above?.x, above?.width]).toEqual([below?.x, below?.width]);
      }
    });

    test(`what one takes away from a young trace stays together at ${width} px`, async () => {
      const path = `/api/traces/${encodeURIComponent(ORDER.id)}`;
      const { page } = await open(ORDER_PATH, { width, answers: { [path]: { ...ORDER, settled: false } } });
      await page.getByText("late data may still come").waitFor();
      const otlp = await page.getByRole("link", { name: "OTLP" }).boundingBox();
      const copy = await page.getByRole("button", { name: "Copy id of the trace" }).boundingBox();
      expect(Math.abs((otlp?.y ?? 0) - (copy?.y ?? 99))).toBeLessThan(6);
      expect((otlp?.x ?? 0) + (otlp?.width ?? 0)).toBeGreaterThan(width - 20);
    });
  }
});
