/** `mayfly export xray`: what a collector has, as segments of AWS X-Ray. */
import { decodeTracesJson } from "@mayfly/otlp";
import { Command } from "commander";
import { systemClock } from "../clock.ts";
import { InputError } from "../errors.ts";
import type { XRayExported } from "../export/export-xray.ts";
import { addAwsFlags } from "./aws-flags.ts";
import { addChoiceFlags, type ChoiceFlags, chosenTraces, firstTimes } from "./chosen-traces.ts";
import { addCollectorFlags, type CollectorApi, collectorApi, type CollectorFlags, refusalOf } from "./collector-api.ts";
import type { ExportDeps } from "./export.ts";
import { createProgress } from "./progress.ts";
import { repeatable } from "./repeatable.ts";
import { configOf, type ReadFlags } from "./settings.ts";

interface ExportXRayFlags extends CollectorFlags, ChoiceFlags {
  readonly region?: string;
  readonly endpoint?: string;
  readonly annotation: readonly string[];
  readonly anyTraceId?: true;
}

const HELP = `
Spans that X-Ray itself recorded are not sent back. Trace ids whose first part is not the time of the trace are refused by
X-Ray: they are named and left out, unless --any-trace-id is given.
Exit code 1: something was left out, or not taken; what it is stands on standard error.
Needs xray:PutTraceSegments. See docs/guides/export-xray.md.`;

export const exportXRayCommand = ({ env, print, stderr, fail }: ExportDeps): Command => {
  const command = new Command("xray")
    .description("send traces to AWS X-Ray")
    .addOption(repeatable("--annotation <attribute>", "An attribute that X-Ray shall index; may be repeated."))
    .option("--any-trace-id", "Send trace ids of any kind, to an account with Transaction Search.");
  addCollectorFlags(addAwsFlags(addChoiceFlags(command)));
  return command.addHelpText("after", HELP).action(async (flags: ReadFlags & ExportXRayFlags) => {
    const api = collectorApi(flags, configOf(flags, env), env);
    const [{ XRayClient }, { awsClientConfig }, { createXRayExport }, { createSegmentSender }] = await Promise.all([
      import("@aws-sdk/client-xray"),
      import("../aws.ts"),
      import("../export/export-xray.ts"),
      import("../export/xray/send.ts"),
    ]);
    const client = new XRayClient(awsClientConfig(flags));
    const progress = createProgress(stderr);
    let [refused, truncated] = [0, 0];
    const sender = createSegmentSender(client, ({ id, code, message }) => {
      refused += 1;
      progress.line(`span ${id}: X-Ray did not take it: ${code}: ${message}`);
    });
    const sending = createXRayExport(
      sender,
      {
        annotations: new Set(flags.annotation),
        anyTraceId: flags.anyTraceId ?? false,
        nowSeconds: Number(systemClock() / 1_000_000_000n),
      },
      (problem) => progress.line(problem),
    );
    const isNew = firstTimes();
    try {
      for await (const { traceIds } of chosenTraces(api, flags)) {
        for (const id of traceIds.filter(isNew)) {
          const { text, isTruncated } = await traceOf(api, id);
          truncated += Number(isTruncated);
          if (isTruncated) progress.line(`trace ${id}: is larger than one answer of the collector and not whole`);
          await sending.add(decodeTracesJson(text));
          progress.show(`${sender.sent} segments of ${sending.so.traces} traces`);
        }
      }
      await sender.flush();
    } finally {
      progress.end();
      client.destroy();
    }
    print(`sent ${counted(sender.sent, sending.so, refused)}`);
    if (refused + truncated + sending.so.foreignIds + sending.so.tooLarge > 0) fail();
  });
};

/** Empty where retention took it meanwhile. */
const traceOf = async (api: CollectorApi, id: string): Promise<{ text: string; isTruncated: boolean }> => {
  const path = `/api/traces/${id}?stitch=false&format=otlp`;
  const answer = await api.ask(path);
  if (answer.status === 404) return { text: "{}", isTruncated: false };
  if (!answer.ok) throw new InputError("bad-request", `${api.url}${path} answered ${await refusalOf(answer)}`);
  return { text: await answer.text(), isTruncated: answer.headers.has("x-mayfly-truncated") };
};

const counted = (
  sent: number,
  { traces, ownEvidence, foreignIds, shortened, tooLarge }: XRayExported,
  refused: number,
) =>
  `${sent} segments of ${traces} traces; left out ${ownEvidence} of X-Ray's own, ${foreignIds} traces for their ids, ` +
  `${tooLarge} too large; ${shortened} shortened, ${refused} refused`;
