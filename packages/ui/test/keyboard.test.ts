/** Everything can be done without a mouse. */
import { describe, expect, test } from "vitest";
import { hasNoBrowser, useBrowser } from "./browser.ts";
import { stats } from "./fixtures/answers.ts";
import { ORDER } from "./fixtures/order.ts";

const ORDER_PATH = `/traces/${encodeURIComponent(ORDER.id)}`;

describe.skipIf(hasNoBrowser)("keys", () => {
  const open = useBrowser();

  test("j, enter and esc walk the list, open a trace and come back", async () => {
    const { page } = await open("/");
    await page.getByRole("row").first().waitFor();
    await page.keyboard.press("j");
    expect(await page.getByRole("grid").getAttribute("aria-activedescendant")).toBe("trace-0");
    await page.keyboard.press("Enter");
    await page.getByRole("treegrid").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("grid").waitFor();
  });

  test("/ goes to the search, and there letters are letters", async () => {
    const { page } = await open("/");
    await page.getByRole("row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("jk?");
    const field = page.getByRole("combobox", { name: "Search traces" });
    expect(await field.inputValue()).toBe("jk?");
    await page.keyboard.press("Escape");
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(false);
  });

  test("a query is completed with arrows, tab and enter; esc closes what is suggested, then leaves", async () => {
    const { page } = await open("/");
    await page.getByRole("row").first().waitFor();
    const field = page.getByRole("combobox", { name: "Search traces" });
    const list = page.getByRole("listbox", { name: "Suggestions" });
    await page.keyboard.press("/");
    await page.keyboard.type("fu");
    await list.waitFor();
    await page.keyboard.press("Tab");
    expect(await field.inputValue()).toBe("function:");
    await list.getByRole("option", { name: "payment" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await list.locator("[aria-selected=true]", { hasText: "charge" }).waitFor();
    expect(await field.getAttribute("aria-activedescendant")).toBe(
      await list.locator("[aria-selected=true]").getAttribute("id"),
    );
    await page.keyboard.press("Enter");
    expect(await field.inputValue()).toBe("function:charge ");
    await page.keyboard.type("st");
    await list.getByRole("option", { name: "status" }).waitFor();
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "detached" });
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("Escape");
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(false);
  });

  test("in a trace j and k walk rows, enter opens the detail, which then follows, and esc closes it", async () => {
    const { page } = await open(ORDER_PATH);
    const grid = page.getByRole("treegrid");
    const detail = page.getByRole("complementary", { name: "Detail" });
    await grid.getByRole("row").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await detail.waitFor();
    const first = await detail.getByRole("heading", { level: 2 }).innerText();
    await page.keyboard.press("j");
    await expect.poll(() => detail.getByRole("heading", { level: 2 }).innerText()).not.toBe(first);
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });
  });

  test("esc leaves the field that finds, and only the next esc the trace", async () => {
    const { page } = await open(ORDER_PATH);
    const field = page.getByRole("searchbox", { name: "Find in trace" });
    await page.getByRole("treegrid").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("charge");
    await page.keyboard.press("Escape");
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(false);
    expect(new URL(page.url()).pathname).toBe(ORDER_PATH);
    await page.keyboard.press("Escape");
    await page.getByRole("grid").waitFor();
  });

  test("enter in the field that finds goes from hit to hit, shift-enter back, and the active row follows", async () => {
    const { page } = await open(ORDER_PATH);
    const grid = page.getByRole("treegrid");
    const active = () => grid.getAttribute("aria-activedescendant");
    const found = page.getByRole("status").filter({ hasText: /^\d/ });
    await grid.getByRole("row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("/v1/charges");
    await expect.poll(() => found.innerText()).toBe("2");
    await page.keyboard.press("Enter");
    await expect.poll(() => found.innerText()).toBe("1 of 2");
    const first = await active();
    await page.keyboard.press("Enter");
    await expect.poll(() => found.innerText()).toBe("2 of 2");
    expect(await active()).not.toBe(first);
    await page.keyboard.press("Shift+Enter");
    await expect.poll(active).toBe(first);
    await page.keyboard.press("Shift+Enter");
    await expect.poll(() => found.innerText()).toBe("2 of 2");
    expect(await page.getByRole("searchbox").evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await page.getByRole("complementary").count()).toBe(0);
  });

  test("c hides the critical path and shows it again, and the address says so", async () => {
    const { page } = await open(ORDER_PATH);
    const box = page.getByRole("checkbox", { name: "critical path" });
    await page.locator(".on-path").first().waitFor();
    expect(await box.isChecked()).toBe(true);
    await page.keyboard.press("c");
    await page.locator(".on-path").first().waitFor({ state: "detached" });
    expect([await box.isChecked(), new URL(page.url()).searchParams.get("path")]).toEqual([false, "off"]);
    await box.click();
    await page.locator(".on-path").first().waitFor();
    expect(new URL(page.url()).search).toBe("");
  });

  test("[ folds and ] unfolds", async () => {
    const { page } = await open(ORDER_PATH);
    const rows = page.getByRole("treegrid").getByRole("row");
    await rows.first().waitFor();
    const all = await rows.count();
    await page.keyboard.press("j");
    await page.keyboard.press("[");
    await expect.poll(() => rows.count()).toBeLessThan(all);
    await page.keyboard.press("]");
    await expect.poll(() => rows.count()).toBe(all);
  });

  test("g t goes to the traces, ? shows the keys and esc hides them", async () => {
    const { page } = await open(ORDER_PATH);
    await page.getByRole("treegrid").waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.getByRole("grid").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    for (const key of ["↓", "↑", "←", "→"]) await page.getByRole("dialog").getByText(key, { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
  });

  test("what was lost opens from the ledger, and closes on esc and on another page", async () => {
    const { page } = await open(ORDER_PATH, { answers: { "/api/stats": stats({ droppedSpans: { full: 2 } }) } });
    const reasons = page.locator(".losses dl");
    await page.getByText("2 lost").click();
    await reasons.waitFor();
    await page.keyboard.press("Escape");
    await reasons.waitFor({ state: "detached" });
    expect(new URL(page.url()).pathname).toBe(ORDER_PATH);
    await page.getByText("2 lost").click();
    await reasons.waitFor();
    await page.getByRole("link", { name: "Traces", exact: true }).click();
    await page.getByRole("grid").waitFor();
    await reasons.waitFor({ state: "detached" });
  });

  test("tab reaches every control, and what has the focus shows it", async () => {
    const { page } = await open("/");
    await page.getByRole("row").first().waitFor();
    const reached = new Set<string>();
    for (let step = 0; step < 14; step += 1) {
      await page.keyboard.press("Tab");
      const { name, outline } = await page.evaluate(() => {
        const element = document.activeElement;
        const label = element?.getAttribute("aria-label") ?? element?.textContent ?? "";
        return { name: `${element?.tagName} ${label}`, outline: element ? getComputedStyle(element).outlineStyle : "" };
      });
      if (name.startsWith("BODY")) break;
      expect(`${name}: ${outline}`).not.toMatch(/: none$/);
      reached.add(name.split(" ")[0] ?? "");
    }
    expect([...reached].toSorted()).toEqual(["A", "BUTTON", "DIV", "INPUT", "SELECT", "SUMMARY"]);
  });
});
