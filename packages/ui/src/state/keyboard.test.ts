import { expect, test, vi } from "vitest";
import { createKeyboard } from "./keyboard.ts";

/** An element that matches one selector and stands in another, if any. */
class FakeElement {
  readonly is: string;
  readonly within: string | undefined;
  constructor(is: string, within?: string) {
    this.is = is;
    this.within = within;
  }
  closest(selector: string): FakeElement | null {
    return selector === this.within ? this : null;
  }
  matches(selectors: string): boolean {
    return selectors.split(", ").includes(this.is);
  }
}
vi.stubGlobal("Element", FakeElement);

const FIELD = new FakeElement("textarea");
const BUTTON = new FakeElement("button");

interface Pressed {
  readonly on?: FakeElement;
  readonly afterMs?: number;
  readonly held?: object;
}

const createPage = () => {
  const page = new EventTarget();
  const done: string[] = [];
  const does = (what: string) => () => void done.push(what);
  const keyboard = createKeyboard(page);
  let nowMs = 10_000;
  /** True where the key was taken over from the browser. */
  const press = (key: string, { on, afterMs = 50, held = {} }: Pressed = {}): boolean => {
    nowMs += afterMs;
    const event = Object.assign(new Event("keydown", { cancelable: true }), { key, ...held });
    Object.defineProperty(event, "timeStamp", { value: nowMs });
    if (on) Object.defineProperty(event, "target", { value: on });
    page.dispatchEvent(event);
    return event.defaultPrevented;
  };
  return { keyboard, press, done, does };
};

test("a bound key acts and is taken from the browser; others are left to it", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ j: does("next") });

  expect([press("j"), press("x")]).toEqual([true, false]);
  expect(done).toEqual(["next"]);
});

test("two keys act together when the second follows soon", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ "g t": does("traces"), t: does("t") });

  press("g");
  press("t");
  press("g");
  press("t", { afterMs: 1000 });

  expect(done).toEqual(["traces", "t"]);
});

test("a chord is over once it acted", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ "g g": does("top") });

  for (const key of ["g", "g", "g"]) press(key);

  expect(done).toEqual(["top"]);
});

test("a key between the two breaks the chord", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ "g t": does("traces") });

  for (const key of ["g", "x", "t"]) press(key);

  expect(done).toEqual([]);
});

test("the last to bind wins, and what was bound before returns when it is gone", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ Escape: does("frame"), "?": does("help") });
  const unbind = keyboard.bind({ Escape: does("page") });

  press("Escape");
  press("?");
  unbind();
  press("Escape");

  expect(done).toEqual(["page", "help", "frame"]);
});

test("unbinding twice takes nobody else's keys", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ j: does("next") });
  const unbind = keyboard.bind({ k: does("previous") });

  unbind();
  unbind();
  press("j");
  press("k");

  expect(done).toEqual(["next"]);
});

test("in a field only Escape is ours", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ j: does("next"), Escape: does("leave") });

  expect(press("j", { on: FIELD })).toBe(false);
  press("Escape", { on: FIELD });

  expect(done).toEqual(["leave"]);
});

test("while a dialog has the focus its keys are its own", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ Escape: does("leave") });

  expect(press("Escape", { on: new FakeElement("button", "dialog") })).toBe(false);
  expect(done).toEqual([]);
});

test("typing in a field begins no chord", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ "g t": does("traces") });

  press("g", { on: FIELD });
  press("t");

  expect(done).toEqual([]);
});

test.each([["Enter"], [" "]])("%j on a button presses the button", (key) => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ [key]: does("open"), j: does("next") });

  expect(press(key, { on: BUTTON })).toBe(false);
  press("j", { on: BUTTON });
  press(key);

  expect(done).toEqual(["next", "open"]);
});

test.each([{ ctrlKey: true }, { metaKey: true }, { altKey: true }])("with %o a key is the browser's", (held) => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ j: does("next") });

  expect(press("j", { held })).toBe(false);
  expect(done).toEqual([]);
});

test("shift only makes another key of it", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ "?": does("help") });

  press("?", { held: { shiftKey: true } });

  expect(done).toEqual(["help"]);
});

test("closed, it hears nothing", () => {
  const { keyboard, press, done, does } = createPage();
  keyboard.bind({ j: does("next") });

  keyboard.close();

  expect(press("j")).toBe(false);
  expect(done).toEqual([]);
});
