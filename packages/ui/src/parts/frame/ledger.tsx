/** The foot: what arrived, what was lost and why. Amber as soon as anything was lost or nobody answers. */
import type { Stats } from "@mayfly/api";
import { useEffect, useState } from "preact/hooks";
import { formatAge, formatBytes, formatCount } from "../../model/format.ts";
import { unixMs } from "../../api/revive.ts";
import { useApp } from "../../state/app.ts";
import { useKeys } from "../../state/keyboard.ts";
import { usePolled } from "../../state/polled.ts";
import { useAddress } from "../../state/url-state.ts";

const STATS_EVERY_MS = 5000;
/** Fewer are done before somebody has read it. */
const MANY_BEHIND = 5000;

export const Ledger = () => {
  const { client, now } = useApp();
  const { value: stats, error } = usePolled((signal) => client.stats(signal), STATS_EVERY_MS);
  const losses = stats ? lossesOf(stats) : [];
  const lost = losses.reduce((sum, [, count]) => sum + count, 0);
  const isAlarming = lost > 0 || error !== undefined;
  return (
    <footer class={isAlarming ? "ledger alarming" : "ledger"}>
      {stats && (
        <>
          <span title={`${stats.spans} spans stored`}>{formatCount(stats.spans)} spans</span>
          <span title={`${stats.traces} W3C traces`}>{formatCount(stats.traces)} traces</span>
          <span title={`${stats.logs} log lines stored`}>{formatCount(stats.logs)} log lines</span>
          <Losses lost={lost} losses={losses} />
          <span title={`${stats.bytesOnDisk} bytes`}>stored {formatBytes(stats.bytesOnDisk)}</span>
          {stats.spansBehind > MANY_BEHIND && (
            <span title={`${stats.spansBehind} stored spans are not in the list of traces yet`}>
              {formatCount(stats.spansBehind)} to be stitched
            </span>
          )}
          <span class="spacer" />
          <span>up {formatAge(now() - unixMs(stats.startedAt))}</span>
          <span>v{stats.version}</span>
        </>
      )}
      {error && (
        <span role="status">
          {error.message} Trying again every {STATS_EVERY_MS / 1000} s.
        </span>
      )}
    </footer>
  );
};

const lossesOf = (stats: Stats): readonly (readonly [string, number])[] =>
  [
    ...named("spans rejected", stats.rejectedSpans),
    ...named("spans dropped", stats.droppedSpans),
    ...named("log lines rejected", stats.rejectedLogs),
    ...named("requests refused", withoutRetried(stats.refusedRequests)),
  ].filter(([, count]) => count > 0);

const named = (what: string, reasons: Readonly<Record<string, number>>): readonly (readonly [string, number])[] =>
  Object.entries(reasons).map(([reason, count]) => [`${what}: ${reason}`, count] as const);

/** Senders try these again, so nothing is lost by them. */
const withoutRetried = ({ overloaded: _1, "store-failed": _2, ...lost }: Readonly<Record<string, number>>) => lost;

interface LossesProps {
  readonly lost: number;
  readonly losses: readonly (readonly [string, number])[];
}

const Losses = ({ lost, losses }: LossesProps) => {
  const { url } = useApp();
  const { path } = useAddress(url);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  if (lost === 0) return <span>0 lost</span>;
  return (
    <details class="losses" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{formatCount(lost)} lost</summary>
      {isOpen && <Reasons losses={losses} onClose={() => setOpen(false)} />}
    </details>
  );
};

/** While it is open, Escape is its own. */
const Reasons = ({ losses, onClose }: Pick<LossesProps, "losses"> & { readonly onClose: () => void }) => {
  useKeys(useApp().keyboard, { Escape: onClose });
  return (
    <dl>
      {losses.map(([reason, count]) => (
        <div key={reason}>
          <dt>{reason}</dt>
          <dd class="number">{formatCount(count)}</dd>
        </div>
      ))}
    </dl>
  );
};
