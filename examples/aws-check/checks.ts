/**
 * Each assumption that Mayfly makes about AWS, by name. `known` is what stands for it before anybody has run this: AWS's documentation, or
 * nothing but what others' code does. docs/reference/aws-assumptions.md is made of this table and of results.json, where there is one.
 */
import { carriers } from "./checks/carriers.ts";
import { ids } from "./checks/ids.ts";
import { platform } from "./checks/platform.ts";
import type { Finding } from "./looking.ts";
import type { Observations } from "./observations.ts";

export interface Check {
  /** What is assumed, as a claim. */
  readonly claim: string;
  readonly known: "documented" | "assumed";
  readonly judge: (seen: Observations) => Finding;
}

export const CHECKS: Readonly<Record<string, Check>> = { ...carriers, ...ids, ...platform };

export interface Result extends Finding {
  readonly check: string;
}

/** A check that cannot cope with what it sees says so, and the others go on. */
export const judgeAll = (seen: Observations): readonly Result[] =>
  Object.entries(CHECKS).map(([check, { judge }]) => {
    try {
      return { check, ...judge(seen) };
    } catch (error) {
      return { check, verdict: "unknown", saw: `the check failed: ${String(error)}` };
    }
  });

export const asTable = (results: readonly Result[]): string => {
  const width = Math.max(...results.map(({ check }) => check.length));
  return results
    .map(({ check, verdict, saw }) => `${verdict.padEnd(8)}  ${check.padEnd(width)}  ${saw.slice(0, 160)}`)
    .join("\n");
};
