/**
 * The list of traces, asked of the thread that answers questions: so whoever follows a list holds nobody who sends.
 *
 * Errors  OverloadError and StoreError as the thread's; any other refusal is a bug, for the same question was taken before.
 */
import type { TraceList, TraceSummary } from "@mayfly/api";
import type { Filters } from "../query/list.ts";
import type { ReaderThread } from "./reader-thread.ts";

export const forwardedList =
  (thread: Pick<ReaderThread, "ask">) =>
  async (question: string, { from }: Filters, limit: number): Promise<readonly TraceSummary[]> => {
    const parameters = new URLSearchParams(question);
    if (from !== undefined) parameters.set("from", String(from));
    parameters.set("limit", String(limit));
    const answer = await thread.ask(`/api/traces?${parameters}`).answer;
    if (answer === undefined) return [];
    const body = Buffer.from(answer.body.buffer).toString();
    if (answer.status !== 200) throw new Error(`the list of traces was refused with ${answer.status}: ${body}`);
    return (JSON.parse(body) as TraceList).traces;
  };
