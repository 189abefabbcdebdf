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
import { KEY_KINDS } from "../packages/collector/src/model/stitch-key.ts";
import { KEY_SOURCES, SPAN_POINTERS } from "../packages/collector/src/normalize/key-sources.ts";
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

const ROLES = {
  sends: "produced on producers and on what says it sends",
  calls: "produced on clients and producers",
  receives: "consumed on consumers, servers and on what says it receives",
  serves: "consumed on servers and consumers",
};

const coded = (names) => [...names].map((name) => `\`${name}\``).join(" or ");

const signOf = (sign) =>
  "service" in sign
    ? `a call of ${sign.service}: ${coded(sign.operations)}`
    : "systems" in sign
      ? `\`messaging.system\` is ${coded(sign.systems)}`
      : `${coded(sign.attribute)} is there`;

const partsOf = (parts = []) => parts.map(coded).join("; ");

const stitchKeys = () => {
  const places = Map.groupBy(KEY_SOURCES, ({ kind, signs, id, scope }) =>
    [kind, signs.map(signOf), partsOf(id), partsOf(scope)].join(),
  );
  return `${[
    "# Stitch keys",
    "",
    "<!-- Made from packages/collector/src/model/stitch-key.ts and normalize/key-sources.ts by: node scripts/reference-pages.mjs -->",
    "",
    "A stitch key is an id that both sides of a hop can see. Where the context was not carried, it joins them; where it was, it",
    "stands beside it. Whichever side arrives first, and however much later the other does, they are joined as long as keys are",
    "kept (`--key-retention-days`). `GET /api/traces/{id}` finds a trace by any of these ids.",
    "",
    "*Exact*: one id, one hop. *Strong*: one thing, which may have been made twice. *Heuristic*: believed only where nothing else",
    "fits. What is not exact joins only where exactly one sender fits: none that began later than the receiver, and none that",
    "carries a context which comes from it. *Scoped*: unique only within its queue, stream or bucket, which then is part of the key; otherwise the",
    "scope is for display.",
    "",
    "| kind | | strength | scoped | who sends sees | who receives sees |",
    "|---|---|---|---|---|---|",
    ...KEY_KINDS.map(
      ([kind, { name, strength, isScoped, pairing }]) =>
        `| \`${kind}\` | ${name} | ${strength} | ${isScoped ? "yes" : ""} | ${pairing.join(" | ")} |`,
    ),
    "",
    "## Where they are read",
    "",
    "Spans of Mayfly's SDK say their keys themselves, in `mayfly.keys.produced` and `mayfly.keys.consumed`: lists of",
    "`kind|scope|id`, the scope possibly empty, with `%`, `|` and control characters percent-encoded. Anybody may write them; then",
    "nothing else of the span is read. Other spans are read by this table, in the spellings of OpenTelemetry's instrumentations for",
    "JavaScript, Python and Java, of X-Ray's and Datadog's receivers, and of hooks that fill in what those leave out.",
    "",
    "An id of several parts has them joined by `/`. Of several spellings the first that is there counts. *Links*: a batch names its",
    "messages on its links, and what a link does not say its span says for all of them.",
    "",
    "| kind | where | id | scope | links |",
    "|---|---|---|---|---|",
    ...[...places.values()].map((sources) => {
      const [{ kind, signs, id, scope, isInLinks }] = sources;
      const where = `${signs.map(signOf).join(", or ")}: ${sources.map(({ role }) => ROLES[role]).join("; ")}`;
      return `| \`${kind}\` | ${where} | ${partsOf(id)} | ${partsOf(scope)} | ${isInLinks ? "yes" : ""} |`;
    }),
    "",
    "Datadog's span pointers (links with `link.kind=span-pointer`, also in `_dd.span_links`) are keys too, by their hash:",
    `${Object.entries(SPAN_POINTERS)
      .map(([pointer, kind]) => `\`${pointer}\` is \`${kind}\``)
      .join(", ")}. They join spans of Datadog's with each other, not with Mayfly's.`,
    "",
    "## What has none",
    "",
    "No id is on both sides of SNS to SQS with raw delivery (its contexts are carried in message attributes instead), of Firehose, of a",
    "message that was moved back from a dead-letter queue (it gets a new id and keeps its attributes), of Azure's and Cloudflare's",
    "queues. OpenTelemetry's instrumentations tell no id of what they publish to SNS, put on EventBridge, or write to Kinesis and",
    "DynamoDB, and of a batch sent to SQS at most the first.",
  ].join("\n")}\n`;
};

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
  "docs/reference/stitch-keys.md": stitchKeys(),
  "docs/reference/conformance.md": conformance(),
  "docs/reference/sdk-config.md": sdkConfig(),
  "docs/reference/aws-assumptions.md": awsAssumptions(),
  "packages/collector/src/openapi/answer-schemas.ts": schemas(),
});

if (import.meta.main) {
  for (const [page, text] of Object.entries(referencePages())) writeFileSync(join(root, page), text);
}
