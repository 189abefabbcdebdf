/**
 * Paths of the Amazon States Language: `$.a.b`, `$['a b'][0]`, `$.list[*].id`, `$.list[1:3]`, and the same from `$$`.
 *
 * Errors  a path that is written wrong, or has a filter or `..`, is a SyntaxError; one that leads nowhere yields undefined
 *         (definite) or [] (with `[*]` or a slice).
 */
import { StatesError } from "./states-error.ts";

type Segment =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "slice"; readonly from: number | undefined; readonly to: number | undefined };

export interface Path {
  readonly ofContext: boolean;
  readonly segments: readonly Segment[];
}

const SEGMENT =
  /\.(?<name>[^.[\]*'"\s]+)|\['(?<quoted>[^']*)'\]|\["(?<double>[^"]*)"\]|\[(?<index>-?\d+)\]|\[(?<slice>-?\d*:-?\d*)\]|(?<all>\[\*\]|\.\*)/y;

export const parsePath = (text: string): Path => {
  const ofContext = text.startsWith("$$");
  const start = ofContext ? 2 : 1;
  if (!text.startsWith("$")) throw new SyntaxError(`${JSON.stringify(text)} is no path: it does not begin with $`);
  const segments: Segment[] = [];
  SEGMENT.lastIndex = start;
  for (let at = start; at < text.length; at = SEGMENT.lastIndex) {
    const groups = SEGMENT.exec(text)?.groups;
    if (groups === undefined)
      throw new SyntaxError(
        `${JSON.stringify(text)} is no path that the lab knows, from ${JSON.stringify(text.slice(at))}`,
      );
    segments.push(segmentOf(groups));
  }
  return { ofContext, segments };
};

const segmentOf = (groups: Record<string, string | undefined>): Segment => {
  const name = groups["name"] ?? groups["quoted"] ?? groups["double"];
  if (name !== undefined) return { kind: "name", name };
  if (groups["index"] !== undefined) return { kind: "index", index: Number(groups["index"]) };
  if (groups["slice"] === undefined) return { kind: "all" };
  const [from, to] = groups["slice"].split(":").map((bound) => (bound === "" ? undefined : Number(bound)));
  return { kind: "slice", from, to };
};

export const valueAt = (path: Path, input: unknown, context: unknown): unknown => {
  let found: readonly unknown[] = [path.ofContext ? context : input];
  let isMany = false;
  for (const segment of path.segments) {
    isMany ||= segment.kind === "all" || segment.kind === "slice";
    found = found.flatMap((value) => step(value, segment));
  }
  return isMany ? found : found[0];
};

const step = (value: unknown, segment: Segment): readonly unknown[] => {
  if (typeof value !== "object" || value === null) return [];
  switch (segment.kind) {
    case "name":
      return Object.hasOwn(value, segment.name) ? [(value as Record<string, unknown>)[segment.name]] : [];
    case "index": {
      const one: unknown = Array.isArray(value) ? value.at(segment.index) : undefined;
      return one === undefined ? [] : [one];
    }
    case "all":
      return Object.values(value);
    case "slice":
      return Array.isArray(value) ? value.slice(segment.from, segment.to) : [];
  }
};

/** The value, or a runtime error that names the path, as AWS words it. */
export const required = (text: string, input: unknown, context: unknown): unknown => {
  const value = valueAt(parsePath(text), input, context);
  if (value !== undefined) return value;
  throw new StatesError(
    "States.Runtime",
    `The JSONPath '${text}' could not be found in the input '${JSON.stringify(input)}'`,
  );
};

/** `target` with `value` at a reference path; objects on the way are made where there are none. */
export const withValueAt = (text: string, target: unknown, value: unknown): unknown => {
  const put = (into: unknown, [segment, ...rest]: readonly Segment[]): unknown => {
    if (segment === undefined) return value;
    if (segment.kind === "index" && Array.isArray(into))
      return into.map((one: unknown, n) => (n === segment.index ? put(one, rest) : one));
    if (segment.kind !== "name" || Array.isArray(into) || (typeof into !== "object" && into !== undefined))
      throw new StatesError("States.ResultPathMatchFailure", `Unable to apply ReferencePath ${text} to the input`);
    const object = (into ?? {}) as Record<string, unknown>;
    return { ...object, [segment.name]: put(object[segment.name], rest) };
  };
  return put(target, parsePath(text).segments);
};
