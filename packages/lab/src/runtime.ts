/**
 * Which program runs inside an execution environment: the lab's own loop, or `aws-lambda-ric`, the runtime client that
 * AWS ships in its Node.js runtime (native, Linux only).
 *
 * It finds the handler by LAMBDA_TASK_ROOT and _HANDLER alone, as on Lambda, and so not every file:
 *
 *   /app/orders.mjs, handler  →  task root /app, _HANDLER orders.handler  →  orders, orders.js, orders.mjs, orders.cjs
 *
 * Quirk  aws-lambda-ric 4 cuts _HANDLER at the first dot of the file's name and imports the first of those four that exists.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FunctionDefinition, LabDefinition } from "./definition.ts";

export type Runtime = "built-in" | "aws-lambda-ric";

export const DEFAULT_RUNTIME: Runtime = "built-in";

/** The file to run; undefined when the runtime is not installed, or not compiled. */
export const runtimeProgram = (runtime: Runtime): string | undefined =>
  runtime === "built-in" ? RUNTIME_LOOP : awsRuntimeClient();

/** Lambda's name for a function's handler: file without its ending, dot, export. */
export const handlerName = ({ file, handler = "handler" }: FunctionDefinition): string =>
  `${moduleName(file)}.${handler}`;

export const runtimeProblems = ({ functions }: LabDefinition, runtime: Runtime): readonly string[] => {
  if (runtime === "built-in") return [];
  const missing = "runtime aws-lambda-ric: the package is not installed, or its native part is not compiled";
  return [
    ...(runtimeProgram(runtime) === undefined ? [missing] : []),
    ...Object.entries(functions).flatMap(([name, one]) =>
      one.runtime === "nodejs22.x" ? [`function ${name}: runtime aws-lambda-ric is the client of nodejs24.x`] : [],
    ),
    ...Object.entries(functions).flatMap(([name, { file }]) => {
      const found = firstCandidate(file);
      return found === file || !existsSync(file)
        ? []
        : [`function ${name}: runtime aws-lambda-ric finds ${found ?? "nothing"} by the name of ${file}`];
    }),
  ];
};

const ENDINGS = ["", ".js", ".mjs", ".cjs"];

const moduleName = (file: string): string => basename(file).split(".")[0] ?? "";

const firstCandidate = (file: string): string | undefined =>
  ENDINGS.map((ending) => join(dirname(file), moduleName(file) + ending)).find((one) => existsSync(one));

/** Beside this file, as TypeScript or, once built, as JavaScript. */
const RUNTIME_LOOP = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./runtime-loop.ts" : "./runtime-loop.js", import.meta.url),
);

/** Whoever uses the lab installs it beside the lab; this repository compiles it in a package of its own, for tests alone. */
const OWNERS = [import.meta.url, new URL("../../../runtimes/aws-lambda-ric/package.json", import.meta.url)];

const awsRuntimeClient = (): string | undefined =>
  OWNERS.flatMap((owner) => {
    try {
      return createRequire(owner).resolve("aws-lambda-ric");
    } catch {
      return [];
    }
  }).find((file) => existsSync(join(dirname(file), "rapid-client.node")));
