/**
 * Lambda's own header, `X-Amzn-Trace-Id: Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=<0|1|?>;Lineage=…`.
 *
 * Keys are read whatever their case (Step Functions writes them small); `Root` alone is Lambda's PassThrough mode.
 */
import type { CarriedContext } from "./w3c.ts";

const fieldOf = (name: string, value: string): RegExp =>
  new RegExp(`(?:^|;)\\s*${name}\\s*=\\s*${value}\\s*(?:;|$)`, "i");

const ROOT = fieldOf("root", "1-(?!0{8}-0{24})([0-9a-f]{8})-([0-9a-f]{24})");
const PARENT = fieldOf("parent", "(?!0{16})([0-9a-f]{16})");
const SAMPLED = fieldOf("sampled", "([01])");

export const parseXrayHeader = (text: unknown): CarriedContext | undefined => {
  const traceId = xrayTraceId(text);
  if (typeof text !== "string" || traceId === undefined) return undefined;
  const parent = PARENT.exec(text)?.[1];
  const sampled = SAMPLED.exec(text)?.[1];
  return {
    format: "xray",
    traceId,
    ...(parent && { spanId: parent.toLowerCase() }),
    ...(sampled && { sampled: sampled === "1" }),
  };
};

/** Its Root alone. */
export const xrayTraceId = (text: unknown): string | undefined => {
  const [, epoch, random] = (typeof text === "string" && ROOT.exec(text)) || [];
  return epoch && random && (epoch + random).toLowerCase();
};

/** As the header writes it. */
export const rootOf = ({ traceId }: CarriedContext): string => `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;

/**
 * The header for an outgoing call: what Lambda gave, with our span as Parent where that breaks nothing.
 *
 * Every other field stays byte for byte, `Lineage` (Lambda's hop count against runaway loops) above all. The Parent is
 * ours only where X-Ray does not record (Sampled≠1: a segment would otherwise name a parent X-Ray never sees) and Root
 * is our trace id. Without a header there is none: a Root of ours may be no time that X-Ray takes, and with a decision or without
 * one it would change what the services behind the call record.
 */
export const xrayHeaderFor = <Given extends string | undefined>(
  given: Given,
  span: { traceId: string; spanId: string },
): string | Given => {
  const context = parseXrayHeader(given);
  if (given === undefined || context?.traceId !== span.traceId || context.sampled === true) return given;
  const fields = given.split(";");
  const parent = fields.findIndex((field) => /^\s*parent=/i.test(field));
  const ours = `Parent=${span.spanId}`;
  const root = fields.findIndex((field) => /^\s*root=/i.test(field));
  return parent < 0 ? fields.toSpliced(root + 1, 0, ours).join(";") : fields.with(parent, ours).join(";");
};
