/** The template and the functions against each other, since nobody here can deploy them. */
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CHECKS } from "../checks.ts";
import { AS_ASSUMED } from "./seen.ts";

const folder = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(folder, file), "utf8");
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, one = ""]) => one);

interface Resource {
  readonly Type: string;
  readonly Properties?: {
    readonly Handler?: string;
    readonly Environment?: { readonly Variables: Readonly<Record<string, unknown>> };
    readonly FunctionUrlConfig?: object;
  };
}

const template = JSON.parse(read("template.json")) as {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
};
const resources = Object.entries(template.Resources);
const functions = resources.filter(([, { Type }]) => Type === "AWS::Serverless::Function");

/** What SAM makes of others. */
const implied = [
  "ServerlessHttpApi",
  ...functions.flatMap(([name, { Properties }]) => (Properties?.FunctionUrlConfig ? [`${name}Url`] : [])),
];

test("every handler is an export of a file", () => {
  for (const [name, { Properties }] of functions) {
    const [file, exported] = Properties?.Handler?.split(".") ?? [];
    const source = readdirSync(join(folder, "functions")).find((one) => one.replace(/\.[cm]js$/, "") === file);
    expect(source, name).toBeDefined();
    expect(read(`functions/${source}`)).toMatch(new RegExp(`(export const|exports\\.)\\s*${exported}\\b`));
  }
});

test("every file of a function can be parsed", () => {
  for (const file of readdirSync(join(folder, "functions")).filter((one) => !one.endsWith(".sh")))
    expect(spawnSync(process.execPath, ["--check", join(folder, "functions", file)]).status, file).toBe(0);
});

test("what a resource or an output refers to is there", () => {
  const referred: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { Ref, "Fn::GetAtt": attribute, "Fn::Sub": text } = value as Readonly<Record<string, unknown>>;
    if (typeof Ref === "string") referred.push(Ref);
    if (Array.isArray(attribute)) referred.push(String(attribute[0]));
    if (typeof text === "string") referred.push(...matches(text, /\$\{([^}]+)\}/g));
    Object.values(value).forEach(visit);
  };
  visit([template.Resources, template.Outputs]);
  const known = new Set([...Object.keys(template.Resources), ...implied]);
  expect(referred.filter((one) => !known.has(one) && !one.startsWith("AWS::"))).toEqual([]);
});

test("every variable that the caller reads is set", () => {
  const variables = Object.keys(template.Resources["Caller"]?.Properties?.Environment?.Variables ?? {});
  const used = matches(read("functions/caller.mjs"), /\benv\.([A-Z_]+)/g);
  expect([...new Set(used)].toSorted()).toEqual(variables.toSorted());
});

const checkSources = ["carriers", "ids", "platform"].map((one) => read(`checks/${one}.ts`)).join("\n");
const hops = functions.flatMap(([, { Properties }]) => {
  const hop = Properties?.Environment?.Variables["HOP"];
  return typeof hop === "string" ? [hop] : [];
});
const calls = matches(read("functions/caller.mjs"), /^ {2}"?([a-z\d-]+)"?: (?:async )?\(\{/gm);

test("every hop is received by one function, and looked at by a check", () => {
  expect(new Set(hops).size).toBe(hops.length);
  for (const hop of hops) expect(checkSources).toContain(`"${hop}"`);
});

test("the tests' own run has every call and every hop", () => {
  expect(AS_ASSUMED.sent.map(({ hop }) => hop).toSorted()).toEqual([...calls, "http-api"].toSorted());
  expect([...new Set(AS_ASSUMED.received.map(({ hop }) => hop))].toSorted()).toEqual(hops.toSorted());
});

test("every output that is asked for is there", () => {
  const asked = [...matches(read("main.ts"), /name\("(\w+)"\)/g), ...matches(read("main.ts"), /outputs\["(\w+)"\]/g)];
  const listed = matches(read("main.ts"), /for \(const one of \[([^\]]+)\]/g).flatMap((list) =>
    matches(list, /"(\w+)"/g),
  );
  expect([...new Set([...asked, ...listed])].toSorted()).toEqual(Object.keys(template.Outputs).toSorted());
  expect(Object.keys(AS_ASSUMED.answers).every((one) => one in template.Outputs)).toBe(true);
});

test("every check has a claim, and what is known of it before anybody ran it", () => {
  for (const [name, { claim, known }] of Object.entries(CHECKS)) {
    expect(name).toMatch(/^[a-z\d-]+$/);
    expect(claim).toMatch(/\.$/);
    expect(["documented", "assumed"]).toContain(known);
  }
});
