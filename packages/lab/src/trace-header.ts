/**
 * Lambda's own trace header, hop by hop, in PassThrough mode: nothing is recorded, but Root goes all the way, and a Parent
 * that the sender gave goes with it. Lambda adds `Lineage`, the hop count by which it stops runaway loops.
 *
 * Source  X-Amzn-Trace-Id: AWS X-Ray developer guide; Lineage as seen in Lambda's environment.
 */
import { createHash, randomBytes } from "node:crypto";

/** `Root=1-<8 hex of the time>-<24 hex>` */
export const newRoot = (nowMs: number): string =>
  `Root=1-${Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, "0")}-${randomBytes(12).toString("hex")}`;

/** What a function is told, given what the sender's request carried. */
export const arrivingHeader = (carried: string | undefined, functionName: string, nowMs: number): string => {
  const fields = new Map((carried ?? "").split(";").flatMap((field) => pair(field)));
  const root = fields.get("root") ?? newRoot(nowMs).slice("Root=".length);
  const parent = fields.get("parent");
  const sampled = fields.get("sampled");
  return [
    `Root=${root}`,
    ...(parent === undefined ? [] : [`Parent=${parent}`]),
    ...(sampled === undefined ? [] : [`Sampled=${sampled}`]),
    `Lineage=${createHash("sha256").update(functionName).digest("hex").slice(0, 8)}:${hops(fields.get("lineage"))}`,
  ].join(";");
};

const pair = (field: string): [string, string][] => {
  const at = field.indexOf("=");
  return at > 0 ? [[field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim()]] : [];
};

const hops = (lineage: string | undefined): number => {
  const before = Number(lineage?.split(":").at(-1));
  return Number.isInteger(before) ? before + 1 : 0;
};
