/** The filter above the list; every part of it is in the address. */
import type { ApiError, TraceFilter } from "../../api/client.ts";
import { SearchBar } from "../../parts/search-bar/search-bar.tsx";

interface FiltersProps {
  readonly filter: TraceFilter;
  readonly names: readonly string[];
  /** What the collector says of the query. */
  readonly fault: ApiError | undefined;
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
export const Filters = ({ filter, names, fault, isLive, onLive, onChange }: FiltersProps) => {
  const { q: _q, function: name, status, minDurationMs } = filter;
  const without = (key: keyof TraceFilter): TraceFilter =>
    Object.fromEntries(Object.entries(filter).filter(([one]) => one !== key));
  return (
    <search class="filters">
      <SearchBar
        text={filter.q ?? ""}
        fault={fault}
        onText={(q) => onChange(q === "" ? without("q") : { ...filter, q })}
      />
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
