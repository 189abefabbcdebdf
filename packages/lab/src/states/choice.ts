/** Rules of a Choice state: whether one holds of an input. */
import type { ChoiceRule } from "./definition.ts";
import { parsePath, required, valueAt } from "./json-path.ts";

type Test = (value: unknown, operand: unknown) => boolean;

const compared =
  (type: "string" | "number" | "time", holds: (a: number | string, b: number | string) => boolean): Test =>
  (value, operand) => {
    const [a, b] = type === "time" ? [timeOf(value), timeOf(operand)] : [value, operand];
    const expected = type === "string" ? "string" : "number";
    if (typeof a !== expected || typeof b !== expected) return false;
    return holds(a as number | string, b as number | string);
  };

const timeOf = (value: unknown): number | undefined => {
  const ms =
    typeof value === "string" && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
};

const ordered = (prefix: string, type: "string" | "number" | "time"): [string, Test][] => [
  [`${prefix}Equals`, compared(type, (a, b) => a === b)],
  [`${prefix}LessThan`, compared(type, (a, b) => a < b)],
  [`${prefix}GreaterThan`, compared(type, (a, b) => a > b)],
  [`${prefix}LessThanEquals`, compared(type, (a, b) => a <= b)],
  [`${prefix}GreaterThanEquals`, compared(type, (a, b) => a >= b)],
];

const is =
  (test: (value: unknown) => boolean): Test =>
  (value, expected) =>
    test(value) === expected;

const TESTS: ReadonlyMap<string, Test> = new Map([
  ...ordered("String", "string"),
  ...ordered("Numeric", "number"),
  ...ordered("Timestamp", "time"),
  ["BooleanEquals", (value, operand) => typeof value === "boolean" && value === operand],
  ["StringMatches", (value, pattern) => typeof value === "string" && wildcard(String(pattern)).test(value)],
  ["IsNull", is((value) => value === null)],
  ["IsString", is((value) => typeof value === "string")],
  ["IsNumeric", is((value) => typeof value === "number")],
  ["IsBoolean", is((value) => typeof value === "boolean")],
  ["IsTimestamp", is((value) => timeOf(value) !== undefined)],
]);

/** `*` stands for anything, `\*` for itself. */
const wildcard = (pattern: string): RegExp => {
  const parts = pattern.split(/(?<!\\)\*/).map((part) => escaped(part.replaceAll(/\\([*\\])/g, "$1")));
  return new RegExp(`^${parts.join(".*")}$`, "s");
};

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);

export const holds = (rule: ChoiceRule, input: unknown, context: unknown): boolean => {
  if (rule.And) return rule.And.every((one) => holds(one, input, context));
  if (rule.Or) return rule.Or.some((one) => holds(one, input, context));
  if (rule.Not) return !holds(rule.Not, input, context);
  const variable = rule.Variable ?? "$";
  if ("IsPresent" in rule) return (valueAt(parsePath(variable), input, context) !== undefined) === rule["IsPresent"];
  const value = required(variable, input, context);
  for (const [comparison, operand] of Object.entries(rule)) {
    const test = TESTS.get(comparison.replace(/Path$/, ""));
    if (test === undefined) continue;
    return test(value, comparison.endsWith("Path") ? required(String(operand), input, context) : operand);
  }
  return false;
};

/** Whether the rule says a comparison that `holds` knows. */
export const isKnownRule = (rule: ChoiceRule): boolean => {
  const inner = rule.And ?? rule.Or ?? (rule.Not ? [rule.Not] : undefined);
  if (inner) return inner.every(isKnownRule);
  return Object.keys(rule).some((key) => key === "IsPresent" || TESTS.has(key.replace(/Path$/, "")));
};
