/** Everything known about one row: of a span its attributes, events, links, joins and log lines; of a join its evidence. */
import type { Gap, Join, SpanEvent, SpanRef } from "@mayfly/api";
import type { ComponentChildren } from "preact";
import { hueClass } from "../../model/colors.ts";
import { formatCount, formatDuration, formatOffset, formatShare, formatTime } from "../../model/format.ts";
import { clockText } from "../../model/clock-text.ts";
import { timeOf } from "../../model/critical-path.ts";
import { type JoinsOfOneEvidence, joinText, joinsByEvidence, placeholderText } from "../../model/join-text.ts";
import { evidenceReason, platformFacts, shownName } from "../../model/platform.ts";
import { type GapRow, type JoinRow, type PlaceholderRow, type Row, type SpanRow, errorOf } from "../../model/rows.ts";
import { EXCEPTION_STACKTRACE } from "../../model/semconv.ts";
import type { Extent } from "../../model/time-scale.ts";
import { type LogView, type TraceView, pathOf } from "../../model/trace-view.ts";
import { waitPlace } from "../../model/waits.ts";
import { tracePath } from "../../routes.ts";
import { LogLine } from "../log-list/log-lines.tsx";
import { AttributeTable } from "./attribute-table.tsx";
import { Fact } from "./fact.tsx";
import "./detail.css";

interface DetailProps {
  readonly row: Row;
  readonly trace: TraceView;
  /** What of it is on the critical path. */
  readonly onPath: readonly Extent[] | undefined;
  /** Undefined while they load. */
  readonly logs: readonly LogView[] | undefined;
  readonly onClose: () => void;
  readonly onGoTo: (rowId: string) => void;
}

export const Detail = (props: DetailProps) => (
  <aside class={`detail ${hueClass(props.row.functionName)}`} aria-label="Detail">
    <Body {...props} />
  </aside>
);

const Body = ({ row, trace, onPath, logs, onClose, onGoTo }: DetailProps): ComponentChildren => {
  switch (row.kind) {
    case "span":
      return <SpanDetail row={row} trace={trace} onPath={onPath} logs={logs} onClose={onClose} onGoTo={onGoTo} />;
    case "join":
      return <JoinDetail row={row} trace={trace} onPath={onPath} onClose={onClose} onGoTo={onGoTo} />;
    case "gap":
      return <GapDetail row={row} onClose={onClose} />;
    case "placeholder":
      return <PlaceholderDetail row={row} onClose={onClose} />;
  }
};

const Title = ({ children, onClose }: { readonly children: ComponentChildren; readonly onClose: () => void }) => (
  <header>
    <h2>{children}</h2>
    <button type="button" class="plain" onClick={onClose} aria-label="Close the detail" title="Close (esc)">
      ✕
    </button>
  </header>
);

const Section = ({
  title,
  count,
  children,
}: {
  readonly title: string;
  readonly count?: number;
  readonly children: ComponentChildren;
}) => (
  <section>
    <h3>
      {title} {count !== undefined && <span class="muted">{count}</span>}
    </h3>
    {children}
  </section>
);

const OnPath = ({ onPath, trace }: { readonly onPath: readonly Extent[]; readonly trace: TraceView }) => (
  <Fact name="critical path" title="What it adds to the duration of the whole">
    {formatDuration(timeOf(onPath))}{" "}
    <span class="muted">{formatShare(timeOf(onPath) / trace.durationNs)} of the trace</span>
  </Fact>
);

const SpanDetail = ({ row, trace, onPath, logs, onClose, onGoTo }: DetailProps & { readonly row: SpanRow }) => {
  const { view, functionName } = row;
  const { span } = view;
  const error = errorOf(row);
  const unsent = evidenceReason(span);
  const lines = logs?.filter(({ record }) => belongsTo(record, row));
  const joins = trace.joins.filter((join) => touches(join, view.path));
  return (
    <>
      <Title onClose={onClose}>
        {functionName !== undefined && <span class="function">{functionName}</span>} {shownName(span)}
      </Title>
      {error !== undefined && <p class="error-text">{error}</p>}
      {unsent !== undefined && <p class="unsent-reason">{unsent}</p>}
      <dl class="facts">
        <Fact name="duration" title={`${span.durationNs} ns`}>
          {formatDuration(span.durationNs)}
        </Fact>
        <Fact name="started" title={span.startTimeUnixNano}>
          {formatOffset(view.startNs)}{" "}
          <span class="muted">{formatTime(Number(BigInt(span.startTimeUnixNano) / 1_000_000n))}</span>
        </Fact>
        {span.selfTimeNs !== undefined && span.selfTimeNs < span.durationNs && (
          <Fact name="self time" title={`${span.selfTimeNs} ns in which nothing that it caused ran`}>
            {formatDuration(span.selfTimeNs)}
          </Fact>
        )}
        {onPath && <OnPath onPath={onPath} trace={trace} />}
        {view.clockOffsetNs !== undefined && (
          <Fact name="clock" title={`${view.clockOffsetNs} ns`}>
            {formatOffset(view.clockOffsetNs)} <span class="muted">{clockText(view.clockOffsetNs)}</span>
          </Fact>
        )}
        {view.isColdStart && (
          <Fact name="cold start">
            {view.initNs === undefined ? "yes, init phase unknown" : `init ${formatDuration(view.initNs)}`}
          </Fact>
        )}
        <Fact name="kind">{span.kind}</Fact>
        <Fact name="span id" copy={span.spanId} />
        <Fact name="trace id" copy={span.traceId} />
        {span.requestId !== undefined && <Fact name="request id" copy={span.requestId} />}
      </dl>
      {span.platform && (
        <Section title="What Lambda says">
          <dl class="facts platform">
            {platformFacts(span.platform).map(({ name, text, title }) => (
              <Fact key={name} name={name} {...(title !== undefined && { title })}>
                {text}
              </Fact>
            ))}
          </dl>
        </Section>
      )}
      {joins.length > 0 && <Joins title="Joins" joins={joins} trace={trace} self={view.path} onGoTo={onGoTo} />}
      {row.view.isError && <Stack events={span.events} />}
      <Section title="Attributes" count={Object.keys(span.attributes).length}>
        <AttributeTable attributes={span.attributes} />
      </Section>
      {span.events.length > 0 && (
        <Section title="Events" count={span.events.length}>
          {span.events.map((event, index) => (
            <div key={index} class="event">
              <p>
                <b>{event.name}</b>{" "}
                <span class="muted">{formatOffset(Number(BigInt(event.timeUnixNano) - trace.startTimeUnixNano))}</span>
              </p>
              <AttributeTable attributes={withoutStack(event)} />
            </div>
          ))}
        </Section>
      )}
      {span.links.length > 0 && (
        <Section title="Links" count={span.links.length}>
          {span.links.slice(0, MOST_LISTED).map((link, index) => (
            <div key={index} class="event">
              <p class="mono">
                {trace.spanAt.has(pathOf(link)) ? (
                  <button type="button" class="inline" onClick={() => onGoTo(link.spanId)}>
                    {trace.spanAt.get(pathOf(link))?.span.name}
                  </button>
                ) : (
                  <span class="muted">outside of this trace</span>
                )}{" "}
                {link.spanId}
              </p>
              <AttributeTable attributes={link.attributes} />
            </div>
          ))}
          <More than={span.links} />
        </Section>
      )}
      <Section
        title={row.isInvocation ? "Log lines of this invocation" : "Log lines"}
        {...(lines && { count: lines.length })}
      >
        {lines === undefined && <p class="muted">Loading …</p>}
        {lines?.length === 0 && <p class="muted">None arrived.</p>}
        <div class="lines" role="grid" aria-label="Log lines">
          {lines?.slice(0, MOST_LINES).map((line, index) => (
            <LogLine key={index} line={line} showsFunction={false} />
          ))}
        </div>
        {lines && <More than={lines} most={MOST_LINES} />}
      </Section>
    </>
  );
};

/** A message may have ten thousand receivers, and an invocation as many lines: who reads them here reads the first. */
const MOST_LISTED = 50;
const MOST_LINES = 500;

const More = ({ than, most = MOST_LISTED }: { readonly than: readonly unknown[]; readonly most?: number }) =>
  than.length > most ? <p class="muted">and {formatCount(than.length - most)} more</p> : null;

/** An invocation has all lines of its run, any other span the lines written while it was the current one. */
const belongsTo = (record: LogView["record"], { view: { span }, isInvocation }: SpanRow): boolean => {
  const isSpan = record.traceId === span.traceId && record.spanId === span.spanId;
  return isSpan || (isInvocation && span.requestId !== undefined && record.requestId === span.requestId);
};

const touches = (join: Join, path: string): boolean =>
  pathOf(join.to) === path || (!("placeholder" in join.from) && pathOf(join.from) === path);

const withoutStack = ({ attributes }: SpanEvent): SpanEvent["attributes"] =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== EXCEPTION_STACKTRACE));

const Stack = ({ events }: { readonly events: readonly SpanEvent[] }) => {
  const stack = events.map((event) => event.attributes[EXCEPTION_STACKTRACE]).find((one) => typeof one === "string");
  return stack === undefined ? null : (
    <Section title="Stack">
      <pre class="stack">{stack}</pre>
    </Section>
  );
};

interface JoinsProps extends Pick<DetailProps, "trace" | "onGoTo"> {
  readonly title: string;
  readonly joins: readonly Join[];
  /** The span that is looked at: it is not named as an end. */
  readonly self?: string;
}

const Joins = ({ title, joins, ...rest }: JoinsProps) => {
  const groups = joinsByEvidence(joins);
  return (
    <Section title={title} count={groups.length}>
      {groups.slice(0, MOST_LISTED).map((group, index) => (
        <JoinFacts key={index} joins={group} {...rest} />
      ))}
      <More than={groups} />
    </Section>
  );
};

const JoinFacts = ({
  joins: [join, ...others],
  trace,
  self,
  onGoTo,
}: Omit<JoinsProps, "title" | "joins"> & { readonly joins: JoinsOfOneEvidence }) => {
  const { from, key, strength, relation, reason } = join;
  const receivers = [join, ...others].map(({ to }) => to).filter((to) => pathOf(to) !== self);
  return (
    <dl class="facts join-facts">
      {!("placeholder" in from) && pathOf(from) !== self && (
        <Fact name="sent by">
          <SpanButton at={from} trace={trace} onGoTo={onGoTo} />
        </Fact>
      )}
      {receivers.length > 0 && (
        <Fact name="received by">
          {receivers.slice(0, MOST_LISTED).map((to) => (
            <div key={pathOf(to)}>
              <SpanButton at={to} trace={trace} onGoTo={onGoTo} />
              {isWithinOneOf(receivers, to, trace) && <span class="muted"> within it</span>}
            </div>
          ))}
          <More than={receivers} />
        </Fact>
      )}
      {key && <Fact name={key.kind} copy={key.id} />}
      {key?.scope !== undefined && key.scope !== "" && <Fact name="seen on">{key.scope}</Fact>}
      <Fact name="evidence">
        {strength}; {reason}
      </Fact>
      <Fact name="relation">
        {relation === "continues" ? "continues: works for this message alone" : "links: works for several messages"}
      </Fact>
    </dl>
  );
};

/** A record's span and the invocation that it ran in have one message, and one proof of it. */
const isWithinOneOf = (receivers: readonly SpanRef[], at: SpanRef, { spanAt }: TraceView): boolean => {
  const inner = spanAt.get(pathOf(at));
  return (
    inner?.span.requestId !== undefined &&
    receivers.some((receiver) => {
      const outer = spanAt.get(pathOf(receiver));
      return (
        outer !== undefined &&
        outer !== inner &&
        outer.span.requestId === inner.span.requestId &&
        outer.startNs <= inner.startNs &&
        outer.endNs > inner.endNs
      );
    })
  );
};

const SpanButton = ({ at, trace, onGoTo }: Pick<DetailProps, "trace" | "onGoTo"> & { readonly at: SpanRef }) => {
  const span = trace.spanAt.get(pathOf(at))?.span;
  return (
    <button type="button" class="inline" title={at.spanId} onClick={() => onGoTo(at.spanId)}>
      {span ? [span.functionName ?? span.serviceName, span.name].filter(Boolean).join(" ") : at.spanId}
    </button>
  );
};

type JoinDetailProps = Omit<DetailProps, "row" | "logs"> & { readonly row: JoinRow };

const JoinDetail = ({ row, trace, onPath, onClose, onGoTo }: JoinDetailProps) => {
  const [join] = row.joins;
  return (
    <>
      <Title onClose={onClose}>{join && joinText(join)}</Title>
      {join &&
        row.waits.map(({ fromNs, toNs }) => (
          <dl key={fromNs} class="facts">
            <Fact name="waited" title={`${toNs - fromNs} ns`}>
              {formatDuration(toNs - fromNs)} {waitPlace(join)}
            </Fact>
            <Fact name="between">
              {formatOffset(fromNs)} and {formatOffset(toNs)}
            </Fact>
          </dl>
        ))}
      {onPath && (
        <dl class="facts">
          <OnPath onPath={onPath} trace={trace} />
        </dl>
      )}
      <Joins title="Why we believe it" joins={row.joins} trace={trace} onGoTo={onGoTo} />
    </>
  );
};

const GapFacts = ({ gap }: { readonly gap: Gap }) => (
  <>
    <p>{gap.message}</p>
    <p class="advice">{gap.advice}</p>
    {gap.key && (
      <dl class="facts">
        <Fact name={gap.key.kind} copy={gap.key.id} />
        {gap.candidates && (
          <Fact name="one of">
            {gap.candidates.map(({ traceId, spanId, name }) => (
              <div key={spanId}>
                <a href={`${tracePath(traceId)}?row=${spanId}`}>
                  {name} <span class="mono">{spanId.slice(0, 8)}</span>
                </a>
              </div>
            ))}
          </Fact>
        )}
      </dl>
    )}
  </>
);

const GapDetail = ({ row, onClose }: Pick<DetailProps, "onClose"> & { readonly row: GapRow }) => (
  <>
    <Title onClose={onClose}>The story breaks off here</Title>
    <GapFacts gap={row.gap} />
  </>
);

const PlaceholderDetail = ({ row, onClose }: Pick<DetailProps, "onClose"> & { readonly row: PlaceholderRow }) => (
  <>
    <Title onClose={onClose}>Something came before</Title>
    {row.gaps.length === 0 && <p>{placeholderText(row.placeholder)}</p>}
    {row.gaps.map((gap, index) => (
      <GapFacts key={index} gap={gap} />
    ))}
  </>
);
