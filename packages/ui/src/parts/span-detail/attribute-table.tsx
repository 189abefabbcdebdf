/** Attributes in groups of their namespace, each copyable. */
import type { AttributeValue, Attributes } from "@mayfly/api";
import type { ComponentChildren } from "preact";
import { CopyButton } from "../copy/copy-button.tsx";

export const AttributeTable = ({ attributes }: { readonly attributes: Attributes }) => {
  const entries = Object.entries(attributes).toSorted(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
  return (
    <dl class="attributes">
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt class="mono">{breakable(key)}</dt>
          <dd class="mono">
            <span>{textOf(value)}</span>
            <CopyButton text={textOf(value)} label={`Copy ${key}`} />
          </dd>
        </div>
      ))}
    </dl>
  );
};

/** Long keys break where their parts meet. */
const breakable = (key: string): ComponentChildren =>
  key.split(/(?<=[._])/).flatMap((part, index) => (index === 0 ? part : [<wbr key={index} />, part]));

/** What the user annotated comes first. */
const rank = (key: string): number => (key.includes(".") ? 1 : 0);

const textOf = (value: AttributeValue): string => {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map(textOf).join("\n") : JSON.stringify(value);
};
