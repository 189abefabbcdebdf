/**
 * As the runtime client of nodejs24.x looks up a handler: everything is imported, by the first of four endings that exists; else it may
 * be a package. What is not among the exports is looked for in the default export.
 *
 * Source  aws-lambda-ric 4.0.2, module-loader and handler-resolver.
 */
import type { HandlerName } from "../handler-name.ts";
import { runtimeRequire } from "../runtime-require.ts";

const ENDINGS = ["", ".js", ".mjs", ".cjs"];

export const loadLikeClient4 = async (taskRoot: string, name: HandlerName): Promise<unknown> => {
  const module = await load(taskRoot, name);
  const found = within(module, name.exported);
  return !found && isObject(module) && "default" in module ? within(module["default"], name.exported) : found;
};

const load = async (taskRoot: string, { folder, module }: HandlerName): Promise<unknown> => {
  const { existsSync } = process.getBuiltinModule("node:fs");
  const path = process.getBuiltinModule("node:path");
  for (const ending of ENDINGS) {
    const file = path.resolve(taskRoot, folder, module) + ending;
    if (existsSync(file)) return (await import(file)) as unknown;
  }
  const require = runtimeRequire();
  return require(require.resolve(module, { paths: [taskRoot, path.join(taskRoot, folder)] })) as unknown;
};

/** Functions count for nothing on the way: a class's static method is not found. */
const within = (module: unknown, exported: string): unknown =>
  exported.split(".").reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), module);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
