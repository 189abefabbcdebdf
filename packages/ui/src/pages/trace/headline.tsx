/** The page's first lines: how long, what failed, what waited, what was cold, how much was joined. */
import { unixMs } from "../../api/revive.ts";
import { formatDuration, formatTime, plural } from "../../model/format.ts";
import type { Headline as HeadlineView } from "../../model/headline.ts";
import { idLabels } from "../../model/id-labels.ts";
import type { TraceView } from "../../model/trace-view.ts";
import { CopyButton } from "../../parts/copy/copy-button.tsx";
import { tracePath } from "../../routes.ts";

interface HeadlineProps {
  readonly trace: TraceView;
  readonly headline: HeadlineView;
  readonly isComplete: boolean;
  readonly onGoTo: (rowId: string) => void;
}

export const Headline = ({ trace, headline, isComplete, onGoTo }: HeadlineProps) => {
  const { head } = trace;
  const { failure, coldStarts, waitedNs, gapCount, annotations, invocations } = headline;
  return (
    <header class="headline">
      <div class="line">
        <h1>{head.name}</h1>
        <strong class="duration" title={`${head.durationNs} ns`}>
          {formatDuration(head.durationNs)}
        </strong>
        <span class="muted">
          {plural(head.functions.length, "function")} · {plural(invocations, "invocation")} ·{" "}
          {head.traceIds.length === 1 ? "1 trace" : `${plural(head.traceIds.length, "trace")} stitched`} ·{" "}
          {plural(head.spanCount, "span")}
        </span>
        <span class="spacer" />
        <time class="muted">{formatTime(unixMs(head.startTimeUnixNano))}</time>
      </div>
      <div class="line answers">
        {failure ? (
          <button type="button" class="answer error" onClick={() => onGoTo(failure.row.id)}>
            <span aria-hidden="true">✕</span> {failure.row.functionName}: {failure.text}
            {failure.mendedBy !== undefined && <span class="muted"> (attempt {failure.mendedBy} ok)</span>}
          </button>
        ) : (
          <span class="answer">no error</span>
        )}
        {coldStarts.count > 0 && (
          <span class="answer cold">
            <span aria-hidden="true">❄</span> {plural(coldStarts.count, "cold start")}
            {coldStarts.initNs > 0 && ` ${formatDuration(coldStarts.initNs)}`}
          </span>
        )}
        {waitedNs > 0 && (
          <span class="answer">
            <i class="hatch" aria-hidden="true" /> {formatDuration(waitedNs)} waiting
          </span>
        )}
        {gapCount > 0 && <span class="answer gap">? {plural(gapCount, "gap")}</span>}
        {annotations.map(([key, value]) => (
          <span key={key} class="answer">
            <span class="muted">{key}</span> {value}
          </span>
        ))}
        {!head.settled && <span class="answer muted">late data may still come</span>}
        <span class="take-away">
          <CopyButton text={head.id} label="Copy id of the trace">
            copy id
          </CopyButton>
          <a
            class="muted"
            href={`/api/traces/${encodeURIComponent(head.id)}?format=otlp`}
            target="_blank"
            rel="noreferrer"
            title="These spans as OTLP-JSON, every field as it arrived"
          >
            OTLP
          </a>
        </span>
      </div>
      <Notes trace={trace} isComplete={isComplete} />
    </header>
  );
};

const Notes = ({ trace: { head, spans }, isComplete }: { readonly trace: TraceView; readonly isComplete: boolean }) => (
  <>
    {!isComplete && (
      <p class="note" role="status">
        Loading: {spans.length} of {head.spanCount} spans are here.
      </p>
    )}
    {isComplete && head.truncated === true && (
      <p class="note warn">This transaction is larger than one walk may be; what is beyond the bound is left out.</p>
    )}
    <OtherTraces words="This batch worked for" ids={head.memberOf ?? []} />
    <OtherTraces words="The same id also names" ids={head.alternatives ?? []} />
  </>
);

/** More than these are counted, not listed: an id that a whole batch shares names a hundred. */
const MOST_LISTED = 5;

const OtherTraces = ({ words, ids }: { readonly words: string; readonly ids: readonly string[] }) => {
  if (ids.length === 0) return null;
  const labels = idLabels(ids);
  const more = ids.slice(MOST_LISTED);
  return (
    <p class="note">
      {words}{" "}
      {ids.slice(0, MOST_LISTED).map((id, index) => (
        <span key={id}>
          {index > 0 && ", "}
          <a class="mono" href={tracePath(id)} title={id}>
            {labels[index]}
          </a>
        </span>
      ))}
      {more.length > 0 && <span title={more.join("\n")}> and {more.length} more</span>}
    </p>
  );
};
