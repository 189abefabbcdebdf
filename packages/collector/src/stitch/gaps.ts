/**
 * Places where the story of a stitched trace is known to be incomplete, each with what is missing and how to mend it. What was sent and
 * received stands in sending-gaps.ts and receiving-gaps.ts, what became of contexts in context-gaps.ts.
 *
 * A gap needs something that says so. Where both sides look whole there is none, though a hop may be missing: a call of some
 * HTTP service and a request from somewhere, what a bucket's upload caused, one more receiver that says nothing of a
 * message that another has received.
 */
import type { Gap, StitchKey } from "@mayfly/api";
import type { UnixNano } from "../model/time.ts";
import { type Missing, isParentMissing } from "./ascend.ts";
import type { Graph } from "./graph.ts";
import { contextGapsOf, isSampledOut } from "./context-gaps.ts";
import { nameOf, refOf } from "./reason.ts";
import { receivingGapsOf } from "./receiving-gaps.ts";
import { sendingGapsOf } from "./sending-gaps.ts";
import type { Unit } from "./units.ts";
import { type StitchedTrace, recordsOf } from "./walk.ts";

export const gapsOf = (trace: StitchedTrace, graph: Graph, now: UnixNano): readonly Gap[] => [
  ...trace.missing.flatMap((one) => missingParentsOf(one, graph)),
  ...rootsOf(trace).flatMap(([unit, shared]) => receivingGapsOf(unit, graph, shared)),
  ...trace.parts.flatMap(({ unit, isWhole }) => (isWhole ? [] : withoutRecords(unit, trace, graph))),
  ...withoutSpans(trace),
  ...contextGapsOf(trace, graph),
  ...sendingGapsOf(trace, graph, now),
];

/** Of one reason so many are told one by one; ten thousand receivers may miss one sender. */
const MAX_OF_REASON = 100;

/** What an answer lists of them: of each reason the last stands for all that are left out, and says how many. */
export const listedGaps = (gaps: readonly Gap[]): readonly Gap[] =>
  [...Map.groupBy(gaps, ({ reason }) => reason).values()].flatMap((alike) => {
    const [next, ...others] = alike.slice(MAX_OF_REASON - 1);
    if (next === undefined || others.length === 0) return alike;
    const message = `${next.message} The same is so of ${others.length} more, which are not listed.`;
    return [...alike.slice(0, MAX_OF_REASON - 1), { ...next, message }];
  });

/** Units without a cause above them, with the key of the placeholder that stands there. */
const rootsOf = ({ id, missing, parts }: StitchedTrace): readonly (readonly [Unit, StitchKey | undefined])[] => {
  const top = missing.find(({ placeholder }) => placeholder.id === id);
  if (top) return top.units.map((unit) => [unit, top.placeholder.key] as const);
  return parts.slice(0, 1).map(({ unit }) => [unit, undefined] as const);
};

/** One for each parent, however many it called. */
const missingParentsOf = ({ units }: Missing, graph: Graph): Gap[] => {
  const called = new Map(
    units.filter((unit) => isParentMissing(unit, graph)).map((unit) => [unit.root.parentSpanId, unit]),
  );
  return [...called.values()].map(missingParent);
};

const missingParent = (unit: Unit): Gap => missingState(unit) ?? unrecordedCaller(unit) ?? missingCaller(unit);

/** A task of Step Functions knows the attempt that ran it; only an import tells of that. */
const missingState = ({ root, consumed }: Unit): Gap | undefined => {
  const execution = consumed.find(({ kind }) => kind === "sfn-execution");
  return (
    execution && {
      reason: "missing-parent",
      at: refOf(root),
      key: execution,
      message: `The state of ${execution.id} that ran ${nameOf(root)} (${root.parentSpanId}) never arrived, nor did who started that execution.`,
      advice: `Bring the execution with \`mayfly import step-functions --execution-arn ${execution.id}\`, or wrap who starts it with observe().`,
    }
  );
};

const unrecordedCaller = ({ root }: Unit): Gap | undefined =>
  isSampledOut(root)
    ? {
        reason: "sampled-out",
        at: refOf(root),
        message: `The span that called ${nameOf(root)} (${root.parentSpanId}) was not recorded: its trace was sampled out where it began.`,
        advice:
          "Raise the sampling ratio of whoever begins the trace; Mayfly's own invocations are sent whatever it decides.",
      }
    : undefined;

const missingCaller = ({ root }: Unit): Gap => ({
  reason: "missing-parent",
  at: refOf(root),
  message: `The span that called ${nameOf(root)} (${root.parentSpanId}) never arrived.`,
  advice: "Send the caller's spans here too, or check its sampling and its exporter for drops.",
});

/** One for each function, however often it ran. */
const withoutSpans = ({ parts }: StitchedTrace): Gap[] => {
  const alone = parts.map(({ unit }) => unit).filter((unit) => unit.platform?.isAlone);
  const first = new Map(alone.toReversed().map((unit) => [nameOf(unit.root), unit.root]));
  return [...first].toReversed().map(([name, root]) => ({
    reason: "uninstrumented-function",
    at: refOf(root),
    message: `${name} ran and sent no spans: all that is known of it is what Lambda says.`,
    advice:
      "Wrap its handler with observe(), or add the layer. If it is wrapped, its spans were lost: look for a timeout, or an exporter that is refused.",
  }));
};

const withoutRecords = (batch: Unit, trace: StitchedTrace, graph: Graph): Gap[] => {
  if (!batch.isBatch || trace.parts.some(({ unit }) => unit.invocation === batch.path)) return [];
  const name = nameOf(batch.root);
  const [message, advice] = handlesByRecord(batch, graph)
    ? [
        `${name} handled other records of this batch and left no span for this one: it ended before it came to it, or the span was lost.`,
        "Look at how the invocation ended; a message it did not handle is delivered again.",
      ]
    : [
        `${name} handled a batch without a span per record, so what it did for this transaction is unknown.`,
        "Handle the batch with eachRecord(event, fn): each record then gets its own span.",
      ];
  return [{ reason: "batch-without-records", at: refOf(batch.root), message, advice }];
};

/** Its records may be in traces that this story does not lead to: their links to the invocation tell. */
const handlesByRecord = (batch: Unit, graph: Graph): boolean =>
  recordsOf(batch, graph).length > 0 || graph.linksTo(batch.path).length > 0;
