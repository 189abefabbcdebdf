/** Intrinsic functions in payload templates: `States.Format('{} of {}', $.a, $.b)`, nested at will. */
import { createHash, randomUUID } from "node:crypto";
import { required } from "./json-path.ts";
import { StatesError } from "./states-error.ts";

type Call = (...args: readonly never[]) => unknown;

const FUNCTIONS: Readonly<Record<string, Call>> = {
  "States.Format": (template: string, ...values: unknown[]) => {
    let n = 0;
    return template.replaceAll("{}", () => textOf(values[n++]));
  },
  "States.StringToJson": (text: string) => JSON.parse(text) as unknown,
  "States.JsonToString": (value: unknown) => JSON.stringify(value),
  "States.JsonMerge": (a: object, b: object) => ({ ...a, ...b }),
  "States.Array": (...values: unknown[]) => values,
  "States.ArrayLength": (array: readonly unknown[]) => array.length,
  "States.ArrayGetItem": (array: readonly unknown[], index: number) => array[index],
  "States.ArrayContains": (array: readonly unknown[], value: unknown) =>
    array.some((one) => JSON.stringify(one) === JSON.stringify(value)),
  "States.ArrayPartition": (array: readonly unknown[], size: number) =>
    Array.from({ length: Math.ceil(array.length / size) }, (_, n) => array.slice(n * size, (n + 1) * size)),
  "States.ArrayRange": (first: number, last: number, by: number) =>
    Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, n) => first + n * by),
  "States.MathAdd": (a: number, b: number) => a + b,
  "States.StringSplit": (text: string, separators: string) =>
    text.split(new RegExp(`[${separators.replaceAll(/[\\\]^-]/g, String.raw`\$&`)}]`)).filter((part) => part !== ""),
  "States.Base64Encode": (text: string) => Buffer.from(text).toString("base64"),
  "States.Base64Decode": (text: string) => Buffer.from(text, "base64").toString(),
  "States.Hash": (value: unknown, algorithm: string) =>
    createHash(algorithm.replace("-", "").toLowerCase()).update(textOf(value)).digest("hex"),
  "States.UUID": () => randomUUID(),
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const TOKEN =
  /\s*(?:(?<name>States\.\w+)\s*\(|(?<text>'(?:\\.|[^'\\])*')|(?<path>\$[^,()\s]*)|(?<word>-?[\w.]+)|(?<mark>[,)]))/y;

export const isIntrinsic = (text: string): boolean => text.startsWith("States.");

export const callIntrinsic = (text: string, input: unknown, context: unknown): unknown => {
  TOKEN.lastIndex = 0;
  const wrong = (): StatesError => new StatesError("States.IntrinsicFailure", `The intrinsic '${text}' is not valid`);
  const next = (): Record<string, string | undefined> => {
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw wrong();
    return groups;
  };
  const valueOf = (token: Record<string, string | undefined>): unknown => {
    if (token["name"] !== undefined) return call(token["name"]);
    if (token["text"] !== undefined) return token["text"].slice(1, -1).replaceAll(/\\(.)/g, "$1");
    if (token["path"] !== undefined) return required(token["path"], input, context);
    if (token["word"] === undefined) throw wrong();
    return JSON.parse(token["word"]) as unknown;
  };
  const call = (name: string): unknown => {
    const args: unknown[] = [];
    for (let token = next(); token["mark"] !== ")"; token = next())
      if (token["mark"] !== ",") args.push(valueOf(token));
    const run = FUNCTIONS[name];
    if (run === undefined) throw wrong();
    return run(...(args as never[]));
  };
  try {
    return valueOf(next());
  } catch (error) {
    if (error instanceof StatesError) throw error;
    throw new StatesError("States.IntrinsicFailure", `${text}: ${String(error)}`);
  }
};
