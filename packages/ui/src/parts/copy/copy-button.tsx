import { useEffect, useState } from "preact/hooks";
import "./copy-button.css";

const SAY_COPIED_MS = 1500;

/** Copies the whole text, also where only a part of it is shown. */
export const CopyButton = ({
  text,
  label,
  children,
}: {
  readonly text: string;
  readonly label: string;
  readonly children?: string;
}) => {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAY_COPIED_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <button
      type="button"
      class="copy"
      onClick={() => void copy()}
      aria-label={label}
      title={`${label}: ${text.slice(0, 200)}`}
    >
      {children === undefined ? (
        <span aria-hidden="true">{isCopied ? "✓" : "⧉"}</span>
      ) : (
        <span>{isCopied ? "copied" : children}</span>
      )}
      <span class="sr-only" role="status">
        {isCopied ? "copied" : ""}
      </span>
    </button>
  );
};
