/** One trace with its log lines: spans as pages of them arrive, lines when the spans are there. */
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

export const useTrace = (client: Client, id: string): LoadedTrace & { readonly retry: () => void } => {
  const [state, setState] = useState(NOTHING);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const load = async (): Promise<void> => {
      let detail: TraceDetail | undefined;
      for await (const page of client.trace(id, abort.signal)) {
        detail = detail ? { ...page, spans: [...detail.spans, ...page.spans] } : page;
        setState({ trace: reviveTrace(detail), isComplete: page.cursor === undefined });
      }
      if (detail === undefined) return;
      const { records, truncated } = await client.logs(detail, abort.signal);
      const logs = reviveLogs(logsOfTrace(records, detail), BigInt(detail.startTimeUnixNano));
      setState((before) => ({ ...before, logs, logsTruncated: truncated }));
    };
    setState(NOTHING);
    load().catch((error: unknown) => {
      if (isAbort(error)) return;
      const shown = error instanceof ApiError ? error : new ApiError("unexpected", String(error), 0);
      setState((before) => ({ ...before, error: shown }));
    });
    return () => abort.abort();
  }, [client, id, attempt]);
  return { ...state, retry: () => setAttempt((count) => count + 1) };
};
