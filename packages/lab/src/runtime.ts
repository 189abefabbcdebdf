/**
 * Which program runs inside an execution environment: the lab's own loop, or `aws-lambda-ric`, the runtime client that
 * AWS ships in its Node.js runtimes (native, Linux only); and which Node.js runs it.
 *
 *                 nodejs24.x                nodejs22.x
 *   Node.js       the lab's own             22 where one is installed beside the lab (node22-linux-x64 …), else the lab's own
 *   client        aws-lambda-ric 4          aws-lambda-ric 3, which takes callbacks
 *
 * AWS's client finds the handler by LAMBDA_TASK_ROOT and _HANDLER alone, as on Lambda, and so not every file:
 *
 *   /app/orders.mjs, handler  →  task root /app, _HANDLER orders.handler  →  orders, orders.js, orders.mjs, orders.cjs
 *
 * Quirk  it cuts _HANDLER at the first dot of the file's name and loads the first of those four that exists.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { FunctionDefinition, LabDefinition } from "./definition.ts";

export type Runtime = "built-in" | "aws-lambda-ric";

export type NodeRuntime = NonNullable<FunctionDefinition["runtime"]>;

export const DEFAULT_RUNTIME: Runtime = "built-in";
export const DEFAULT_NODE: NodeRuntime = "nodejs24.x";

/** The file to run; undefined when the runtime is not installed, or not compiled. */
export const runtimeProgram = (runtime: Runtime, node: NodeRuntime = DEFAULT_NODE): string | undefined =>
  runtime === "built-in" ? inside("loop") : awsRuntimeClient(node);

/** The Node.js to run it with; undefined where it would have to be another than the lab's own, and is not there. */
const nodeProgram = (node: NodeRuntime): string | undefined =>
  node === "nodejs24.x" || process.versions.node.startsWith("22.") ? process.execPath : installedNode22();

/** Both are there: for tests that take what a machine has. */
export const isInstalled = (runtime: Runtime, node: NodeRuntime = DEFAULT_NODE): boolean =>
  runtimeProgram(runtime, node) !== undefined && nodeProgram(node) !== undefined;

/** The command that starts a runtime; startLab has checked that its parts are there. */
export const runtimeCommand = (runtime: Runtime, node: NodeRuntime): readonly string[] => {
  const program = runtimeProgram(runtime, node) ?? "";
  const isClient22 = runtime === "aws-lambda-ric" && node === "nodejs22.x";
  return [
    nodeProgram(node) ?? process.execPath,
    ...(node === "nodejs22.x" ? FLAGS_22 : []),
    ...(isClient22 ? [inside("aws-client-node22"), program] : [program]),
  ];
};

/** Of Lambda's own command. */
const FLAGS_22 = ["--no-experimental-require-module", "--no-experimental-detect-module"];

/** Lambda's name for a function's handler: path below the task root without its ending, dot, export. */
export const handlerName = (definition: FunctionDefinition): string => {
  const { file, handler = "handler" } = definition;
  return `${join(relative(taskRootOf(definition), dirname(file)), moduleName(file))}.${handler}`;
};

export const taskRootOf = ({ file, taskRoot = dirname(file) }: FunctionDefinition): string => taskRoot;

export const runtimeProblems = ({ functions }: LabDefinition, runtime: Runtime): readonly string[] => {
  if (runtime === "built-in") return [];
  const nodes = new Set(Object.values(functions).map((one) => one.runtime ?? DEFAULT_NODE));
  return [
    ...[...nodes].flatMap((node) => clientProblems(runtime, node)),
    ...Object.entries(functions).flatMap(([name, { file }]) => {
      const found = firstCandidate(file);
      return found === file || !existsSync(file)
        ? []
        : [`function ${name}: runtime aws-lambda-ric finds ${found ?? "nothing"} by the name of ${file}`];
    }),
  ];
};

const clientProblems = (runtime: Runtime, node: NodeRuntime): readonly string[] => [
  ...(runtimeProgram(runtime, node) === undefined
    ? [`runtime aws-lambda-ric of ${node}: the package is not installed, or its native part is not compiled`]
    : []),
  ...(nodeProgram(node) === undefined
    ? [`runtime aws-lambda-ric of ${node}: no Node.js 22 is installed beside it`]
    : []),
];

const ENDINGS = ["", ".js", ".mjs", ".cjs"];

const moduleName = (file: string): string => basename(file).split(".")[0] ?? "";

const firstCandidate = (file: string): string | undefined =>
  ENDINGS.map((ending) => join(dirname(file), moduleName(file) + ending)).find((one) => existsSync(one));

/** A program that runs inside an environment, as TypeScript or, once built, as JavaScript. */
const inside = (name: string): string =>
  fileURLToPath(new URL(`./inside/${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));

/** Whoever uses the lab installs them beside the lab; this repository has them in packages of their own, for tests alone. */
const OWNERS = [
  import.meta.url,
  ...["aws-lambda-ric", "aws-lambda-ric-node22"].map(
    (name) => new URL(`../../../runtimes/${name}/package.json`, import.meta.url),
  ),
];

const CLIENT_MAJOR = { "nodejs22.x": "3", "nodejs24.x": "4" };

const awsRuntimeClient = (node: NodeRuntime): string | undefined =>
  resolved("aws-lambda-ric").find(
    (file) =>
      existsSync(join(dirname(file), "rapid-client.node")) && versionOf(file).startsWith(`${CLIENT_MAJOR[node]}.`),
  );

const installedNode22 = (): string | undefined =>
  resolved(`node22-${process.platform}-${process.arch}/package.json`)
    .map((file) => join(dirname(file), "bin", "node"))
    .find((file) => existsSync(file));

const resolved = (name: string): string[] =>
  OWNERS.flatMap((owner) => {
    try {
      return createRequire(owner).resolve(name);
    } catch {
      return [];
    }
  });

/** Of the package that a file belongs to. */
const versionOf = (file: string): string => {
  const manifest = join(dirname(file), "package.json");
  if (!existsSync(manifest)) return versionOf(dirname(file));
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
};
