/**
 * EventBridge patterns: exact values, prefix, anything-but, exists and numeric. Any other operator is refused when the rule
 * is made, because a pattern that is read wrongly is worse than none.
 *
 * Fields are ANDed, the elements of a field's list ORed; an array in the event matches where one of its elements does.
 */
export type Pattern = (event: unknown) => boolean;

/** @throws Error naming the path and what is wrong there. */
export const compilePattern = (pattern: unknown): Pattern => {
  const matches = objectTest(pattern, "$");
  return (event) => matches(event, [event]);
};

/** `value` is what is looked at; `everywhere` all that stands at the same path, for what must be nowhere. */
type Test = (value: unknown, everywhere: readonly unknown[]) => boolean;

const objectTest = (pattern: unknown, path: string): Test => {
  if (!isObject(pattern) || Object.keys(pattern).length === 0)
    throw refused(path, "expected an object with at least one field");
  const fields = Object.entries(pattern).map(([name, value]): Test => {
    const here = `${path}.${name}`;
    if (name === "$or") throw refused(here, "$or is not known to the lab");
    if (name.includes(".")) throw refused(here, "write a path as nested objects, not with dots");
    const test = Array.isArray(value) ? listTest(value, here) : objectTest(value, here);
    return (one, everywhere) =>
      test(
        fieldOf(one, name),
        everywhere.map((other) => fieldOf(other, name)),
      );
  });
  // All fields of one object: of an array's elements, one has to match whole.
  return (value, everywhere) => {
    const others = everywhere.flatMap(objectsOf);
    const found = objectsOf(value);
    return (found.length > 0 ? found : [{}]).some((one) => fields.every((matches) => matches(one, others)));
  };
};

const listTest = (elements: readonly unknown[], path: string): Test => {
  if (elements.length === 0) throw refused(path, "expected at least one value");
  const tests = elements.map((element, n) => elementTest(element, `${path}[${n}]`));
  return (value, everywhere) => tests.some((test) => test(leavesOf(value), everywhere.flatMap(leavesOf)));
};

type LeafTest = (leaves: readonly unknown[], everywhere: readonly unknown[]) => boolean;

const elementTest = (element: unknown, path: string): LeafTest => {
  if (Array.isArray(element)) throw refused(path, "expected a value or an operator, not a list");
  if (!isObject(element)) return (leaves) => leaves.includes(element);
  const [operator, ...others] = Object.keys(element);
  const operand = operator === undefined ? undefined : element[operator];
  if (operator === undefined || others.length > 0) throw refused(path, "expected exactly one operator");
  switch (operator) {
    case "prefix":
      if (typeof operand !== "string") throw refused(path, "prefix takes a string");
      return (leaves) => leaves.some((leaf) => typeof leaf === "string" && leaf.startsWith(operand));
    case "exists":
      if (typeof operand !== "boolean") throw refused(path, "exists takes true or false");
      return operand ? (leaves) => leaves.length > 0 : (_, everywhere) => everywhere.length === 0;
    case "anything-but":
      return anythingBut(operand, path);
    case "numeric":
      return numeric(operand, path);
    default:
      throw refused(path, `operator ${JSON.stringify(operator)} is not known to the lab`);
  }
};

const anythingBut = (operand: unknown, path: string): LeafTest => {
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const types = new Set(values.map((value) => typeof value));
  if (values.length === 0 || types.size > 1 || !["string", "number"].includes([...types].join(""))) {
    throw refused(path, "anything-but takes a string, a number, or a list of one of these");
  }
  return (leaves) => leaves.some((leaf) => !values.includes(leaf));
};

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

const numeric = (operand: unknown, path: string): LeafTest => {
  const parts: readonly unknown[] = Array.isArray(operand) ? operand : [];
  if (parts.length !== 2 && parts.length !== 4) throw refused(path, 'numeric takes [">", 0] or [">", 0, "<=", 5]');
  const [first, low, second, high] = parts;
  const isRange = /^>=?$/.test(String(first)) && /^<=?$/.test(String(second)) && Number(low) < Number(high);
  if (parts.length === 4 && !isRange)
    throw refused(path, 'a numeric range is [">", 0, "<=", 5], the lower bound first');
  const bounds = Array.from({ length: parts.length / 2 }, (_, n) => {
    const compare = COMPARE[String(parts[2 * n])];
    const bound = parts[2 * n + 1];
    if (compare === undefined || typeof bound !== "number")
      throw refused(path, `numeric: ${JSON.stringify(parts.slice(2 * n, 2 * n + 2))} is no comparison`);
    return (leaf: number) => compare(leaf, bound);
  });
  return (leaves) => leaves.some((leaf) => typeof leaf === "number" && bounds.every((holds) => holds(leaf)));
};

const refused = (path: string, problem: string): Error => new Error(`event pattern at ${path}: ${problem}`);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fieldOf = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** The objects that a field may be read from: the value itself, or each of an array. */
const objectsOf = (value: unknown): Record<string, unknown>[] =>
  [value].flat(Number.POSITIVE_INFINITY).filter(isObject);

/** Only leaves count: an object or an empty array is nothing that exists. */
const leavesOf = (value: unknown): unknown[] =>
  [value].flat(Number.POSITIVE_INFINITY).filter((leaf) => leaf !== undefined && !isObject(leaf));
