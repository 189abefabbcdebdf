/** Light, dark, or as the system says. Kept in this browser; public/first-paint.js reads the same key before us. */
import { type Store, createStore } from "./store.ts";

export type Theme = "system" | "light" | "dark";

const KEY = "mayfly.theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

export const nextTheme = (theme: Theme): Theme => ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "system";

export const createTheme = (
  root: Pick<HTMLElement, "dataset">,
  storage: Pick<Storage, "setItem" | "removeItem">,
): Store<Theme> => {
  const given = root.dataset["theme"];
  const store = createStore<Theme>(given === "light" || given === "dark" ? given : "system");
  return {
    ...store,
    set(theme) {
      if (theme === "system") delete root.dataset["theme"];
      else root.dataset["theme"] = theme;
      if (theme === "system") storage.removeItem(KEY);
      else storage.setItem(KEY, theme);
      store.set(theme);
    },
  };
};
