/**
 * Kinds of settings: what a text has to look like, and what it means. A kind parses the text of a flag or variable, and
 * the scalar or list of a file as it is written there, so that `0x10` and `1_000` mean the same (nothing) everywhere.
 */

export interface Kind<T> {
  /** Stands for the value in `--help`; none: a flag that stands alone. */
  readonly argument?: string;
  readonly expected: string;
  /** undefined: not what is expected. A file may give a list as a list. */
  readonly parse: (text: string | readonly string[]) => T | undefined;
}

const ofText =
  <T>(parse: (text: string) => T | undefined): Kind<T>["parse"] =>
  (text) =>
    typeof text === "string" ? parse(text.trim()) : undefined;

export const text = (
  argument: string,
  expected: string,
  isValid: (text: string) => boolean = Boolean,
): Kind<string> => ({
  argument,
  expected,
  parse: ofText((given) => (isValid(given) ? given : undefined)),
});

export const integer = (least: number, most: number): Kind<number> => ({
  argument: "number",
  expected: `an integer from ${least} to ${most}`,
  parse: ofText((given) => {
    const number = Number(given);
    return /^-?\d{1,15}$/.test(given) && number >= least && number <= most ? number : undefined;
  }),
});

const BYTE_UNITS = {
  B: 1,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

export const bytes = (least: number): Kind<number> => ({
  argument: "bytes",
  expected: `a number of bytes such as 64MiB (B, KiB, MiB, GiB, TiB, kB, MB, GB, TB), at least ${least}`,
  parse: ofText((given) => {
    const value = measured(given, BYTE_UNITS, "B");
    return value !== undefined && value >= least ? Math.round(value) : undefined;
  }),
});

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
const DURATION_UNITS = {
  MS: 1,
  S: SECOND_MS,
  M: 60 * SECOND_MS,
  H: 3600 * SECOND_MS,
  D: DAY_MS,
  W: 7 * DAY_MS,
};

/** In milliseconds. A bare number would be a guess, so only 0 needs no unit. */
export const duration = (leastMs: number): Kind<number> => ({
  argument: "duration",
  expected: `a duration such as 14d (ms, s, m, h, d, w), at least ${leastMs}ms`,
  parse: ofText((given) => {
    const value = given === "0" ? 0 : measured(given, DURATION_UNITS, undefined);
    return value !== undefined && value >= leastMs ? value : undefined;
  }),
});

const measured = (
  given: string,
  units: Readonly<Record<string, number>>,
  without: string | undefined,
): number | undefined => {
  const [, amount, unit = ""] = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*)$/i.exec(given) ?? [];
  const name = (unit || without)?.toUpperCase();
  const factor = name !== undefined && Object.hasOwn(units, name) ? units[name] : undefined;
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
};

export const oneOf = <const Name extends string>(...names: readonly Name[]): Kind<Name> => ({
  argument: names.join("|"),
  expected: `one of ${names.join(", ")}`,
  parse: ofText((given) => names.find((name) => name === given)),
});

/** Separated by commas; in a file also a list. */
export const list = <T>(of: Kind<T>): Kind<readonly T[]> => ({
  argument: `${of.argument ?? "value"},…`,
  expected: `a list, separated by commas, of ${of.expected}`,
  parse: (given) => {
    const items = (typeof given === "string" ? given.split(",") : given).map((item) => item.trim());
    const values = items.filter((item) => item !== "").map((item) => of.parse(item));
    return values.every((value) => value !== undefined) ? values : undefined;
  },
});

const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

/** The flag stands alone; a variable or a file says which. */
export const yesOrNo: Kind<boolean> = {
  expected: "true or false",
  parse: ofText((given) => TRUTH.get(given.toLowerCase())),
};
