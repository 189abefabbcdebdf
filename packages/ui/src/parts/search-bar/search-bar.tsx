/**
 * The search bar: a query, completed from what is there, its fault marked where it is.
 *
 * What is typed becomes the page's query only once the collector has understood it, so that a list does not vanish at every half-written
 * term; a fault is shown meanwhile, and stays in the bar.
 */
import type { Suggestion } from "@mayfly/api";
import type { RefObject } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/client.ts";
import { completedQuery, queryWordAt } from "../../model/query-word.ts";
import { useApp } from "../../state/app.ts";
import { useKeys } from "../../state/keyboard.ts";
import { QueryHelp } from "./query-help.tsx";
import { SuggestionList, suggestionId } from "./suggestion-list.tsx";
import "./search-bar.css";

interface SearchBarProps {
  readonly text: string;
  /** The collector's word on `text`, where that came from elsewhere and is wrong. */
  readonly fault: ApiError | undefined;
  readonly onText: (text: string) => void;
}

/** Typing is over when nothing was typed for this long. */
const TYPING_MS = 250;
const SUGGEST_MS = 80;
const MAX_SUGGESTIONS = 8;

export const SearchBar = ({ text, fault: givenFault, onText }: SearchBarProps) => {
  const { client, keyboard } = useApp();
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const [typed, setTyped] = useState(text);
  const [caret, setCaret] = useState(text.length);
  const [typedFault, setFault] = useState<ApiError>();
  const { suggestions, isOpen, setOpen, active, setActive } = useSuggestions(typed, caret);
  useKeys(keyboard, { "/": () => input.current?.focus() });

  /** Our own words come back through the address, by when more may be typed: only others' replace what is typed. */
  const sent = useRef(text);
  useEffect(() => {
    if (text === sent.current) return;
    sent.current = text;
    setTyped(text);
    setFault(undefined);
  }, [text]);
  const send = async (signal: AbortSignal): Promise<void> => {
    try {
      if (typed !== "") await client.traces({ q: typed, limit: 1 }, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.code === "bad-query") {
        setFault(error);
        return;
      } // whatever else is wrong, the list says
    }
    if (signal.aborted) return;
    setFault(undefined);
    sent.current = typed;
    onText(typed);
  };
  useEffect(() => {
    if (typed === sent.current) {
      setFault(undefined);
      return undefined;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => void send(abort.signal), TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [typed]);

  const put = (next: { readonly text: string; readonly caret: number }): void => {
    setTyped(next.text);
    setCaret(next.caret);
    input.current?.focus();
    moveCaret.current = next.caret;
  };
  const moveCaret = useRef<number | undefined>(undefined);
  useLayoutEffect(() => {
    if (moveCaret.current === undefined) return;
    input.current?.setSelectionRange(moveCaret.current, moveCaret.current);
    moveCaret.current = undefined;
  });
  const accept = (suggestion: Suggestion): void => {
    const word = queryWordAt(typed, caret);
    if (word) put(completedQuery(typed, word, suggestion));
    setOpen(suggestion.kind !== "value"); // behind a name its values follow
  };

  const onKeyDown = (event: KeyboardEvent & { readonly currentTarget: HTMLInputElement }): void => {
    const isListed = isOpen && suggestions.length > 0;
    const chosen = suggestions[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      if (isListed) setActive((active + by + suggestions.length + (active < 0 && by < 0 ? 1 : 0)) % suggestions.length);
      else setOpen(true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (isListed && chosen) accept(chosen);
      else setOpen(false);
    } else if (event.key === "Tab" && !event.shiftKey && isListed) {
      event.preventDefault();
      const [first] = suggestions;
      const one = chosen ?? first;
      if (one) accept(one);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (isListed) setOpen(false);
      else event.currentTarget.blur();
    }
  };

  const isListed = isOpen && suggestions.length > 0;
  const fault = typedFault ?? (typed === text ? givenFault : undefined);
  const onCaret = (event: Event & { readonly currentTarget: HTMLInputElement }): void =>
    setCaret(event.currentTarget.selectionStart ?? event.currentTarget.value.length);
  return (
    <div class="search-bar">
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Search traces"
        aria-autocomplete="list"
        aria-expanded={isListed}
        aria-controls={`${id}-list`}
        {...(isListed && active >= 0 && { "aria-activedescendant": suggestionId(id, active) })}
        aria-invalid={fault !== undefined}
        {...(fault && { "aria-describedby": `${id}-fault` })}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        placeholder="Search: text, function:checkout, duration:>1s"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          onCaret(event);
          setOpen(true);
        }}
        onSelect={onCaret}
        onKeyDown={onKeyDown}
        onBlur={() => setOpen(false)}
      />
      {fault && <FaultMark text={typed} at={fault.at} input={input} />}
      <kbd aria-hidden="true">/</kbd>
      <QueryHelp onExample={(example) => put({ text: example, caret: example.length })} />
      {isListed && <SuggestionList id={id} suggestions={suggestions} active={active} onAccept={accept} />}
      {fault && !isListed && (
        <p class="query-fault" id={`${id}-fault`} role="alert">
          {fault.message}
        </p>
      )}
    </div>
  );
};

/** The same text over the field's own, seen only by the line under its fault. */
const FaultMark = ({
  text,
  at,
  input,
}: {
  readonly text: string;
  readonly at: ApiError["at"];
  readonly input: RefObject<HTMLInputElement | null>;
}) => {
  const mark = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const field = input.current;
    const follow = (): void => mark.current?.scrollTo({ left: field?.scrollLeft ?? 0 });
    follow();
    field?.addEventListener("scroll", follow);
    return () => field?.removeEventListener("scroll", follow);
  });
  const { start, end } = at ?? { start: 0, end: text.length };
  const from = Math.min(start, text.length);
  return (
    <div class="fault-mark" ref={mark} aria-hidden="true">
      {text.slice(0, from)}
      <u>{text.slice(from, Math.max(end, from + 1)) || "\u00a0\u00a0"}</u>
      {text.slice(Math.max(end, from + 1))}
    </div>
  );
};

interface Suggested {
  readonly suggestions: readonly Suggestion[];
  readonly isOpen: boolean;
  readonly setOpen: (isOpen: boolean) => void;
  /** -1: none is chosen yet. */
  readonly active: number;
  readonly setActive: (index: number) => void;
}

const useSuggestions = (text: string, caret: number): Suggested => {
  const { client } = useApp();
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const word = queryWordAt(text, caret);
  useEffect(() => {
    setActive(-1);
    if (!isOpen || word === undefined) {
      setSuggestions([]);
      return undefined;
    }
    const abort = new AbortController();
    const what = { ...(word.of !== undefined && { of: word.of }), prefix: word.prefix, limit: MAX_SUGGESTIONS };
    const ask = (): void =>
      void client.suggest(what, abort.signal).then(
        (found) => setSuggestions(found.filter((one) => one.kind !== "value" || one.text !== word.prefix)),
        () => !abort.signal.aborted && setSuggestions([]), // without suggestions one can search as well
      );
    const timer = setTimeout(ask, SUGGEST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [client, isOpen, word?.of, word?.prefix, word?.start]);
  return { suggestions, isOpen, setOpen, active, setActive };
};
