/** An empty collector: three ways to send the first trace, each copyable and complete. */
import { CopyButton } from "../copy/copy-button.tsx";
import { Notice } from "./notice.tsx";

interface Way {
  readonly title: string;
  readonly text: string;
}

const waysTo = (origin: string): readonly Way[] => [
  {
    title: "Wrap a handler with the SDK",
    text: [
      'import { observe } from "@mayfly/sdk";',
      "export const handler = observe(async (event) => ({ statusCode: 200 }));",
      "",
      `# in the function's environment`,
      `OTEL_EXPORTER_OTLP_ENDPOINT=${origin}`,
    ].join("\n"),
  },
  {
    title: "Send one span with curl",
    text: [
      `curl ${origin}/v1/traces -H 'content-type: application/json' \\`,
      `  -d '{"resourceSpans":[{`,
      `  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},`,
      `  "scopeSpans":[{"spans":[{"name":"first trace","kind":2,`,
      `    "traceId":"'$(openssl rand -hex 16)'","spanId":"'$(openssl rand -hex 8)'",`,
      `    "startTimeUnixNano":"'$(date +%s)'000000000",`,
      `    "endTimeUnixNano":"'$(date +%s)'120000000"}]}]}]}'`,
    ].join("\n"),
  },
  {
    title: "Let the example shop send here (in Mayfly's repository, after npm run setup)",
    text: `npx node examples/shop/dist/main.js --collector ${origin}`,
  },
];

export const FirstTrace = () => (
  <Notice title="No traces yet">
    <p class="listening">Listening. The first trace appears here by itself.</p>
    <ol class="ways">
      {waysTo(location.origin).map(({ title, text }) => (
        <li key={title}>
          <h3>{title}</h3>
          <div class="snippet">
            <pre>{text}</pre>
            <CopyButton text={text} label={`Copy: ${title}`}>
              copy
            </CopyButton>
          </div>
        </li>
      ))}
    </ol>
  </Notice>
);
