/**
 * Whether one may look: nobody needs a key here, one is signed in with a key, or has to sign in first. Any answer of 401
 * says the last; a session that ends while a page is open is noticed by the page's next question.
 */
import type { Session } from "@mayfly/api";
import type { Client } from "../api/client.ts";
import { createStore, type Store } from "./store.ts";

export interface SessionState {
  /** Has to sign in first. */
  readonly isOut: boolean;
  readonly key?: Session["key"];
}

export interface SignIn extends Pick<Store<SessionState>, "get" | "subscribe"> {
  /** Resolves when signed in; rejects with an ApiError that says why not. */
  enter(key: string): Promise<void>;
  leave(): Promise<void>;
}

const UNKNOWN: SessionState = { isOut: false };

/** `onRefused` belongs to the client: it is called for every 401. */
export const createSignIn = (): {
  readonly onRefused: () => void;
  readonly using: (client: Pick<Client, "session" | "login" | "logout">) => SignIn;
} => {
  const store = createStore<SessionState>(UNKNOWN);
  const show = ({ needsKey, key }: Session): void =>
    store.set({ isOut: needsKey && key === undefined, ...(key && { key }) });
  return {
    onRefused: () => store.set({ isOut: true }),
    using: (client) => {
      // Its failure says no more than that of the page's own questions, which stand beside it.
      void client.session().then(show, () => {});
      return {
        get: store.get,
        subscribe: store.subscribe,
        enter: async (key) => show(await client.login(key)),
        async leave() {
          await client.logout();
          store.set({ isOut: true });
        },
      };
    },
  };
};
