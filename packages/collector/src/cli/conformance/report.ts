/**
 * Cases, run one after the other → what came of each.
 *
 * Errors  NotFoundError where no connection can be made.
 */
import { NotFoundError } from "../../errors.ts";
import { type Case, casesOf, type Level } from "./cases.ts";
import type { Probe } from "./probe.ts";
import type { Signal } from "./records.ts";

export interface CaseResult {
  readonly signal: Signal;
  readonly name: string;
  readonly level: Level;
  readonly clause: string;
  readonly result: "pass" | "fail" | "unseen";
  readonly expected: string;
  readonly seen: string;
  /** What was wrong. */
  readonly fault?: string;
}

export const runCases = async (
  probe: Probe,
  signals: readonly Signal[],
  onResult: (result: CaseResult) => void,
): Promise<readonly CaseResult[]> => {
  const results: CaseResult[] = [];
  for (const one of signals.flatMap(casesOf)) {
    const result = await resultOf(one, probe);
    if (!probe.isReached)
      throw new NotFoundError("not-found", `no endpoint answers at ${probe.url}: ${result.fault ?? ""}`);
    results.push(result);
    onResult(result);
  }
  return results;
};

const resultOf = async ({ run, ...about }: Case, probe: Probe): Promise<CaseResult> => {
  try {
    const { fault, seen, isUnseen } = await run(probe);
    if (isUnseen) return { ...about, result: "unseen", seen };
    return fault === undefined ? { ...about, result: "pass", seen } : { ...about, result: "fail", seen, fault };
  } catch (error) {
    const fault = error instanceof Error ? error.message || error.name : String(error);
    return { ...about, result: "fail", seen: "no answer", fault };
  }
};

export const isBroken = (results: readonly CaseResult[]): boolean =>
  results.some(({ result, level }) => result === "fail" && level === "must");

/** `FAIL must   traces json-accepted: status 404, expected 200 (…)`; what passed in fewer words. */
export const resultLine = ({ result, level, signal, name, fault, expected, clause, seen }: CaseResult): string => {
  const head = `${result.padEnd(6)} ${level.padEnd(6)} ${signal.padEnd(7)} ${name}`;
  if (result === "pass") return head;
  if (result === "unseen") return `${head}: ${seen}`;
  return `${head}: ${fault}; expected ${expected}\n         ${clause}\n         seen: ${seen}`;
};

export const summaryLine = (results: readonly CaseResult[]): string => {
  const failed = (level: Level): number => results.filter((one) => one.result === "fail" && one.level === level).length;
  const passed = results.filter(({ result }) => result === "pass").length;
  return `${passed} of ${results.length} cases pass; failed: ${failed("must")} must, ${failed("should")} should, ${failed("may")} may`;
};
