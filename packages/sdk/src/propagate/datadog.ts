/**
 * Datadog's carrier: `x-datadog-trace-id` and `x-datadog-parent-id`, unsigned 64-bit numbers in decimal digits. The high half of a
 * 128-bit trace id stands apart, as `_dd.p.tid` in `x-datadog-tags`.
 */
import type { CarriedContext } from "./w3c.ts";

/** `field` gives what stands under a lower-case name. undefined where no trace is named. */
export const parseDatadog = (field: (name: string) => unknown): CarriedContext | undefined => {
  const low = hexOf(field("x-datadog-trace-id"));
  if (low === undefined) return undefined;
  const high = TRACE_ID_HIGH.exec(textOf(field("x-datadog-tags")))?.[1] ?? "";
  const spanId = hexOf(field("x-datadog-parent-id"));
  const priority = Number.parseInt(textOf(field("x-datadog-sampling-priority")), 10);
  return {
    format: "datadog",
    traceId: high.toLowerCase().padStart(16, "0") + low,
    ...(spanId !== undefined && { spanId }),
    ...(!Number.isNaN(priority) && { sampled: priority > 0 }),
  };
};

const TRACE_ID_HIGH = /(?:^|,)\s*_dd\.p\.tid=([0-9a-f]{16})\s*(?:,|$)/i;

const textOf = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? `${value}` : "");

/** Never by way of a number, which has only 53 bits. */
const hexOf = (value: unknown): string | undefined => {
  if (typeof value !== "string" || !/^(?!0+$)[0-9]{1,20}$/.test(value)) return undefined;
  const hex = BigInt(value).toString(16).padStart(16, "0");
  return hex.length === 16 ? hex : undefined;
};
