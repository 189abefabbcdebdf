/** What can be written next; the field above has the focus and says which one is chosen. */
import type { Suggestion } from "@mayfly/api";
import { formatCount } from "../../model/format.ts";

interface SuggestionListProps {
  readonly id: string;
  readonly suggestions: readonly Suggestion[];
  readonly active: number;
  readonly onAccept: (suggestion: Suggestion) => void;
}

export const suggestionId = (id: string, index: number): string => `${id}-${index}`;

export const SuggestionList = ({ id, suggestions, active, onAccept }: SuggestionListProps) => (
  <ul class="suggestions" id={`${id}-list`} role="listbox" aria-label="Suggestions">
    {suggestions.map((one, index) => (
      <li
        key={`${one.of} ${one.text}`}
        id={suggestionId(id, index)}
        role="option"
        aria-selected={index === active}
        onPointerDown={(event) => {
          event.preventDefault(); // the field keeps the focus
          onAccept(one);
        }}
      >
        <span class="word">
          {one.of !== undefined && <span class="muted">{one.of}:</span>}
          {one.text}
          {one.kind !== "value" && <span class="muted">:</span>}
        </span>
        <span class="about">{aboutOf(one)}</span>
      </li>
    ))}
  </ul>
);

const aboutOf = ({ kind, meaning, count }: Suggestion): string => {
  if (meaning !== undefined) return meaning.replaceAll("`", "");
  if (kind === "attribute") return "attribute";
  return count === undefined ? "" : formatCount(count);
};
