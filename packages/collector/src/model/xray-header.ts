/**
 * Lambda's trace header: `Root=1-6956b300-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled=1`.
 *
 * Fields come in any order, unknown ones among them; a Root that is none makes the whole header none.
 *
 * Source  X-Ray developer guide, "Tracing header".
 */
import type { XrayTrace } from "./function-line.ts";
import { isSpanId, isTraceId, type TraceId } from "./ids.ts";

const ROOT = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i;

export const parseXrayHeader = (header: string): XrayTrace | undefined => {
  const fields = new Map(header.split(";").map((field) => pair(field)));
  const traceId = traceIdOfRoot(fields.get("root") ?? "");
  if (traceId === undefined) return undefined;
  const parentId = (fields.get("parent") ?? "").toLowerCase();
  const sampled = fields.get("sampled");
  return {
    traceId,
    ...(isSpanId(parentId) && { parentId }),
    ...((sampled === "0" || sampled === "1") && { isSampled: sampled === "1" }),
  };
};

export const traceIdOfRoot = (root: string): TraceId | undefined => {
  const [, time = "", rest = ""] = ROOT.exec(root) ?? [];
  const traceId = `${time}${rest}`.toLowerCase();
  return isTraceId(traceId) ? traceId : undefined;
};

export const rootOfTraceId = (traceId: string): string => `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;

const pair = (field: string): [string, string] => {
  const at = field.indexOf("=");
  return [field.slice(0, Math.max(0, at)).trim().toLowerCase(), field.slice(at + 1).trim()];
};
