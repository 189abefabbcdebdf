/** In the place of every page, as long as the collector needs a key and this browser has none. The address stays as it is. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/client.ts";
import { Mark } from "../../parts/frame/mark.tsx";
import { useApp } from "../../state/app.ts";
import "./sign-in.css";

export const SignInPage = () => {
  const { signIn } = useApp();
  const field = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  useEffect(() => field.current?.focus(), []);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const key = field.current?.value.trim() ?? "";
    if (key === "" || isBusy) return field.current?.focus();
    setBusy(true);
    try {
      await signIn.enter(key);
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
      field.current?.select();
    }
  };

  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <p class="brand">
          <Mark />
          mayfly
        </p>
        <h1 id="sign-in-title">Sign in</h1>
        <label for="key">API key</label>
        <input
          id="key"
          ref={field}
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          placeholder="mfy_…"
          aria-invalid={problem !== undefined}
          aria-describedby="sign-in-problem"
        />
        <p id="sign-in-problem" class="problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="primary" aria-disabled={isBusy}>
          {isBusy ? "Signing in …" : "Sign in"}
        </button>
        <p class="how">
          A key with the scope read or admin is made on the collector's machine, with the --data of the collector:
          <code>mayfly keys create --name you --scope read --data DIR</code>
        </p>
      </form>
    </main>
  );
};

const problemOf = (error: unknown): string => {
  if (!(error instanceof ApiError)) return String(error);
  switch (error.code) {
    case "key-invalid":
      return "This key is unknown, revoked or expired.";
    case "scope-missing":
      return "This key can only send telemetry. To look at it, one with the scope read or admin is needed.";
    default:
      return error.message;
  }
};
