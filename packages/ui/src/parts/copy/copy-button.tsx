import { useEffect, useState } from "preact/hooks";
import "./copy-button.css";

const SAY_DONE_MS = 1500;

const SIGNS = { ready: "⧉", copied: "✓", "cannot copy": "✕" } as const;

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
  const [done, setDone] = useState<"copied" | "cannot copy">();
  useEffect(() => {
    if (done === undefined) return undefined;
    const timer = setTimeout(() => setDone(undefined), SAY_DONE_MS);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setDone("copied");
    } catch {
      setDone("cannot copy"); // a page over plain HTTP from another machine has no clipboard
    }
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
        <span aria-hidden="true">{SIGNS[done ?? "ready"]}</span>
      ) : (
        <span>{done ?? children}</span>
      )}
      <span class="sr-only" role="status">
        {done ?? ""}
      </span>
    </button>
  );
};
