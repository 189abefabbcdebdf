/**
 * A function's source → a file that Node.js can run.
 *
 *   .ts .mts .cts .tsx .jsx   bundled by the esbuild of the function's own project, packages left outside, into that
 *                             project's node_modules/.cache/mayfly; without esbuild, as it is
 *   anything else             as it is
 *
 * A bundle that fails leaves the last good one in place; one that never was good is replaced by a module that throws what is wrong, so
 * that an invocation says it, too. Built beside the project's packages, because that is where Node looks for what stays outside.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

export interface Code {
  /** What the lab runs. */
  readonly file: string;
  /** What it was made of, absolute, packages left out. */
  readonly inputs: ReadonlySet<string>;
  readonly isBundled: boolean;
  /** Whether an invocation would run something else than before. */
  readonly isNew: boolean;
  /** Why it cannot run, with the place. */
  readonly problem?: string;
  /** What could be better about it. */
  readonly advice?: string;
}

const TYPESCRIPT_OR_JSX = /\.([cm]?ts|[jt]sx)$/;

/** `changed`: what of it is new since `before`. */
export const codeOf = async (
  functionName: string,
  source: string,
  before?: Code,
  changed: readonly string[] = [],
): Promise<Code> => {
  if (!TYPESCRIPT_OR_JSX.test(source)) return asItIs(source, await syntaxProblem([source, ...changed]));
  const esbuild = await esbuildOf(source);
  if (esbuild !== undefined) return bundled(esbuild, functionName, source, before);
  return {
    ...asItIs(source, undefined),
    advice: `${basename(source)} runs as it is: Node strips its types. Imports without an ending, enums and JSX need esbuild in your project: npm install --save-dev esbuild`,
  };
};

const asItIs = (source: string, problem: string | undefined): Code => ({
  file: source,
  inputs: new Set([source]),
  isBundled: false,
  isNew: problem === undefined,
  ...(problem !== undefined && { problem }),
});

const JAVASCRIPT = /\.[cm]?js$/;

/** Node's own check, which names line and column where a failed import does not. */
const syntaxProblem = async (files: readonly string[]): Promise<string | undefined> => {
  const problems = await Promise.all([...new Set(files)].filter((file) => JAVASCRIPT.test(file)).map(checked));
  return problems.find((problem) => problem !== undefined);
};

const checked = (file: string): Promise<string | undefined> =>
  new Promise((done) => {
    execFile(process.execPath, ["--check", file], (error, _stdout, stderr) => {
      const isSyntax = error !== null && stderr.includes("SyntaxError");
      done(isSyntax ? stderr.split("\n    at ")[0]?.trim() : undefined);
    });
  });

/** What is used of it. */
interface Esbuild {
  build(options: object): Promise<{
    readonly outputFiles: readonly { readonly path: string; readonly contents: Uint8Array }[];
    readonly metafile: { readonly inputs: Readonly<Record<string, unknown>> };
  }>;
}

interface BuildMessage {
  readonly text: string;
  readonly location: {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly lineText: string;
  } | null;
}

const esbuildOf = async (source: string): Promise<Esbuild | undefined> => {
  try {
    const main = createRequire(source).resolve("esbuild");
    return ((await import(pathToFileURL(main).href)) as { default: Esbuild }).default;
  } catch {
    return undefined;
  }
};

const bundled = async (
  esbuild: Esbuild,
  functionName: string,
  source: string,
  before: Code | undefined,
): Promise<Code> => {
  const project = projectOf(source);
  const format = formatOf(source, project);
  const name = basename(source).split(".")[0] ?? functionName;
  const folder = join(project, "node_modules", ".cache", "mayfly", functionName);
  const file = join(folder, `${name}.${format === "esm" ? "mjs" : "cjs"}`);
  try {
    const { outputFiles, metafile } = await esbuild.build({
      absWorkingDir: project,
      entryPoints: [source],
      outfile: file,
      bundle: true,
      platform: "node",
      target: "node22", // the oldest that runs here
      format,
      packages: "external",
      sourcemap: "linked",
      metafile: true,
      write: false,
      logLevel: "silent",
    });
    const inputs = new Set(Object.keys(metafile.inputs).map((input) => resolve(project, input)));
    let isNew = before?.problem !== undefined;
    for (const { path, contents } of outputFiles) if ((await written(path, contents)) && path === file) isNew = true; // not its map alone
    return { file, inputs, isBundled: true, isNew };
  } catch (error) {
    const problem = problemOf(error);
    const wasNeverGood = before === undefined || before.inputs.size === 0;
    if (wasNeverGood) await written(file, Buffer.from(throwing(problem, format)));
    return { file, inputs: before?.inputs ?? new Set(), isBundled: true, isNew: wasNeverGood, problem };
  }
};

/** The folder of the nearest package.json. */
const projectOf = (source: string): string => {
  for (let folder = dirname(source); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) return dirname(source);
  }
};

/** As Node would take the source: a package without a type is told by its syntax, and TypeScript is written as modules. */
const formatOf = (source: string, project: string): "esm" | "cjs" => {
  const ending = extname(source);
  if (ending === ".mts" || ending === ".cts") return ending === ".mts" ? "esm" : "cjs";
  try {
    const { type } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { type?: unknown };
    return type === "commonjs" ? "cjs" : "esm";
  } catch {
    return "esm";
  }
};

/** Whole or not at all: an environment may start at any time. False where it says the same already. */
const written = async (path: string, contents: Uint8Array): Promise<boolean> => {
  if (existsSync(path) && readFileSync(path).equals(contents)) return false;
  await mkdir(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.new`;
  await writeFile(fresh, contents);
  await rename(fresh, path);
  return true;
};

const throwing = (problem: string, format: "esm" | "cjs"): string => {
  const error = `Object.assign(new Error(${JSON.stringify(problem)}), { name: "Runtime.UserCodeSyntaxError" })`;
  return format === "esm" ? `throw ${error};\nexport {};\n` : `throw ${error};\n`;
};

const MAX_MESSAGES = 5;

const problemOf = (error: unknown): string => {
  const { errors = [], message } = error as { readonly errors?: readonly BuildMessage[]; readonly message?: string };
  if (errors.length === 0) return message ?? String(error);
  return errors.slice(0, MAX_MESSAGES).map(messageText).join("\n");
};

const messageText = ({ text, location }: BuildMessage): string => {
  if (location === null) return text;
  const { file, line, column, lineText } = location;
  return `${relative("", file) || file}:${line}:${column + 1}: ${text}\n    ${lineText}\n    ${" ".repeat(column)}^`;
};
