/**
 * Writes the pages of docs/reference that are made from tables in the code; scripts/check-docs.mjs fails where one is stale.
 *
 *   node scripts/reference-pages.mjs
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configReference } from "../packages/sdk/src/config-reference.ts";

const root = join(import.meta.dirname, "..");

const table = (rows) => [
  "| variable | default | expected | |",
  "|---|---|---|---|",
  ...rows.map(({ name, otherwise, expected, meaning }) => `| \`${name}\` | ${otherwise} | ${expected} | ${meaning} |`),
];

const sdkConfig = () => {
  const { otlp, other } = configReference();
  return `${[
    "# Configuration of the SDK",
    "",
    "<!-- Made from packages/sdk/src/config-variables.ts and config-reference.ts by: node scripts/reference-pages.mjs -->",
    "",
    "`@mayfly/sdk` takes all its settings from the environment, once per cold start. OpenTelemetry's variables mean what its",
    "specification says. An empty variable is as good as none. A value that makes no sense never stops a function: it is named",
    "once in its log, and the default is taken.",
    "",
    "## Where telemetry is sent",
    "",
    ...table(otlp),
    "",
    "## All else",
    "",
    ...table(other),
  ].join("\n")}\n`;
};

/** Path below the root → text. */
export const referencePages = () => ({ "docs/reference/sdk-config.md": sdkConfig() });

if (import.meta.main) {
  for (const [page, text] of Object.entries(referencePages())) writeFileSync(join(root, page), text);
}
