/**
 * What you look at lives in the URL: the address is the state, and this is its only writer.
 *
 * `go` makes a step that Back undoes; `replace` refines the present one (typing in a filter, folding a row). Links stay
 * real links: a plain click on one of ours becomes `go`, every other kind of click is the browser's.
 *
 * Own code because it is this file: routers bring components, matching and loaders, of which one path pattern is used.
 */
import { createStore, useStore } from "./store.ts";

export interface Address {
  readonly path: string;
  readonly search: string;
}

/** What of `window` is used. */
export interface Browser {
  readonly location: Pick<Location, "origin" | "pathname" | "search">;
  readonly history: Pick<History, "state" | "pushState" | "replaceState" | "back">;
  readonly document: Pick<Document, "addEventListener" | "removeEventListener">;
  addEventListener(type: "popstate", listener: () => void): void;
  removeEventListener(type: "popstate", listener: () => void): void;
}

export interface UrlState {
  readonly get: () => Address;
  readonly subscribe: (listener: () => void) => () => void;
  go(to: string): void;
  replace(to: string): void;
  /** Back where we came from inside the app, else to a page that makes sense. */
  back(otherwise: string): void;
  /** What this page wants to find again when one comes back to it, asked for before a step leads away. */
  keepPlace(place: () => object): () => void;
  /** The place that was kept here, when one came back; undefined on a new step. */
  keptPlace(): unknown;
  close(): void;
}

export const createUrlState = (browser: Browser): UrlState => {
  const read = (): Address => ({ path: browser.location.pathname, search: browser.location.search });
  const store = createStore(read());
  const update = (): void => {
    const next = read();
    const now = store.get();
    if (next.path !== now.path || next.search !== now.search) store.set(next);
  };
  let keeper: (() => object) | undefined;
  const go = (to: string): void => {
    const { path, search } = read();
    if (to === path + search) return; // a step to where one stands would be a Back that does nothing
    const place = keeper?.();
    if (place) browser.history.replaceState({ ...stateOf(browser), place }, "", path + search);
    browser.history.pushState({ steps: stepsInside(browser) + 1 }, "", to);
    update();
  };
  const onClick = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || !isPlainClick(event) || !isOurs(link, browser.location)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  };
  browser.addEventListener("popstate", update);
  browser.document.addEventListener("click", onClick);
  return {
    get: store.get,
    subscribe: store.subscribe,
    go,
    replace(to) {
      const { place: _elsewhere, ...state } = stateOf(browser);
      browser.history.replaceState(state, "", to);
      update();
    },
    keepPlace(place) {
      keeper = place;
      return () => {
        if (keeper === place) keeper = undefined;
      };
    },
    keptPlace: () => stateOf(browser).place,
    back: (otherwise) => (stepsInside(browser) > 0 ? browser.history.back() : go(otherwise)),
    close() {
      browser.removeEventListener("popstate", update);
      browser.document.removeEventListener("click", onClick);
    },
  };
};

const stateOf = ({ history }: Browser): { readonly steps?: number; readonly place?: unknown } => history.state ?? {};

const stepsInside = (browser: Browser): number => stateOf(browser).steps ?? 0;

const isPlainClick = (event: MouseEvent): boolean =>
  event.button === 0 && !event.defaultPrevented && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

const isOurs = (link: HTMLAnchorElement, location: Browser["location"]): boolean =>
  link.origin === location.origin && link.target === "" && !link.pathname.startsWith("/api/");

export const useAddress = (url: UrlState): Address => useStore(url);
