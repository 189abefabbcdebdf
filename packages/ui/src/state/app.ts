/** What every page needs, handed down once. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Client } from "../api/client.ts";
import type { Keyboard } from "./keyboard.ts";
import type { SignIn } from "./sign-in.ts";
import type { Store } from "./store.ts";
import type { Theme } from "./theme.ts";
import type { UrlState } from "./url-state.ts";

export interface App {
  readonly client: Client;
  readonly signIn: SignIn;
  readonly url: UrlState;
  readonly keyboard: Keyboard;
  readonly theme: Store<Theme>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export const AppContext = createContext<App | undefined>(undefined);

export const useApp = (): App => {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error("a page was drawn outside of the app");
  return app;
};
