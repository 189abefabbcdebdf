/**
 * Writes the pages of docs/reference, and the schemas of the API's answers, that are made from tables and types in the
 * code; scripts/check-docs.mjs fails where one is stale.
 *
 *   node scripts/reference-pages.mjs
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKS } from "../examples/aws-check/checks.ts";
import { casesOf } from "../packages/collector/src/cli/conformance/cases.ts";
import { SIGNALS } from "../packages/collector/src/cli/conformance/records.ts";
import { configReference as collectorConfigReference } from "../packages/collector/src/config-reference.ts";
import { UNINDEXED_ATTRIBUTES } from "../packages/collector/src/store/terms.ts";
import { METRICS } from "../packages/collector/src/self/metrics.ts";
import { answerSchemas } from "./answer-schemas.ts";
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

const collectorConfig = () =>
  `${[
    "# Configuration of the collector",
    "",
    "<!-- Made from packages/collector/src/config.ts by: node scripts/reference-pages.mjs -->",
    "",
    "`mayfly serve` takes its settings from flags, then from variables, then from a file (`--config`, YAML or JSON), then from",
    "the defaults; an empty variable counts as unset. A bad value, or a name in the file that is no setting, stops it before",
    "anything is opened: it names every one of them at once, with where it stands, and ends with exit code 2.",
    "",
    "| flag | variable | in the file | default | meaning | expected |",
    "|---|---|---|---|---|---|",
    ...collectorConfigReference().map(
      ({ flag, variable, key, default: otherwise, meaning, expected }) =>
        `| ${flag} | ${variable} | ${key} | ${otherwise} | ${meaning} | ${expected} |`,
    ),
    "",
    "A file, as one may stand beside the data:",
    "",
    "```yaml",
    "# mayfly.yaml",
    "port: 4400",
    "data: /var/lib/mayfly",
    "```",
    "",
    "Exit codes: 0 fine, 1 failed (the port is taken, the data cannot be opened), 2 wrong usage.",
    "",
    "Its log goes to standard error: JSON, one object a line, or one plain line each when that is a terminal. It tells start and",
    "stop, each kind of failure once with its stack and then once a minute with a count, and slow questions; never a body or a key.",
    "What keeps it from starting is told in plain words, since the log's own settings may be among it.",
    "",
    "`SIGTERM` and `SIGINT` end it: it answers what is in flight, stores what it acknowledged, and exits with 0 within ten",
    "seconds. A second signal ends it at once; what it has acknowledged is on disk by then all the same.",
    "",
    "## Attributes that are not indexed",
    "",
    "Every attribute of a span is indexed by its value, for `--unindexed` to leave out, but for texts of more than 128 bytes,",
    "fractions, lists and maps, and these:",
    "",
    UNINDEXED_ATTRIBUTES.map((name) => `\`${name}\``).join(", ") + ".",
    "",
    "A value that is another on each span costs 1.3 bytes of disk a span (20,000 spans, 500 to a request;",
    "`store/sqlite/unindexed.test.ts` measures it on 5,000), one that few spans share less. A search for what is not indexed is as",
    "right and slower: it reads the spans themselves, newest first, 50,000 for one question; then it answers with a `cursor`, and",
    "goes on where that is sent. Words that are indexed, beside it in the same query, still choose what is read.",
    "",
    "The folder remembers what was left out (`unindexed.json`): an attribute that is indexed again later is still searched by",
    "reading, since what arrived before is not in the index.",
  ].join("\n")}\n`;

const metrics = () =>
  `${[
    "# Metrics of the collector",
    "",
    "<!-- Made from packages/collector/src/self/metrics.ts by: node scripts/reference-pages.mjs -->",
    "",
    "`GET /metrics` answers in Prometheus' text format. The ledger is the one of `GET /api/stats`: received = stored + duplicate",
    "+ rejected + dropped. Worth an alert: `mayfly_refused_requests_total` and `mayfly_rejected_spans_total` that grow,",
    "`mayfly_store_up` of 0, and a `mayfly_append_duration_seconds` whose 99th percentile leaves its range.",
    "",
    "| metric | type | labels | |",
    "|---|---|---|---|",
    ...Object.values(METRICS).map(
      ({ name, type, labels, help }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
    ),
  ].join("\n")}\n`;

const conformance = () => {
  const cases = Map.groupBy(SIGNALS.flatMap(casesOf), ({ name, level }) => `${level} ${name}`);
  return `${[
    "# Conformance cases",
    "",
    "<!-- Made from packages/collector/src/cli/conformance/cases.ts by: node scripts/reference-pages.mjs -->",
    "",
    "`mayfly conformance --url U` tries any OTLP/HTTP endpoint: ours, a vendor's, a collector behind a proxy. It sends some hundred",
    "small requests per signal, one after the other, whose data says `service.name=mayfly-conformance`; two hold 64 MiB, packed.",
    "",
    "    npx mayfly conformance --url http://127.0.0.1:4318",
    "    npx mayfly conformance --url https://otlp.example.com --header x-api-key=… --signal traces,logs --json",
    "",
    "It ends with 1 when a case fails that the specification demands (*must*). What a server makes of the data cannot be seen from",
    "outside, so cases about data ask that it is taken, whole. *should* is what the specification or HTTP recommends; *may* is what",
    "it leaves open and senders in the field rely on.",
    "",
    "| case | signals | level | expected | source |",
    "|---|---|---|---|---|",
    ...[...cases.values()].map(
      ([{ name, level, expected, clause }, ...others]) =>
        `| \`${name}\` | ${
          others.length === SIGNALS.length - 1
            ? "all"
            : cases
                .get(`${level} ${name}`)
                .map(({ signal }) => signal)
                .join(", ")
        } | ${level} | ${expected} | ${clause} |`,
    ),
  ].join("\n")}\n`;
};

/** What a run on AWS found; nobody has run it as long as the file is not there. */
const awsResults = () => {
  const file = join(root, "examples/aws-check/results.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { found: {} };
};

const awsAssumptions = () => {
  const { region, date, found } = awsResults();
  const standing = (name, known) =>
    ["verified", "refuted"].includes(found[name]) ? `${found[name]} on AWS, ${region}, ${date}` : known;
  return `${[
    "# What is assumed about AWS",
    "",
    "<!-- Made from examples/aws-check/checks.ts and results.json by: node scripts/reference-pages.mjs -->",
    "",
    "Mayfly is tested against an emulator, which proves nothing about AWS. What it takes for granted of AWS stands here, each",
    "with the name of the check that [examples/aws-check](../../examples/aws-check/README.md) runs in an account of yours.",
    "*Documented*: AWS's documentation says so. *Assumed*: others' code relies on it, or it was seen elsewhere. *Verified* or",
    "*refuted*: a run has shown it.",
    "",
    "| check | | |",
    "|---|---|---|",
    ...Object.entries(CHECKS).map(
      ([name, { claim, known }]) => `| \`${name}\` | ${claim} | ${standing(name, known)} |`,
    ),
  ].join("\n")}\n`;
};

/** For OpenAPI: what the types of packages/api are as JSON Schema. */
const schemas = () => `/**
 * The types of @mayfly/api, as JSON Schema.
 *
 * Made from packages/api/src by: node scripts/reference-pages.mjs
 */
export const ANSWER_SCHEMAS = ${JSON.stringify(answerSchemas(join(root, "packages/api/src")), undefined, 2)};
`;

/** Path below the root → text. */
export const referencePages = () => ({
  "docs/reference/config.md": collectorConfig(),
  "docs/reference/metrics.md": metrics(),
  "docs/reference/conformance.md": conformance(),
  "docs/reference/sdk-config.md": sdkConfig(),
  "docs/reference/aws-assumptions.md": awsAssumptions(),
  "packages/collector/src/openapi/answer-schemas.ts": schemas(),
});

if (import.meta.main) {
  for (const [page, text] of Object.entries(referencePages())) writeFileSync(join(root, page), text);
}
