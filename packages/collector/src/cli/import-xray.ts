/**
 * `mayfly import xray`: traces of AWS X-Ray into a collector, since the last run.
 *
 * X-Ray's SDK is loaded here, when it is asked for: no other command pays for it.
 */
import { join } from "node:path";
import { Command } from "commander";
import type { XRayImported } from "../import/import-xray.ts";
import { ConfigError } from "../errors.ts";
import { rfc3339 } from "../model/time-text.ts";
import { systemClock } from "../clock.ts";
import type { UnixNano } from "../model/time.ts";
import { addAwsFlags } from "./aws-flags.ts";
import type { CollectorFlags } from "./collector-api.ts";
import type { ImportCommandDeps } from "./import.ts";
import { createProgress } from "./progress.ts";
import { configOf, type ReadFlags } from "./settings.ts";
import { timeOf } from "./time-flag.ts";
import { addDestinationFlags, postTo, toCollector } from "./to-collector.ts";

interface ImportXRayFlags extends CollectorFlags {
  readonly from?: string;
  readonly to?: string;
  readonly filter?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly checkpoint?: string;
  readonly data?: string;
}

const CHECKPOINT = "import-xray.json";
const MINUTE = 60_000_000_000n;
/** X-Ray lists a trace some seconds after it has changed; what is asked for twice is known by its revision. */
const OVERLAP = 10n * MINUTE;
const FIRST_STRETCH = 60n * MINUTE;

const HELP = `
Traces are fetched since the last run, the first time the last hour. What was fetched is noted in a file, by default
${CHECKPOINT} in the data folder, so that a run fetches what is new or has grown.
Exit code 1: something could not be read, or was not taken; what it is stands on standard error.
Needs xray:GetTraceSummaries and xray:BatchGetTraces. See docs/guides/import-xray.md.`;

export const importXRayCommand = (deps: ImportCommandDeps): Command => {
  const command = new Command("xray")
    .description("bring traces of AWS X-Ray into a collector")
    .option("--from <time>", "Traces that changed at this time or later: RFC 3339, Unix nanoseconds, or 6h (ago).")
    .option("--to <time>", "… and before this time (default: now).")
    .option("--filter <expression>", 'A filter expression of X-Ray, as in its console: service("orders") { fault }.')
    .option("--checkpoint <file>", `Where it is noted what was fetched (default: ${CHECKPOINT} in the data folder).`);
  addDestinationFlags(addAwsFlags(command));
  return command.addHelpText("after", HELP).action(async (flags: ReadFlags & ImportXRayFlags) => {
    const config = configOf(flags, deps.env);
    const now = systemClock();
    const [given, to] = [flags.from && timeOf("--from", flags.from, now), timeOf("--to", flags.to ?? "0s", now)];
    const [{ XRayClient }, { awsClientConfig }, { createXRaySource }, { importXRay }, { openCheckpoint }] =
      await Promise.all([
        import("@aws-sdk/client-xray"),
        import("../aws.ts"),
        import("../import/xray/fetch.ts"),
        import("../import/import-xray.ts"),
        import("../import/checkpoint.ts"),
      ]);
    const client = new XRayClient(awsClientConfig(flags));
    const route = [flags.endpoint, flags.region ?? deps.env["AWS_REGION"], flags.filter, flags.url].map(
      (part) => part ?? "",
    );
    const checkpoint = await openCheckpoint(
      flags.checkpoint ?? join(config.dataDir, CHECKPOINT),
      JSON.stringify(route),
    );
    const from = given || startAfter(checkpoint.until, now);
    if (from >= to) throw nothingBetween(from, to);
    const progress = createProgress(deps.stderr);
    await toCollector(flags, config, deps, async (api) => {
      const all = await importXRay(
        { from, to, filter: flags.filter },
        {
          source: createXRaySource(client),
          checkpoint,
          post: postTo(api),
          onProblem: (problem) => progress.line(problem),
          onProgress: (so) => progress.show(counted(so)),
        },
      ).finally(() => progress.end());
      deps.print(`imported ${counted(all)}`);
      if (all.badDocuments + all.missing + all.rejected > 0) deps.fail();
    }).finally(() => client.destroy());
  });
};

const startAfter = (until: UnixNano | undefined, now: UnixNano): UnixNano =>
  until === undefined ? now - FIRST_STRETCH : until - OVERLAP;

const nothingBetween = (from: UnixNano, to: UnixNano): ConfigError =>
  new ConfigError("config-invalid", `--from is ${rfc3339(from)}, expected a time before --to, which is ${rfc3339(to)}`);

const counted = ({ traces, spans, unchanged, badDocuments, missing, rejected }: XRayImported): string =>
  `${traces} traces with ${spans} spans, ${unchanged} unchanged; ` +
  `${badDocuments} bad documents, ${missing} traces not given, ${rejected} rejected spans`;
