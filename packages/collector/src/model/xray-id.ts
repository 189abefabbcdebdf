/**
 * Trace ids in X-Ray's spelling: `1-<8 hex: seconds since 1970>-<24 hex>`. The same 128 bits as W3C's, so the mapping goes
 * both ways; only the seconds are X-Ray's own demand.
 */
import { isTraceId, type TraceId } from "./ids.ts";

const XRAY_TRACE_ID = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i;

export const traceIdFromXRay = (text: string): TraceId | undefined => {
  const id = text.replace(XRAY_TRACE_ID, "$1$2").toLowerCase();
  return isTraceId(id) ? id : undefined;
};
