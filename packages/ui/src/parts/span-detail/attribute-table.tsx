/** Attributes in groups of their namespace, each copyable. */
import type { AttributeValue, Attributes } from "@mayfly/api";
import { CopyButton } from "../copy/copy-button.tsx";

export const AttributeTable = ({ attributes }: { readonly attributes: Attributes }) => {
  const entries = Object.entries(attributes).toSorted(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
  return (
    <dl class="attributes">
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt class="mono">{key}</dt>
          <dd class="mono">
            <span>{textOf(value)}</span>
            <CopyButton text={textOf(value)} label={`Copy ${key}`} />
          </dd>
        </div>
      ))}
    </dl>
  );
};

/** What the user annotated comes first. */
const rank = (key: string): number => (key.includes(".") ? 1 : 0);

const textOf = (value: AttributeValue): string => {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(textOf).join("\n") : JSON.stringify(value);
};
