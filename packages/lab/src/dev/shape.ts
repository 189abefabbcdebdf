/**
 * Plain data held against a shape. A wrong part is told with its place (`functions.api.timeoutMs`) and left out, so that the rest can
 * be checked all the same and every mistake is known at once.
 */

/** undefined: told as a mistake. */
export type Shape<T> = (value: unknown, place: string, mistakes: string[]) => T | undefined;
type Shapes = Readonly<Record<string, Shape<unknown>>>;
type ValueOf<S> = S extends Shape<infer T> ? T : never;
type RecordOf<R extends Shapes, O extends Shapes> = { readonly [K in keyof R]: ValueOf<R[K]> } & {
  readonly [K in keyof O]?: ValueOf<O[K]>;
};

const simple =
  <T>(expected: string, is: (value: unknown) => boolean): Shape<T> =>
  (value, place, mistakes) => {
    if (is(value)) return value as T;
    mistakes.push(`${place || "the file"}: expected ${expected}, got ${shown(value)}`);
    return undefined;
  };

export const text: Shape<string> = simple("a text", (value) => typeof value === "string" && value !== "");
/** Variables of the environment may be empty. */
export const anyText: Shape<string> = simple("a text", (value) => typeof value === "string");
export const number: Shape<number> = simple("a number", (value) => typeof value === "number");
export const flag: Shape<boolean> = simple("true or false", (value) => typeof value === "boolean");
export const object: Shape<Record<string, unknown>> = simple("an object", (value) => isObject(value));

export const oneOf = <T extends string>(...words: readonly T[]): Shape<T> =>
  simple(words.map((word) => JSON.stringify(word)).join(" or "), (value) => words.includes(value as T));

export const matching = (pattern: RegExp, expected: string): Shape<string> =>
  simple(expected, (value) => typeof value === "string" && pattern.test(value));

export const listOf =
  <T>(one: Shape<T>): Shape<readonly T[]> =>
  (value, place, mistakes) => {
    if (!Array.isArray(value)) return void mistakes.push(`${place}: expected a list, got ${shown(value)}`);
    return value.flatMap((each, n) => one(each, `${place}[${n}]`, mistakes) ?? []);
  };

/** One may stand without its list. */
export const oneOrMore =
  <T>(one: Shape<T>): Shape<readonly T[]> =>
  (value, place, mistakes) => {
    if (Array.isArray(value)) return listOf(one)(value, place, mistakes);
    const single = one(value, place, mistakes);
    return single === undefined ? undefined : [single];
  };

/** `names`: what a key has to look like. */
export const mapOf =
  <T>(one: Shape<T>, names?: Shape<string>): Shape<Readonly<Record<string, T>>> =>
  (value, place, mistakes) => {
    const map = object(value, place, mistakes);
    if (map === undefined) return undefined;
    const entries = Object.entries(map).flatMap(([key, each]) => {
      names?.(key, `the name ${within(place, key)}`, mistakes);
      const checked = one(each, within(place, key), mistakes);
      return checked === undefined ? [] : [[key, checked] as const];
    });
    return Object.fromEntries(entries);
  };

export const either = <T, U>(isFirst: (value: unknown) => boolean, first: Shape<T>, second: Shape<U>): Shape<T | U> => {
  return (value, place, mistakes) => (isFirst(value) ? first : second)(value, place, mistakes);
};

/** Exactly these fields; a text may stand for a record of one field elsewhere, by `either`. */
export const record =
  <R extends Shapes, O extends Shapes>(required: R, optional: O): Shape<RecordOf<R, O>> =>
  (value, place, mistakes) => {
    const given = object(value, place, mistakes);
    if (given === undefined) return undefined;
    const shapes: Shapes = { ...required, ...optional };
    for (const key of Object.keys(given)) {
      if (Object.hasOwn(shapes, key)) continue;
      mistakes.push(
        `${within(place, key)} is not known; ${place || "the file"} may have ${Object.keys(shapes).join(", ")}`,
      );
    }
    const fields = Object.entries(shapes).flatMap(([key, shape]) => {
      if (given[key] === undefined) {
        if (Object.hasOwn(required, key)) mistakes.push(`${within(place, key)} is missing`);
        return [];
      }
      const checked = shape(given[key], within(place, key), mistakes);
      return checked === undefined ? [] : [[key, checked] as const];
    });
    const isWhole = Object.keys(required).every((key) => fields.some(([name]) => name === key));
    return isWhole ? (Object.fromEntries(fields) as RecordOf<R, O>) : undefined;
  };

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const within = (place: string, key: string): string => {
  if (!/^[\w$-]+$/.test(key)) return `${place}[${JSON.stringify(key)}]`;
  return place === "" ? key : `${place}.${key}`;
};

const MAX_SHOWN = 60;

const shown = (value: unknown): string => {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > MAX_SHOWN ? `${json.slice(0, MAX_SHOWN)}…` : json;
};
