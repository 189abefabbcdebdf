import { useApp } from "../../state/app.ts";
import { useStore } from "../../state/store.ts";
import { nextTheme } from "../../state/theme.ts";
import { TRACES_PATH } from "../../routes.ts";
import { Mark } from "./mark.tsx";
import "./frame.css";

const THEME_SIGNS = { system: "◐", light: "○", dark: "●" } as const;

export const Header = ({ onHelp, isAtTraces }: { readonly onHelp: () => void; readonly isAtTraces: boolean }) => {
  const { theme: store, signIn } = useApp();
  const { key } = useStore(signIn);
  const theme = useStore(store);
  return (
    <header class="frame-header">
      <a class="brand" href={TRACES_PATH}>
        <Mark />
        mayfly
      </a>
      <nav aria-label="Pages">
        <a href={TRACES_PATH} {...(isAtTraces && { "aria-current": "true" as const })}>
          Traces
        </a>
      </nav>
      <span class="spacer" />
      {key && (
        <button
          type="button"
          class="plain sign-out"
          onClick={() => void signIn.leave()}
          title={`Signed in with the key “${key.name}” (${key.scope})`}
        >
          Sign out
        </button>
      )}
      <button type="button" class="plain" onClick={onHelp} title="Keys (?)" aria-label="Show the keys">
        ?
      </button>
      <button
        type="button"
        class="plain"
        onClick={() => store.set(nextTheme(theme))}
        title={`Theme: ${theme}`}
        aria-label={`Theme: ${theme}. Change to ${nextTheme(theme)}`}
      >
        {THEME_SIGNS[theme]}
      </button>
    </header>
  );
};
