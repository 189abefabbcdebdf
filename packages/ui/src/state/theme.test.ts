import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTheme, nextTheme } from "./theme.ts";

const createPage = (dataset: Record<string, string> = {}) => {
  const stored = new Map<string, string>();
  const storage = {
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  return { theme: createTheme({ dataset }, storage), dataset, stored };
};

test("the theme goes round: as the system says, light, dark", () => {
  expect((["system", "light", "dark"] as const).map(nextTheme)).toEqual(["light", "dark", "system"]);
});

test("the page begins with what its first paint chose", () => {
  expect(createPage({ theme: "dark" }).theme.get()).toBe("dark");
  expect(createPage().theme.get()).toBe("system");
  expect(createPage({ theme: "sepia" }).theme.get()).toBe("system");
});

test("a choice is shown, kept and told", () => {
  const { theme, dataset, stored } = createPage();
  const told: string[] = [];
  theme.subscribe(() => told.push(theme.get()));

  theme.set("dark");

  expect([dataset["theme"], [...stored.values()], told]).toEqual(["dark", ["dark"], ["dark"]]);
});

test("back to the system's choice leaves nothing behind", () => {
  const { theme, dataset, stored } = createPage({ theme: "light" });

  theme.set("light");
  theme.set("system");

  expect(dataset).toEqual({});
  expect(stored.size).toBe(0);
  expect(theme.get()).toBe("system");
});

test("the script of the first paint reads the key that is written here", () => {
  const { theme, stored } = createPage();

  theme.set("dark");

  const script = readFileSync(join(import.meta.dirname, "../../public/first-paint.js"), "utf8");
  expect(script).toContain(`"${[...stored.keys()][0]}"`);
});
