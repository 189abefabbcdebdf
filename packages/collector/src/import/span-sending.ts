/**
 * Spans of whatever was fetched → a collector, many sources a request; a source is noted in the checkpoint only after the
 * collector has answered for its spans.
 *
 * Errors  those of deliver; what the collector does not take is told and counted.
 */
import { type ResourceSpans, tracesToJson } from "@mayfly/otlp";
import type { Checkpoint } from "./checkpoint.ts";
import { deliver, type Post } from "./deliver.ts";

export interface SpanSource {
  /** A trace or an execution, as AWS calls it. */
  readonly id: string;
  /** undefined: not noted. */
  readonly revision: number | undefined;
  readonly resourceSpans: readonly ResourceSpans[];
  readonly spanCount: number;
}

export interface Sent {
  readonly sources: number;
  readonly spans: number;
  readonly rejected: number;
}

export interface SpanSendingDeps {
  readonly checkpoint: Pick<Checkpoint, "add">;
  readonly post: Post;
  readonly onProblem: (problem: string) => void;
}

const MAX_SPANS_A_REQUEST = 1000;

export const createSpanSending = ({ checkpoint, post, onProblem }: SpanSendingDeps, onSent: (sent: Sent) => void) => {
  let waiting: SpanSource[] = [];
  let spans = 0;

  const flush = async (): Promise<void> => {
    const [sources, count] = [waiting, spans];
    [waiting, spans] = [[], 0];
    let rejected = 0;
    if (count > 0) {
      const resourceSpans = sources.flatMap((source) => source.resourceSpans);
      const body = Buffer.from(JSON.stringify(tracesToJson({ resourceSpans })));
      const others = sources.length === 1 ? "" : ` and ${sources.length - 1} more`;
      const outcome = await deliver(post, "/v1/traces", body, `request with ${sources[0]?.id}${others}`);
      if (outcome.problem !== undefined) onProblem(outcome.problem);
      rejected = outcome.taken ? outcome.rejected : count;
    }
    for (const { id, revision } of sources) checkpoint.add(id, revision);
    onSent({ sources: sources.length, spans: count - rejected, rejected });
  };

  return {
    flush,
    async add(source: SpanSource): Promise<void> {
      waiting.push(source);
      spans += source.spanCount;
      if (spans >= MAX_SPANS_A_REQUEST) await flush();
    },
  };
};
