/** The page is drawn here: browser things are taken from the window once and handed down. */
import { render } from "preact";
import { createClient } from "./api/client.ts";
import { Frame } from "./frame.tsx";
import { type App, AppContext } from "./state/app.ts";
import { createKeyboard } from "./state/keyboard.ts";
import { createSignIn } from "./state/sign-in.ts";
import { createTheme } from "./state/theme.ts";
import { createUrlState } from "./state/url-state.ts";
import "./tokens.css";
import "./base.css";

const signIn = createSignIn();
const client = createClient(fetch.bind(window), signIn.onRefused);

const app: App = {
  client,
  signIn: signIn.using(client),
  url: createUrlState(window),
  keyboard: createKeyboard(document),
  theme: createTheme(document.documentElement, localStorage),
  now: Date.now,
};

render(
  <AppContext.Provider value={app}>
    <Frame />
  </AppContext.Provider>,
  document.body,
);
