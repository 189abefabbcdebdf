import type { ComponentChildren } from "preact";
import { CopyButton } from "../copy/copy-button.tsx";

interface FactProps {
  readonly name: string;
  readonly title?: string;
  /** An id: shown whole, with a button that copies it. */
  readonly copy?: string;
  readonly children?: ComponentChildren;
}

export const Fact = ({ name, title, copy, children }: FactProps) => (
  <div>
    <dt>{name}</dt>
    <dd title={title}>
      {copy === undefined ? (
        children
      ) : (
        <>
          <span class="mono id">{copy}</span>
          <CopyButton text={copy} label={`Copy ${name}`} />
        </>
      )}
    </dd>
  </div>
);
