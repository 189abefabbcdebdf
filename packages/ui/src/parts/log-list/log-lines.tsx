/** Log lines of any number of functions in one clock. */
import type { CSSProperties } from "preact";
import { hueClass } from "../../model/colors.ts";
import { formatOffset, formatTime, formatWholeMsOffset } from "../../model/format.ts";
import { severityOf } from "../../model/severity.ts";
import { ownFields, textOf, textOfLine } from "../../model/trace-logs.ts";
import type { LogView } from "../../model/trace-view.ts";
import { unixMs } from "../../api/revive.ts";
import "./log-lines.css";

interface LogLineProps {
  readonly line: LogView;
  readonly showsFunction: boolean;
  readonly onOpen?: ((line: LogView) => void) | undefined;
  readonly style?: CSSProperties;
}

export const LogLine = ({ line, showsFunction, onOpen, style }: LogLineProps) => {
  const { record, atNs, isWholeMs } = line;
  const severity = severityOf(record.severityNumber);
  return (
    <div
      role="row"
      class={`log-line ${severity} ${hueClass(record.functionName)}${onOpen ? " opens" : ""}`}
      style={style}
      onClick={onOpen && (() => onOpen(line))}
    >
      <span role="gridcell" class="number at" title={formatTime(unixMs(record.timeUnixNano))}>
        {isWholeMs ? formatWholeMsOffset(atNs) : formatOffset(atNs)}
      </span>
      {showsFunction && (
        <span role="gridcell" class="function">
          {record.functionName ?? ""}
        </span>
      )}
      <span role="gridcell" class="severity">
        {severity}
      </span>
      <span role="gridcell" class="body mono" title={textOfLine(record)}>
        {isEvent(record) && <b class="event-name">{record.eventName} </b>}
        {textOf(record.body)}
        <Fields attributes={record.attributes} />
      </span>
    </div>
  );
};

/** A line of text says itself what it is. */
const isEvent = ({ eventName, body }: LogView["record"]): boolean =>
  eventName !== undefined && typeof body !== "string";

const Fields = ({ attributes }: { readonly attributes: LogView["record"]["attributes"] }) => (
  <span class="fields">
    {ownFields(attributes).map(([key, value]) => (
      <span key={key}>
        {key}=<b>{textOf(value)}</b>
      </span>
    ))}
  </span>
);
