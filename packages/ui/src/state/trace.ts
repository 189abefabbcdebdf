/**
 * One trace with its log lines: spans as pages of them arrive, lines when the spans are there. A trace that is not settled is
 * asked for again, and what is shown stays until the newer answer is complete.
 */
import type { TraceDetail } from "@mayfly/api";
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Client, isAbort } from "../api/client.ts";
import { reviveLogs, reviveTrace } from "../api/revive.ts";
import { logsOfTrace } from "../model/trace-logs.ts";
import type { LogView, TraceView } from "../model/trace-view.ts";

export interface LoadedTrace {
  readonly trace?: TraceView;
  readonly isComplete: boolean;
  readonly logs?: readonly LogView[];
  readonly logsTruncated?: boolean;
  readonly error?: ApiError;
}

const NOTHING: LoadedTrace = { isComplete: false };
const UNSETTLED_EVERY_MS = 2_000;

/** Every page tells the whole anew, but for its own spans with what leads to them, and what only the first one has. */
const withPage = (detail: TraceDetail, page: TraceDetail): TraceDetail => {
  const { cursor: _cursor, truncated: _truncated, ...known } = detail;
  return {
    ...known,
    ...page,
    spans: [...detail.spans, ...page.spans],
    joins: [...detail.joins, ...page.joins],
  };
};

export const useTrace = (client: Client, id: string): LoadedTrace & { readonly retry: () => void } => {
  const [state, setState] = useState(NOTHING);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (more: Partial<LoadedTrace>): void => {
      if (!abort.signal.aborted) setState((before) => ({ ...before, ...more }));
    };
    const load = async (isFirst: boolean): Promise<void> => {
      let detail: TraceDetail | undefined;
      for await (const page of client.trace(id, abort.signal)) {
        detail = detail ? withPage(detail, page) : page;
        const isComplete = page.cursor === undefined;
        if (isFirst || isComplete) show({ trace: reviveTrace(detail), isComplete });
      }
      if (detail === undefined) return;
      const { records, truncated } = await client.logs(detail, abort.signal);
      const logs = reviveLogs(logsOfTrace(records, detail), BigInt(detail.startTimeUnixNano));
      show({ logs, logsTruncated: truncated });
      if (!detail.settled && !abort.signal.aborted) timer = setTimeout(() => void attemptTo(false), UNSETTLED_EVERY_MS);
    };
    const attemptTo = async (isFirst: boolean): Promise<void> => {
      try {
        await load(isFirst);
      } catch (error) {
        if (isAbort(error)) return;
        show({ error: error instanceof ApiError ? error : new ApiError("unexpected", String(error), 0) });
      }
    };
    setState(NOTHING);
    void attemptTo(true);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [client, id, attempt]);
  return { ...state, retry: () => setAttempt((count) => count + 1) };
};
