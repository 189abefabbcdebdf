/**
 * X-Ray's traces, through its API: which there are in a stretch of time, and their documents.
 *
 * Limits  GetTraceSummaries at most six hours a call; BatchGetTraces five ids. What comes in pages is asked for with the
 *         token that came; ids that X-Ray did not get to are asked for again, a few times.
 * Errors  AwsError.
 * Source  AWS X-Ray API reference, GetTraceSummaries and BatchGetTraces.
 */
import { setTimeout as delay } from "node:timers/promises";
import { BatchGetTracesCommand, GetTraceSummariesCommand, type XRayClient } from "@aws-sdk/client-xray";
import type { UnixNano } from "../../model/time.ts";
import { patiently, type Wait } from "../../aws.ts";
import type { Window } from "../checkpoint.ts";
import type { TraceDocument } from "./trace.ts";

export interface Summary {
  readonly id: string;
  /** Grows when segments arrive late. */
  readonly revision: number | undefined;
}

export interface FetchedTrace {
  readonly id: string;
  /** X-Ray cut it: it was larger than a trace may be. */
  readonly isCut: boolean;
  readonly documents: readonly TraceDocument[];
}

const HOUR = 3_600_000_000_000n;
const WINDOW = 6n * HOUR;
export const IDS_A_CALL = 5;
const MAX_ROUNDS = 4;
const SECOND_MS = 1000;

/** Oldest first, together exactly the stretch. */
export function* windowsOf({ from, to }: Window): Generator<Window> {
  for (let start = from; start < to; start += WINDOW)
    yield { from: start, to: start + WINDOW < to ? start + WINDOW : to };
}

export const createXRaySource = (client: Pick<XRayClient, "send">, wait: Wait = delay) => ({
  /** Traces that changed in this time: by the time of the event, a late segment brings an old trace up again. */
  async *summaries({ from, to }: Window, filter: string | undefined): AsyncGenerator<Summary> {
    let NextToken: string | undefined;
    do {
      const asked = new GetTraceSummariesCommand({
        StartTime: dateOf(from),
        EndTime: dateOf(to),
        TimeRangeType: "Event",
        Sampling: false,
        ...(filter !== undefined && { FilterExpression: filter }),
        ...(NextToken !== undefined && { NextToken }),
      });
      const page = await patiently("GetTraceSummaries", () => client.send(asked), wait);
      for (const { Id, Revision } of page.TraceSummaries ?? [])
        if (Id !== undefined) yield { id: Id, revision: Revision };
      NextToken = page.NextToken || undefined;
    } while (NextToken !== undefined);
  },

  /** At most IDS_A_CALL of them; those that X-Ray does not give are not there. */
  async traces(ids: readonly string[]): Promise<readonly FetchedTrace[]> {
    const found = new Map<string, { isCut: boolean; documents: TraceDocument[] }>();
    let missing: readonly string[] = ids;
    for (let round = 0; missing.length > 0 && round < MAX_ROUNDS; round += 1) {
      if (round > 0) await wait(round * SECOND_MS);
      missing = await batch(client, missing, found, wait);
    }
    return [...found].map(([id, trace]) => ({ id, ...trace }));
  },
});

/** Returns what X-Ray did not get to. A trace's segments may be spread over the pages. */
const batch = async (
  client: Pick<XRayClient, "send">,
  ids: readonly string[],
  found: Map<string, { isCut: boolean; documents: TraceDocument[] }>,
  wait: Wait,
): Promise<readonly string[]> => {
  const unprocessed = new Set<string>();
  let NextToken: string | undefined;
  do {
    const asked = new BatchGetTracesCommand({ TraceIds: [...ids], ...(NextToken !== undefined && { NextToken }) });
    const page = await patiently("BatchGetTraces", () => client.send(asked), wait);
    for (const { Id, LimitExceeded, Segments } of page.Traces ?? []) {
      if (Id === undefined) continue;
      const trace = found.get(Id) ?? { isCut: false, documents: [] };
      found.set(Id, trace);
      trace.isCut ||= LimitExceeded ?? false;
      for (const { Id: id = "?", Document } of Segments ?? [])
        if (Document !== undefined) trace.documents.push({ id, text: Document });
    }
    for (const id of page.UnprocessedTraceIds ?? []) unprocessed.add(id);
    NextToken = page.NextToken || undefined;
  } while (NextToken !== undefined);
  return [...unprocessed];
};

const dateOf = (time: UnixNano): Date => new Date(Number(time / 1_000_000n));
