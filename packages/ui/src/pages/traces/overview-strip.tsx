/** What all traces of the filter have in common, above their list: how many, how long, when. A bar of durations is a link to its traces. */
import type { TraceStats } from "@mayfly/api";
import type { ComponentChildren } from "preact";
import { unixMs } from "../../api/revive.ts";
import type { TraceFilter } from "../../api/client.ts";
import { axisTimes, formatCount, formatDuration, formatTime, plural } from "../../model/format.ts";
import { type Bar, type Step, barsOf } from "../../model/histogram.ts";
import { withTerm } from "../../model/query-word.ts";
import { useApp } from "../../state/app.ts";
import { usePolled } from "../../state/polled.ts";
import { tracesAddress } from "./url.ts";

const EVERY_MS = 15_000;
const PERCENTILES = ["p50", "p95", "p99"] as const;

export const OverviewStrip = ({ filter }: { readonly filter: TraceFilter }) => {
  const { client } = useApp();
  const { value: stats } = usePolled((signal) => client.traceStats(filter, signal), EVERY_MS);
  return (
    <section class="overview-strip" aria-label="All traces of this filter">
      {stats && stats.durationNs && <Strip stats={stats} durationNs={stats.durationNs} filter={filter} />}
    </section>
  );
};

interface StripProps {
  readonly stats: TraceStats;
  readonly durationNs: NonNullable<TraceStats["durationNs"]>;
  readonly filter: TraceFilter;
}

const Strip = ({ stats, durationNs, filter }: StripProps) => {
  const { now } = useApp();
  const { count, errorCount, truncated, lookedBackToUnixNano, times, durations } = stats;
  const [oldest] = times;
  const newest = times.at(-1);
  const [begin, end] =
    oldest && newest ? axisTimes(unixMs(oldest.fromUnixNano), Math.min(now(), unixMs(newest.toUnixNano))) : [];
  const since = lookedBackToUnixNano === undefined ? "" : formatTime(unixMs(lookedBackToUnixNano));
  return (
    <>
      <dl class="percentiles">
        <div title={truncated ? `the newest ${count}, back to ${since}` : `${count} traces`}>
          <dt>{truncated ? "newest" : "traces"}</dt>
          <dd>{formatCount(count)}</dd>
        </div>
        <div title={`${errorCount} of ${count} failed`}>
          <dt>failed</dt>
          <dd class={errorCount > 0 ? "failed" : ""}>{formatShare(errorCount / count)}</dd>
        </div>
        {PERCENTILES.map((name) => (
          <div key={name} title={`${durationNs[name]} ns`}>
            <dt>{name}</dt>
            <dd>{formatDuration(durationNs[name])}</dd>
          </div>
        ))}
      </dl>
      {begin && end && (
        <Chart name={`When they began, ${begin} to ${end}`} caption="started" from={begin} to={end}>
          {barsOf(times).map((bar) => (
            <span
              key={bar.step.fromUnixNano}
              style={placeOf(bar)}
              title={`${formatTime(unixMs(bar.step.fromUnixNano))}: ${said(bar.step)}`}
            >
              <Filled bar={bar} />
            </span>
          ))}
        </Chart>
      )}
      <Chart
        name="How long they took"
        caption="duration"
        from={formatDuration(durations[0]?.fromNs ?? 0)}
        to={formatDuration(durations.at(-1)?.toNs ?? 0)}
      >
        {barsOf(durations).map((bar) => (
          <DurationBar key={bar.step.fromNs} bar={bar} filter={filter} />
        ))}
      </Chart>
    </>
  );
};

interface ChartProps {
  readonly name: string;
  /** What its axis is, in a word. */
  readonly caption: string;
  readonly from: string;
  readonly to: string;
  readonly children: ComponentChildren;
}

const Chart = ({ name, caption, from, to, children }: ChartProps) => (
  <div class="chart" role="group" aria-label={name}>
    <div class="bars">{children}</div>
    <div class="ends" aria-hidden="true">
      <span>{from}</span>
      <span>{caption}</span>
      <span>{to}</span>
    </div>
  </div>
);

/** No stop for Tab, of which there would be twenty before the list: with keys one writes `duration:` in the search bar. */
const DurationBar = ({
  bar,
  filter,
}: {
  readonly bar: Bar<TraceStats["durations"][number]>;
  readonly filter: TraceFilter;
}) => {
  const { fromNs, toNs } = bar.step;
  const words = `${formatDuration(fromNs)} to ${formatDuration(toNs)}: ${said(bar.step)}`;
  const q = withTerm(filter.q ?? "", "duration", `${inMs(fromNs)}..${inMs(toNs)}`);
  return bar.step.count === 0 ? (
    <span style={placeOf(bar)} />
  ) : (
    <a tabIndex={-1} style={placeOf(bar)} href={tracesAddress({ ...filter, q })} title={words} aria-label={words}>
      <Filled bar={bar} />
    </a>
  );
};

const Filled = ({ bar }: { readonly bar: Bar<Step> }) => (
  <>
    <i style={{ height: `${bar.height * 100}%` }} />
    {bar.failedHeight > 0 && <i class="failed" style={{ height: `${bar.failedHeight * 100}%` }} />}
  </>
);

const placeOf = ({ left, width }: Bar<Step>) => ({ left: `${left * 100}%`, width: `${width * 100}%` });

const said = ({ count, errorCount }: Step): string =>
  `${plural(count, "trace")}${errorCount > 0 ? `, ${formatCount(errorCount)} failed` : ""}`;

const formatShare = (share: number): string => {
  const percent = share * 100;
  return `${percent === 0 || percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1)} %`;
};

/** Four figures: as exact as a bar is told from its neighbours. */
const inMs = (ns: number): string => `${Number((ns / 1e6).toPrecision(4))}ms`;
