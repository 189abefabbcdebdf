/** The filter above the list; every part of it is in the address. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { TraceFilter } from "../../api/client.ts";
import { useApp } from "../../state/app.ts";
import { leaveOnEscape, useKeys } from "../../state/keyboard.ts";

interface FiltersProps {
  readonly filter: TraceFilter;
  readonly names: readonly string[];
  readonly isLive: boolean;
  readonly onLive: (isLive: boolean) => void;
  readonly onChange: (filter: TraceFilter) => void;
}

const STATUSES = [
  ["", "All"],
  ["error", "Errors"],
  ["ok", "OK"],
] as const;
const DURATIONS_MS = [100, 500, 1000, 5000, 30_000];
/** Typing is over when nothing was typed for this long. */
const TYPING_MS = 250;

export const Filters = ({ filter, names, isLive, onLive, onChange }: FiltersProps) => {
  const { q: _q, function: name, status, minDurationMs } = filter;
  const without = (key: keyof TraceFilter): TraceFilter =>
    Object.fromEntries(Object.entries(filter).filter(([one]) => one !== key));
  return (
    <search class="filters">
      <SearchBox text={filter.q ?? ""} onText={(q) => onChange(q === "" ? without("q") : { ...filter, q })} />
      <fieldset class="segments">
        <legend class="sr-only">Status</legend>
        {STATUSES.map(([value, label]) => (
          <button
            key={value}
            type="button"
            aria-pressed={(status ?? "") === value}
            onClick={() => onChange(value === "" ? without("status") : { ...filter, status: value })}
          >
            {label}
          </button>
        ))}
      </fieldset>
      <select
        aria-label="Function"
        value={name ?? ""}
        onChange={({ currentTarget: { value } }) =>
          onChange(value === "" ? without("function") : { ...filter, function: value })
        }
      >
        <option value="">any function</option>
        {names.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      <select
        aria-label="Shortest duration"
        value={String(minDurationMs ?? "")}
        onChange={({ currentTarget: { value } }) =>
          onChange(value === "" ? without("minDurationMs") : { ...filter, minDurationMs: Number(value) })
        }
      >
        <option value="">any duration</option>
        {[...new Set([...DURATIONS_MS, ...(minDurationMs === undefined ? [] : [minDurationMs])])].map((ms) => (
          <option key={ms} value={String(ms)}>
            ≥ {ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}
          </option>
        ))}
      </select>
      <span class="spacer" />
      <button type="button" class="live" aria-pressed={isLive} onClick={() => onLive(!isLive)}>
        {isLive ? "live" : "paused"}
      </button>
    </search>
  );
};

const SearchBox = ({ text, onText }: { readonly text: string; readonly onText: (text: string) => void }) => {
  const { keyboard } = useApp();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(text);
  useKeys(keyboard, { "/": () => input.current?.focus() });
  /** Our own words come back through the address, by when more may be typed: only others' replace what is typed. */
  const sent = useRef(text);
  useEffect(() => {
    if (text === sent.current) return;
    sent.current = text;
    setTyped(text);
  }, [text]);
  useEffect(() => {
    if (typed === text) return undefined;
    const timer = setTimeout(() => {
      sent.current = typed;
      onText(typed);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label class="search-box">
      <span class="sr-only">Search traces</span>
      <input
        ref={input}
        type="search"
        placeholder="Search names, functions, ids, attribute values"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={leaveOnEscape}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
};
