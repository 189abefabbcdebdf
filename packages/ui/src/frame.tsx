/** What stands around every page: the names of the pages above, the ledger below. */
import { useState } from "preact/hooks";
import { SignInPage } from "./pages/sign-in/sign-in-page.tsx";
import { TracePage } from "./pages/trace/trace-page.tsx";
import { TracesPage } from "./pages/traces/traces-page.tsx";
import { Header } from "./parts/frame/header.tsx";
import { KeyHelp } from "./parts/frame/key-help.tsx";
import { Ledger } from "./parts/frame/ledger.tsx";
import { Notice } from "./parts/empty-state/notice.tsx";
import { type Route, TRACES_PATH, routeOf } from "./routes.ts";
import { useApp } from "./state/app.ts";
import { useKeys } from "./state/keyboard.ts";
import { useStore } from "./state/store.ts";
import { useAddress } from "./state/url-state.ts";

export const Frame = () => (useStore(useApp().signIn).isOut ? <SignInPage /> : <Pages />);

const Pages = () => {
  const { url, keyboard } = useApp();
  const route = routeOf(useAddress(url).path);
  const [isHelpOpen, setHelpOpen] = useState(false);
  useKeys(keyboard, { "?": () => setHelpOpen(true), "g t": () => url.go(TRACES_PATH) });
  return (
    <>
      <Header onHelp={() => setHelpOpen(true)} isAtTraces={route.page !== "nowhere"} />
      <main>
        <Page route={route} />
      </main>
      <Ledger />
      {isHelpOpen && <KeyHelp onClose={() => setHelpOpen(false)} />}
    </>
  );
};

const Page = ({ route }: { readonly route: Route }) => {
  switch (route.page) {
    case "traces":
      return <TracesPage />;
    case "trace":
      return <TracePage key={route.id} id={route.id} />;
    case "nowhere":
      return (
        <Notice title="There is no such page">
          <p>
            Nothing is at <code>{route.path}</code>. All pages start at <a href={TRACES_PATH}>Traces</a>.
          </p>
        </Notice>
      );
  }
};
