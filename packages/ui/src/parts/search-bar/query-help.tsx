/** What a query can say, each as an example that one click puts into the bar. */
import { useState } from "preact/hooks";
import { useApp } from "../../state/app.ts";
import { useKeys } from "../../state/keyboard.ts";

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['"card declined"', "text, anywhere in a trace"],
  ["function:checkout,audit", "either function took part"],
  ["status:error duration:>1s", "failed, and took longer"],
  ["duration:100ms..2s", "from, to"],
  ["order_id:o-17", "an attribute of any of its spans"],
  ["http.response.status_code:>=500", "a number compares"],
  ["error:Card*", "begins so"],
  ["cold:true OR gaps:>0", "one of the two"],
  ["-function:audit", "took no part"],
];

export const QueryHelp = ({ onExample }: { readonly onExample: (text: string) => void }) => {
  const [isOpen, setOpen] = useState(false);
  const take = (example: string): void => {
    setOpen(false);
    onExample(example);
  };
  return (
    <details
      class="query-help"
      open={isOpen}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
      onFocusOut={(event) => leaves(event) && setOpen(false)}
    >
      <summary aria-label="How to search">?</summary>
      {isOpen && <Examples onExample={take} onClose={() => setOpen(false)} />}
    </details>
  );
};

const leaves = ({ currentTarget, relatedTarget }: FocusEvent): boolean =>
  currentTarget instanceof Element && relatedTarget instanceof Node && !currentTarget.contains(relatedTarget);

interface ExamplesProps {
  readonly onExample: (text: string) => void;
  readonly onClose: () => void;
}

/** While it is open, Escape is its own. */
const Examples = ({ onExample, onClose }: ExamplesProps) => {
  useKeys(useApp().keyboard, { Escape: onClose });
  return (
    <div class="query-examples">
      <dl>
        {EXAMPLES.map(([example, does]) => (
          <div key={example}>
            <dt>
              <button type="button" class="plain mono" onClick={() => onExample(example)}>
                {example}
              </button>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">A space means and. Fields, attributes and values are completed as you type.</p>
    </div>
  );
};
