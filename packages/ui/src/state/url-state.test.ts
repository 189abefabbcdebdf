import { expect, test, vi } from "vitest";
import { type Browser, createUrlState } from "./url-state.ts";

/** A window with one tab's history. Links are clicked by `click(href)`. */
const createBrowser = (start: string) => {
  const origin = "http://localhost";
  const entries = [{ url: new URL(start, origin), state: null as unknown }];
  const events = new EventTarget();
  const document = new EventTarget();
  let at = 0;
  const now = () => entries[at]!;
  const browser: Browser = {
    location: {
      origin,
      get pathname() {
        return now().url.pathname;
      },
      get search() {
        return now().url.search;
      },
    },
    history: {
      get state(): unknown {
        return now().state;
      },
      pushState: (state, _title, to) => {
        entries.splice(at + 1, Infinity, { url: new URL(to ?? "", now().url), state });
        at += 1;
      },
      replaceState: (state, _title, to) => {
        entries[at] = { url: new URL(to ?? "", now().url), state };
      },
      back: () => {
        at = Math.max(0, at - 1);
        events.dispatchEvent(new Event("popstate"));
      },
    },
    document,
    addEventListener: (type, listener) => events.addEventListener(type, listener),
    removeEventListener: (type, listener) => events.removeEventListener(type, listener),
  };
  /** True where the page took the click over from the browser. */
  const click = (href: string, more: { readonly target?: string; readonly keys?: object } = {}): boolean => {
    const link = new FakeElement(Object.assign(new URL(href, origin), { target: more.target ?? "" }));
    const event = Object.assign(new Event("click", { cancelable: true }), { button: 0, ...more.keys });
    Object.defineProperty(event, "target", { value: link });
    document.dispatchEvent(event);
    return event.defaultPrevented;
  };
  return { browser, click, steps: () => entries.length };
};

class FakeElement {
  readonly link: object;
  constructor(link: object) {
    this.link = link;
  }
  closest(): object {
    return this.link;
  }
}
vi.stubGlobal("Element", FakeElement);

const opened = (start: string) => {
  const { browser, ...rest } = createBrowser(start);
  const url = createUrlState(browser);
  return { url, ...rest, address: () => url.get().path + url.get().search };
};

test("the address is the state from the first moment", () => {
  expect(opened("/traces/t?tab=logs").url.get()).toEqual({ path: "/traces/t", search: "?tab=logs" });
});

test("a step is undone by Back, a refinement is part of its step", () => {
  const { url, address, steps } = opened("/traces");

  url.go("/traces/t");
  url.replace("/traces/t?find=a");
  url.replace("/traces/t?find=ab");
  expect([address(), steps()]).toEqual(["/traces/t?find=ab", 2]);

  url.back("/");
  expect(address()).toBe("/traces");
});

test("a step to where one stands is none, so that Back always leads somewhere else", () => {
  const { url, address, steps } = opened("/traces?q=a");

  url.go("/traces?q=a");
  expect(steps()).toBe(1);

  url.go("/traces/t");
  url.go("/traces/t");
  url.back("/");
  expect(address()).toBe("/traces?q=a");
});

test("Back on a page that was opened from outside goes to the page that makes sense", () => {
  const { url, address } = opened("/traces/t");

  url.back("/traces");

  expect(address()).toBe("/traces");
});

test("those who watch hear of every change once, and of nothing else", () => {
  const { url } = opened("/traces");
  const heard: string[] = [];
  url.subscribe(() => heard.push(url.get().path + url.get().search));

  url.go("/traces/t");
  url.replace("/traces/t");
  url.replace("/traces/t?row=a");
  url.back("/");

  expect(heard).toEqual(["/traces/t", "/traces/t?row=a", "/traces"]);
});

test("a plain click on a link of ours is a step", () => {
  const { click, address, steps } = opened("/traces");

  expect(click("/traces/t?tab=logs")).toBe(true);
  expect([address(), steps()]).toEqual(["/traces/t?tab=logs", 2]);
});

test.each([
  ["to another site", "https://example.com/traces", {}],
  ["to the API", "/api/traces/t?format=otlp", {}],
  ["to a new tab", "/traces/t", { target: "_blank" }],
  ["with ctrl", "/traces/t", { keys: { ctrlKey: true } }],
  ["with shift", "/traces/t", { keys: { shiftKey: true } }],
  ["with the middle button", "/traces/t", { keys: { button: 1 } }],
])("a click %s is the browser's", (_, href, more) => {
  const { click, address } = opened("/traces");

  expect(click(href, more)).toBe(false);
  expect(address()).toBe("/traces");
});

test("closed twice, it listens to nothing any more", () => {
  const { url, click } = opened("/traces");

  url.close();
  url.close();

  expect(click("/traces/t")).toBe(false);
});

test("a page finds the place it kept when one comes back, and on no other step", () => {
  const { browser } = createBrowser("/traces");
  const url = createUrlState(browser);
  const stop = url.keepPlace(() => ({ row: 7 }));
  url.go("/traces/a");
  stop();
  expect(url.keptPlace()).toBeUndefined();
  url.go("/traces/b");
  url.back("/");
  expect(url.keptPlace()).toBeUndefined();
  url.back("/");
  expect(url.keptPlace()).toEqual({ row: 7 });
  url.replace("/traces?q=x");
  expect(url.keptPlace()).toBeUndefined();
});
