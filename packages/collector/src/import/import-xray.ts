/**
 * X-Ray → a collector: traces that are new or have grown since the last run, as spans over OTLP/HTTP.
 *
 *   GetTraceSummaries ─▶ not yet at this revision ─▶ BatchGetTraces ─▶ documents ─▶ spans ─▶ POST /v1/traces
 *        window by window                              five by five                            └▶ checkpoint
 *
 * A trace is noted as brought only after the collector has it; a break costs the last request, not the run. Traces are sent
 * again whole when they grow; the collector keeps one of equal spans.
 *
 * Errors  AwsError, and those of deliver; what could not be read or was not taken is told and counted.
 */
import { traceIdOfRoot } from "../model/xray-header.ts";
import type { Checkpoint, Window } from "./checkpoint.ts";
import type { Post } from "./deliver.ts";
import { createSpanSending } from "./span-sending.ts";
import { type createXRaySource, type FetchedTrace, IDS_A_CALL, type Summary, windowsOf } from "./xray/fetch.ts";
import { spansOfTrace } from "./xray/trace.ts";

export interface XRayImportDeps {
  readonly source: ReturnType<typeof createXRaySource>;
  readonly checkpoint: Checkpoint;
  readonly post: Post;
  readonly onProblem: (problem: string) => void;
  readonly onProgress: (so: XRayImported) => void;
}

export interface XRayImported {
  traces: number;
  spans: number;
  /** Brought by an earlier run, and not grown since. */
  unchanged: number;
  badDocuments: number;
  /** Traces that X-Ray named and did not give, or gave under an id that is none. */
  missing: number;
  /** Spans that the collector did not take. */
  rejected: number;
}

export interface Stretch extends Window {
  readonly filter?: string | undefined;
}

export const importXRay = async (stretch: Stretch, deps: XRayImportDeps): Promise<XRayImported> => {
  const so: XRayImported = { traces: 0, spans: 0, unchanged: 0, badDocuments: 0, missing: 0, rejected: 0 };
  const sending = createSpanSending(deps, (sent) => {
    so.traces += sent.sources;
    so.spans += sent.spans;
    so.rejected += sent.rejected;
  });
  const add = async ({ id, isCut, documents }: FetchedTrace, revision: number | undefined): Promise<void> => {
    const traceId = traceIdOfRoot(id);
    if (traceId === undefined) {
      so.missing += 1;
      deps.onProblem(`trace ${id}: is no trace id`);
      return;
    }
    const read = spansOfTrace(traceId, documents);
    if (isCut) deps.onProblem(`trace ${id}: X-Ray has cut it, it was larger than X-Ray keeps`);
    for (const problem of read.problems) deps.onProblem(`trace ${id}: ${problem}`);
    so.badDocuments += read.problems.length;
    await sending.add({ ...read, id, revision });
  };
  try {
    for (const window of windowsOf(stretch)) {
      for await (const summaries of chunks(newIn(deps, so, window, stretch.filter), IDS_A_CALL)) {
        const revisions = new Map(summaries.map(({ id, revision }) => [id, revision]));
        const traces = await deps.source.traces([...revisions.keys()]);
        for (const trace of traces) await add(trace, revisions.get(trace.id));
        const given = new Set(traces.map(({ id }) => id));
        for (const id of revisions.keys()) {
          if (given.has(id)) continue;
          so.missing += 1;
          deps.onProblem(`trace ${id}: X-Ray named it and did not give it; a run over the same time asks again`);
        }
        deps.onProgress(so);
      }
      await sending.flush();
      await deps.checkpoint.save(window);
    }
  } finally {
    await deps.checkpoint.save(); // also of a run that breaks off, what the collector has
  }
  return so;
};

async function* newIn(
  { source, checkpoint }: XRayImportDeps,
  so: XRayImported,
  window: Window,
  filter: string | undefined,
): AsyncGenerator<Summary> {
  for await (const summary of source.summaries(window, filter)) {
    if (checkpoint.has(summary.id, summary.revision)) so.unchanged += 1;
    else yield summary;
  }
}

async function* chunks<T>(all: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let chunk: T[] = [];
  for await (const one of all) {
    if (chunk.push(one) < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
