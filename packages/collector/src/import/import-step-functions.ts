/**
 * Step Functions → a collector: executions that are named or listed, each a trace of its own, with those that they started.
 *
 *   ListExecutions ─┐
 *   --execution-arn ┴▶ not yet as it ended ─▶ DescribeExecution, GetExecutionHistory ─▶ spans ─▶ POST /v1/traces
 *                 ▲                                             │
 *                 └── executions that its tasks and Map runs started
 *
 * Errors  AwsError, and those of deliver; what could not be read or was not taken is told and counted.
 */
import type { UnixNano } from "../model/time.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { createSpanSending, type SpanSendingDeps } from "./span-sending.ts";
import { type createStepFunctionsSource, isExpress } from "./step-functions/fetch.ts";
import { type ExecutionSpans, type MapRunParent, spansOfExecution } from "./step-functions/spans.ts";

export interface StepFunctionsImportDeps extends SpanSendingDeps {
  readonly source: ReturnType<typeof createStepFunctionsSource>;
  readonly checkpoint: Checkpoint;
  readonly onProgress: (so: StepFunctionsImported) => void;
}

export interface StepFunctionsImported {
  executions: number;
  spans: number;
  unchanged: number;
  /** Listed, and not ended yet: a later run brings them. */
  running: number;
  /** Express, or gone. */
  withoutHistory: number;
  rejected: number;
}

export interface ExecutionChoice {
  /** Fetched whatever the checkpoint says, and as far as they have come. */
  readonly executionArns: readonly string[];
  readonly stateMachineArns: readonly string[];
  /** Executions of the state machines that started at this time or later. */
  readonly from: UnixNano;
}

interface Wanted {
  readonly arn: string;
  readonly within?: MapRunParent;
}

export const importStepFunctions = async (
  { executionArns, stateMachineArns, from }: ExecutionChoice,
  deps: StepFunctionsImportDeps,
): Promise<StepFunctionsImported> => {
  const { source, checkpoint, onProblem, onProgress } = deps;
  const so: StepFunctionsImported = {
    executions: 0,
    spans: 0,
    unchanged: 0,
    running: 0,
    withoutHistory: 0,
    rejected: 0,
  };
  const sending = createSpanSending(deps, (sent) => {
    so.spans += sent.spans;
    so.rejected += sent.rejected;
  });
  const seen = new Set<string>();

  /**
   * And all that it started, however deep. Only then is it noted, and only when all of it has ended: what still runs would
   * not be looked at again.
   */
  const bring = async (arn: string, revision?: number): Promise<void> => {
    let hasEnded = true;
    const open: Wanted[] = [{ arn }];
    for (let wanted = open.pop(); wanted !== undefined; wanted = open.pop()) {
      if (seen.has(wanted.arn)) continue;
      seen.add(wanted.arn);
      const read = await bringOne(wanted);
      if (read === undefined) continue;
      hasEnded &&= read.hasEnded;
      for (const child of read.children) open.push({ arn: child });
      for (const { arn: mapRunArn, parent } of read.mapRuns)
        for await (const child of source.executions({ mapRunArn })) open.push({ arn: child.arn, within: parent });
      onProgress(so);
    }
    if (hasEnded) await sending.add({ id: arn, revision, resourceSpans: [], spanCount: 0 });
  };

  const bringOne = async ({ arn, within }: Wanted): Promise<(ExecutionSpans & { hasEnded: boolean }) | undefined> => {
    const history = isExpress(arn) ? undefined : await source.history(arn);
    if (history === undefined) {
      so.withoutHistory += 1;
      onProblem(
        isExpress(arn)
          ? `execution ${arn}: express executions keep no history; what they did stands in their log group alone`
          : `execution ${arn}: is gone; Step Functions keeps a history for 90 days`,
      );
      return undefined;
    }
    const { described, events } = history;
    const read = spansOfExecution(described, events, within);
    so.executions += 1;
    await sending.add({ id: arn, revision: undefined, resourceSpans: [read.resourceSpans], spanCount: read.spanCount });
    return { ...read, hasEnded: described.stopDate !== undefined };
  };

  try {
    for (const arn of executionArns) await bring(arn);
    for (const stateMachineArn of stateMachineArns) {
      for await (const { arn, startedAt, revision } of source.executions({ stateMachineArn })) {
        if (startedAt !== undefined && BigInt(startedAt.getTime()) * 1_000_000n < from) break; // newest first
        if (revision === undefined) so.running += 1;
        else if (checkpoint.has(arn, revision)) so.unchanged += 1;
        else await bring(arn, revision);
      }
    }
    await sending.flush();
  } finally {
    await checkpoint.save();
  }
  return so;
};
