import { useEffect, useRef } from "preact/hooks";

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "search, or find in the trace"],
  ["j  k", "next, previous row"],
  ["↓  ↑", "the same"],
  ["enter", "open"],
  ["esc", "close, then back"],
  ["[  ]", "fold, unfold"],
  ["←  →", "the same"],
  ["c", "critical path"],
  ["g t", "traces"],
  ["?", "these keys"],
];

export const KeyHelp = ({ onClose }: { readonly onClose: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="key-help" ref={dialog} onClose={onClose} aria-labelledby="key-help-title">
      <h2 id="key-help-title">Keys</h2>
      <dl>
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split("  ").map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
};
