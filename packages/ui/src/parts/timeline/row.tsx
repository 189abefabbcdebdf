/**
 * One row of the waterfall: what it is on the left, when it was in the middle, how long on the right.
 *
 *   ▾ payment  process orders            ▇▇▇▇▇▇▇▇                     161 ms
 *     ╰ joined by SQS message id 059f…   ╌╌╌╌╌ 380 ms in queue
 *     ? no consumer …                    (over the whole width)
 */
import type { CSSProperties, ComponentChildren } from "preact";
import { hueClass } from "../../model/colors.ts";
import { clockText } from "../../model/clock-text.ts";
import { formatDuration, formatOffset } from "../../model/format.ts";
import { joinText, placeholderText } from "../../model/join-text.ts";
import { MAYFLY_IN_PROGRESS } from "../../model/semconv.ts";
import { evidenceReason, shownName } from "../../model/platform.ts";
import { type JoinRow, type Row, type SpanRow, errorOf } from "../../model/rows.ts";
import { type Extent, placeInterval } from "../../model/time-scale.ts";
import { type Hit, partsBy } from "../../model/visible-rows.ts";
import { type WordsPlace, waitPlace, wordsPlace } from "../../model/waits.ts";
import { percent } from "./ruler.tsx";
import { initInterval } from "../../model/trace-view.ts";

export const ROW_HEIGHT = 24;
const INDENT_PX = 14;
/** Deeper rows stand at this depth: a name must have room. */
const MAX_INDENT = 18;

export const rowElementId = (id: string): string => `row-${id}`;

interface TimelineRowProps {
  readonly row: Row;
  readonly index: number;
  readonly extent: Extent;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly isFolded: boolean;
  /** Whether it can be folded now, and whether it shows that something stands below it. */
  readonly fold: "free" | "fixed" | "none";
  /** What one is looking for, and where this row has it; undefined where it only leads to what has. */
  readonly find: string;
  readonly hit: Hit | undefined;
  /** What of it is on the critical path. */
  readonly onPath: readonly Extent[] | undefined;
  readonly style: CSSProperties;
  readonly onSelect: (row: Row) => void;
  readonly onFold: (row: Row) => void;
}

export const TimelineRow = (props: TimelineRowProps) => {
  const { row, index, extent, isActive, isSelected, isFolded, fold, find, hit, onPath, style, onSelect, onFold } =
    props;
  const isPassedBy = find !== "" && hit === undefined;
  return (
    <div
      id={rowElementId(row.id)}
      class={classesOf(row, { isActive, isSelected, isPassedBy })}
      role="row"
      aria-level={row.level}
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      aria-expanded={fold === "none" ? undefined : !isFolded}
      style={style}
      onClick={() => onSelect(row)}
    >
      <div role="gridcell" class="label" style={{ "--indent": `${Math.min(row.indent, MAX_INDENT) * INDENT_PX}px` }}>
        {fold === "free" ? (
          <span
            class={isFolded ? "fold folded" : "fold"}
            aria-hidden="true"
            title={isFolded ? `Unfold ${row.descendants} rows` : "Fold"}
            onClick={(event) => {
              event.stopPropagation();
              onFold(row);
            }}
          />
        ) : (
          <span class={fold === "fixed" ? "fold fixed" : "fold"} />
        )}
        <Label row={row} find={hit ? find : ""} hit={hit} />
      </div>
      {row.kind === "span" && <SpanBar row={row} extent={extent} onPath={onPath} />}
      {row.kind === "join" && <Waits row={row} extent={extent} onPath={onPath} />}
    </div>
  );
};

interface Looks {
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly isPassedBy: boolean;
}

const classesOf = (row: Row, { isActive, isSelected, isPassedBy }: Looks): string =>
  [
    "timeline-row",
    row.kind,
    hueClass(row.functionName),
    row.kind === "span" && row.isInvocation && "invocation",
    row.kind === "span" && row.view.isError && "failed",
    row.kind === "span" && row.view.span.evidence !== undefined && "unsent",
    isActive && "active",
    isSelected && "selected",
    isPassedBy && "passed-by",
  ]
    .filter(Boolean)
    .join(" ");

interface Sought {
  readonly find: string;
  readonly hit: Hit | undefined;
}

const Label = ({ row, ...sought }: Sought & { readonly row: Row }): ComponentChildren => {
  switch (row.kind) {
    case "span":
      return <SpanLabel row={row} {...sought} />;
    case "join":
      return <JoinLabel row={row} {...sought} />;
    case "gap":
      return <MissingLabel text={row.gap.message} advice={row.gap.advice} {...sought} />;
    case "placeholder":
      return (
        <MissingLabel
          text={row.gaps[0]?.message ?? placeholderText(row.placeholder)}
          advice={row.gaps[0]?.advice}
          {...sought}
        />
      );
  }
};

const Marked = ({ text, find }: { readonly text: string; readonly find: string }) => (
  <>{partsBy(text, find).map((part, index) => (index % 2 === 1 ? <mark key={index}>{part}</mark> : part))}</>
);

/** What of the row's detail holds what one is looking for. */
const Where = ({ find, hit }: Sought) =>
  hit?.where === undefined ? null : (
    <span class="tag where" title={`${hit.where.name}: ${hit.where.text}`}>
      {hit.where.name} <Marked text={around(hit.where.text, find)} find={find} />
    </span>
  );

const MOST_BEFORE = 12;

/** A long value begins shortly before what is looked for. */
const around = (text: string, find: string): string => {
  const at = text.toLowerCase().indexOf(find.trim().toLowerCase());
  return at > MOST_BEFORE * 2 ? `…${text.slice(at - MOST_BEFORE)}` : text;
};

const SpanLabel = ({ row, find, hit }: Sought & { readonly row: SpanRow }) => {
  const { view, isInvocation, attempt, batchSize, delivery } = row;
  const error = errorOf(row);
  return (
    <span class="words" title={[error, evidenceReason(view.span)].filter(Boolean).join("\n") || view.span.name}>
      {view.isError && (
        <span class="sign error" aria-label="failed">
          ✕
        </span>
      )}
      {isInvocation && (
        <b class="function">
          <span>
            <Marked text={row.functionName ?? "unknown"} find={find} />
          </span>
        </b>
      )}
      <span class="name">
        <Marked text={shownName(view.span)} find={find} />
      </span>
      <Where find={find} hit={hit} />
      {attempt !== undefined && <span class="tag">attempt {attempt}</span>}
      {delivery !== undefined && (
        <span class="tag" title={`SQS handed out this message ${delivery} times so far`}>
          delivery {delivery}
        </span>
      )}
      {batchSize !== undefined && <BatchTag batchSize={batchSize} isWhole={row.parent < 0} />}
      {view.span.attributes[MAYFLY_IN_PROGRESS] === true && (
        <span class="tag" title="It had not ended when it was imported; import it again for its end">
          still running
        </span>
      )}
      {isInvocation && view.clockOffsetNs !== undefined && (
        <span class="tag" title={clockText(view.clockOffsetNs)}>
          clock {formatOffset(view.clockOffsetNs)}
        </span>
      )}
      {view.isColdStart && (
        <span class="tag cold" title="cold start">
          ❄ <ColdWords initNs={view.initNs} />
        </span>
      )}
      {error !== undefined && (
        <span class="message">
          <Marked text={error} find={find} />
        </span>
      )}
    </span>
  );
};

/** In a narrow window the mark and the time are enough. */
const ColdWords = ({ initNs }: { readonly initNs: number | undefined }) =>
  initNs === undefined ? (
    <>cold</>
  ) : (
    <>
      <span class="word">cold </span>
      {formatDuration(initNs)}
    </>
  );

/** Where nothing led to it, one looks at the batch itself and not at one transaction of it. */
const BatchTag = ({ batchSize, isWhole }: { readonly batchSize: number; readonly isWhole: boolean }) =>
  isWhole ? (
    <span class="tag">batch of {batchSize}</span>
  ) : (
    <span class="tag" title={`It was given ${batchSize} messages at once; one of them is of this transaction`}>
      1 of {batchSize}
    </span>
  );

const JoinLabel = ({ row: { joins, elsewhere }, find, hit }: Sought & { readonly row: JoinRow }) => {
  const [join] = joins;
  if (join === undefined) return null;
  return (
    <span class="words" title={`${join.reason} (${join.strength})`}>
      <span class="elbow" aria-hidden="true" />
      <span class="name">
        <Marked text={joinText(join)} find={find} />
      </span>
      <Where find={find} hit={hit} />
      {elsewhere && <span class="tag">to {elsewhere.span.functionName ?? elsewhere.span.name}, shown elsewhere</span>}
    </span>
  );
};

const MissingLabel = ({
  text,
  advice,
  find,
  hit,
}: Sought & { readonly text: string; readonly advice: string | undefined }) => (
  <span class="words missing" title={advice === undefined ? text : `${text}\n${advice}`}>
    <span class="sign" aria-hidden="true">
      ?
    </span>
    <span class="name">
      <Marked text={text} find={find} />
    </span>
    <Where find={find} hit={hit} />
    {advice !== undefined && (
      <span class="advice">
        <Marked text={advice} find={find} />
      </span>
    )}
  </span>
);

interface Drawn {
  readonly extent: Extent;
  readonly onPath: readonly Extent[] | undefined;
}

/** Share of the track from which on the line is long enough for an edge: in a bar of a few pixels that would leave nothing of it. */
const LEAST_EDGED = 0.01;

/** A thin line through the bar. */
const OnPath = ({ extent, onPath = [] }: Drawn) => (
  <>
    {onPath.map(({ fromNs, toNs }) => {
      const placed = placeInterval(extent, fromNs, toNs);
      return (
        placed && (
          <i
            key={fromNs}
            class={placed.width > LEAST_EDGED ? "on-path edged" : "on-path"}
            style={{ left: percent(placed.left), width: percent(placed.width) }}
          />
        )
      );
    })}
  </>
);

const SpanBar = ({ row, extent, onPath }: Drawn & { readonly row: SpanRow }) => {
  const { startNs, endNs, isColdStart, isInit } = row.view;
  const bar = placeInterval(extent, startNs, endNs);
  const cold = initInterval(row.view);
  const init = cold && placeInterval(extent, cold.startNs, cold.endNs);
  return (
    <>
      <div class="track" role="presentation">
        {init && <i class="init" style={{ left: percent(init.left), width: percent(init.width) }} />}
        {bar && (
          <i
            class={isInit ? "init" : isColdStart && !init ? "bar cold" : "bar"}
            style={{ left: percent(bar.left), width: percent(bar.width) }}
          />
        )}
        <OnPath extent={extent} onPath={onPath} />
      </div>
      <div role="gridcell" class="number" title={`${endNs - startNs} ns`}>
        {formatDuration(endNs - startNs)}
      </div>
    </>
  );
};

const stylesOf = ({ from, at }: WordsPlace): CSSProperties => {
  switch (from) {
    case "left":
      return { left: percent(at) };
    case "right":
      return { right: percent(1 - at) };
    case "middle":
      return { left: percent(at), transform: "translateX(-50%)" };
  }
};

const Waits = ({ row, extent, onPath }: Drawn & { readonly row: JoinRow }) => {
  const [join] = row.joins;
  const totalNs = row.waits.reduce((sum, wait) => sum + wait.toNs - wait.fromNs, 0);
  const placed = row.waits.flatMap((wait) => placeInterval(extent, wait.fromNs, wait.toNs) ?? []);
  if (join === undefined || placed.length === 0) return null;
  const place = wordsPlace(placed);
  return (
    <div class="track" role="gridcell">
      {placed.map(({ left, width }) => (
        <i key={left} class="wait" style={{ left: percent(left), width: percent(width) }} />
      ))}
      <OnPath extent={extent} onPath={onPath} />
      <span class={`wait-words ${place.from}`} style={stylesOf(place)} title={`${totalNs} ns`}>
        {formatDuration(totalNs)} {waitPlace(join)}
      </span>
    </div>
  );
};
