/** All functions' log lines in one clock. A line leads to its span. */
import { SEVERITIES, leastOf, severityOf } from "../../model/severity.ts";
import type { LogView } from "../../model/trace-view.ts";
import { Notice } from "../../parts/empty-state/notice.tsx";
import { LogLine } from "../../parts/log-list/log-lines.tsx";
import { VirtualList } from "../../parts/virtual-list/virtual-list.tsx";

interface LogsTabProps {
  readonly logs: readonly LogView[] | undefined;
  readonly isTruncated: boolean;
  readonly level: number;
  readonly onLevel: (level: number) => void;
  readonly onOpen: (line: LogView) => void;
}

const LINE_HEIGHT = 26;
const LEVELS = SEVERITIES.filter((severity) => severity !== "trace" && severity !== "fatal");

export const LogsTab = ({ logs, isTruncated, level, onLevel, onOpen }: LogsTabProps) => {
  const shown = logs?.filter(({ record }) => record.severityNumber >= level) ?? [];
  return (
    <section class="logs-tab" aria-label="Log lines">
      <div class="logs-head">
        <label>
          <span class="sr-only">Least level</span>
          <select
            value={level === 0 ? "" : severityOf(level)}
            onChange={({ currentTarget: { value } }) => {
              const severity = SEVERITIES.find((one) => one === value);
              onLevel(severity ? leastOf(severity) : 0);
            }}
          >
            <option value="">all levels</option>
            {LEVELS.map((severity) => (
              <option key={severity} value={severity}>
                {severity} and above
              </option>
            ))}
          </select>
        </label>
        <span class="muted">
          {shown.length} of {logs?.length ?? 0} lines
          {isTruncated && ", the first ones; more are stored than one answer holds"}
        </span>
      </div>
      {logs?.length === 0 ? (
        <Notice title="No log lines arrived for this transaction">
          <p>
            Log through <code>logger</code> of the SDK, and set <code>OTEL_EXPORTER_OTLP_ENDPOINT</code>: lines then
            come with their span.
          </p>
        </Notice>
      ) : (
        <VirtualList
          label="Log lines, oldest first"
          role="grid"
          count={shown.length}
          rowHeight={LINE_HEIGHT}
          renderRow={(index, style) => {
            const line = shown[index];
            return line && <LogLine key={index} line={line} showsFunction onOpen={onOpen} style={style} />;
          }}
        />
      )}
    </section>
  );
};
