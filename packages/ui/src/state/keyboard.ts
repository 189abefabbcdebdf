/**
 * Keys without modifiers, one at a time or as `g t`. A page binds its own while it is shown; the last to bind wins.
 *
 * While a field has the focus only Escape is ours, while a dialog is open none. Two keys of one binding must follow within `CHORD_MS`.
 */
import { useLayoutEffect, useRef } from "preact/hooks";

export type Bindings = Readonly<Record<string, () => void>>;

export interface Keyboard {
  bind(bindings: Bindings): () => void;
  close(): void;
}

const CHORD_MS = 1000;

export const createKeyboard = (target: Pick<Document, "addEventListener" | "removeEventListener">): Keyboard => {
  const layers: Bindings[] = [];
  let first: { readonly key: string; readonly atMs: number } | undefined;
  const onKey = (event: KeyboardEvent): void => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
    if (isField(event.target) && event.key !== "Escape") return;
    if (event.target instanceof Element && event.target.closest("dialog")) return;
    const chord = first && event.timeStamp - first.atMs < CHORD_MS ? `${first.key} ${event.key}` : undefined;
    first = { key: event.key, atMs: event.timeStamp };
    const action = find(layers, chord) ?? find(layers, event.key);
    if (action === undefined || isOwnKeyOf(event.target, event.key)) return;
    event.preventDefault();
    first = undefined;
    action();
  };
  target.addEventListener("keydown", onKey);
  return {
    bind(bindings) {
      layers.unshift(bindings);
      return () => {
        const at = layers.indexOf(bindings);
        if (at >= 0) layers.splice(at, 1);
      };
    },
    close: () => target.removeEventListener("keydown", onKey),
  };
};

const find = (layers: readonly Bindings[], key: string | undefined): (() => void) | undefined =>
  key === undefined ? undefined : layers.find((bindings) => bindings[key])?.[key];

const isField = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches("input:not([type=checkbox]), select, textarea");

/** Enter on a button or a link presses that, whatever the page would do with Enter. */
const isOwnKeyOf = (target: EventTarget | null, key: string): boolean =>
  (key === "Enter" || key === " ") && target instanceof Element && target.matches("a, button, summary, input");

/** Bound with what it belongs to, once, and always as of the latest render: plain effects run after the next paint, which a fast finger does not wait for. */
export const useKeys = (keyboard: Keyboard, bindings: Bindings): void => {
  const bound = useRef<Record<string, () => void>>({}).current;
  for (const key of Object.keys(bound)) delete bound[key];
  Object.assign(bound, bindings);
  useLayoutEffect(() => keyboard.bind(bound), [keyboard, bound]);
};

/** Escape leaves a field, and does nothing else: the page's own Escape is the next one. */
export const leaveOnEscape = (event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  event.currentTarget.blur();
};
