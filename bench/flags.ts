/**
 * A benchmark's flags: said once, with what they mean; read from the command line, told by --help.
 *
 * Errors  every flag that is unknown, or whose value is none of its, with what would be right; the process ends with 2.
 */
import { parseArgs } from "node:util";
import { nearest } from "../packages/collector/src/nearest.ts";

export interface Flag<T> {
  /** As --help shows the value; a flag without one is there or not. */
  readonly value?: string;
  readonly means: string;
  readonly byDefault: T;
  /** undefined where the text is none of its values. */
  readonly read: (text: string) => T | undefined;
  readonly expected: string;
}

export const whole = (byDefault: number, least: number, means: string): Flag<number> => ({
  value: "N",
  means,
  byDefault,
  read: (text) => (/^\d+$/.test(text) && Number(text) >= least ? Number(text) : undefined),
  expected: `a whole number from ${least} up`,
});

/** Several, with commas between; all by default. */
export const some = <const T extends string>(all: readonly T[], means: string): Flag<readonly T[]> => ({
  value: all.join(","),
  means,
  byDefault: all,
  read(text) {
    const named = new Set(text.split(","));
    const chosen = all.filter((one) => named.has(one));
    return chosen.length === named.size ? chosen : undefined;
  },
  expected: `of ${all.join(", ")}, with commas between`,
});

export const oneOf = <const T extends string>(all: readonly [T, ...T[]], means: string): Flag<T> => ({
  value: all.join("|"),
  means,
  byDefault: all[0],
  read: (text) => all.find((one) => one === text),
  expected: `one of ${all.join(", ")}`,
});

/** Parts of names, with commas between; none by default, which stands for all. */
export const parts = (means: string): Flag<readonly string[]> => ({
  value: "TEXT,…",
  means,
  byDefault: [],
  read: (text) => text.split(",").filter(Boolean),
  expected: "texts, with commas between",
});

export const folder = (means: string): Flag<string | undefined> => ({
  value: "DIR",
  means,
  byDefault: undefined,
  read: (text) => text || undefined,
  expected: "a folder",
});

export const toggle = (means: string): Flag<boolean> => ({
  means,
  byDefault: false,
  read: () => true,
  expected: "no value",
});

type Flags = Readonly<Record<string, Flag<unknown>>>;
type Values<F extends Flags> = { readonly [name in keyof F]: F[name] extends Flag<infer T> ? T : never };

export interface Bench<F extends Flags> {
  readonly name: string;
  readonly measures: string;
  readonly flags: F;
}

export type Read<F extends Flags> =
  | { readonly values: Values<F>; readonly command: string }
  | { readonly help: string }
  | { readonly problems: readonly string[] };

export const read = <F extends Flags>(bench: Bench<F>, args: readonly string[]): Read<F> => {
  const { flags } = bench;
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { value }]) => [name, { type: value === undefined ? "boolean" : "string" }]),
    ),
  });
  const values = new Map(Object.entries(flags).map(([name, { byDefault }]) => [name, byDefault]));
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      problems.push(`${JSON.stringify(token.value)} belongs to no flag`);
      continue;
    }
    if (token.name === "help" || token.name === "h") return { help: helpOf(bench) };
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) {
      const meant = nearest(token.name, Object.keys(flags));
      problems.push(`there is no ${token.rawName}${meant === undefined ? "" : `; did you mean --${meant}?`}`);
      continue;
    }
    const isRight = (flag.value === undefined) === (token.value === undefined);
    const value = isRight ? flag.read(token.value ?? "") : undefined;
    if (value === undefined)
      problems.push(`${token.rawName} is ${JSON.stringify(token.value ?? "")}, expected ${flag.expected}`);
    else values.set(token.name, value);
  }
  if (problems.length > 0) return { problems };
  return { values: Object.fromEntries(values) as Values<F>, command: commandOf(bench, values) };
};

/** What measures the same again, with what was left to the defaults. */
const commandOf = ({ name, flags }: Bench<Flags>, values: ReadonlyMap<string, unknown>): string => {
  const told = Object.keys(flags).flatMap((flag) => {
    const value = values.get(flag);
    return typeof value === "boolean" || said(value) === "" ? [] : [`--${flag} ${said(value)}`];
  });
  return [`npm run bench ${name} --`, ...told].join(" ");
};

const said = (value: unknown): string =>
  Array.isArray(value) || typeof value === "string" || typeof value === "number" ? String(value) : "";

const helpOf = ({ name, measures, flags }: Bench<Flags>): string => {
  const rows = Object.entries(flags).map(([flag, { value, means, byDefault }]) => {
    const isShown = said(byDefault) !== "" && said(byDefault) !== value;
    return [`--${flag}${value === undefined ? "" : ` ${value}`}`, isShown ? `${means} (${said(byDefault)})` : means];
  });
  const width = Math.max(...rows.map(([flag = ""]) => flag.length));
  const lines = rows.map(([flag = "", means = ""]) => `  ${flag.padEnd(width)}  ${means}`);
  return [`npm run bench ${name} -- [flags]`, "", measures, "", ...lines].join("\n");
};

/** Of this process. */
export const readFlags = <F extends Flags>(
  bench: Bench<F>,
): { readonly values: Values<F>; readonly command: string } => {
  const result = read(bench, process.argv.slice(2));
  if ("values" in result) return result;
  if ("help" in result) {
    console.log(result.help);
    process.exit(0);
  }
  for (const problem of result.problems) console.error(`bench ${bench.name}: ${problem}`);
  console.error(`bench ${bench.name}: --help tells the flags`);
  process.exit(2);
};
