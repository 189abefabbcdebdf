/**
 * As the runtime client of nodejs22.x looks up a handler: a .js is required, or imported where the nearest package.json says that it is
 * an ES module; then .mjs and .cjs; else it may be a package. A module that exports nothing true counts as not found.
 *
 * Source  aws-lambda-ric 3.3.0, UserFunction.js.
 */
import type { HandlerName } from "../handler-name.ts";
import { runtimeRequire } from "../runtime-require.ts";

export const loadLikeClient3 = async (taskRoot: string, name: HandlerName): Promise<unknown> => {
  const module = await load(taskRoot, name);
  return name.exported
    .split(".")
    .reduce<unknown>((inner, key) => inner && (inner as Record<string, unknown>)[key], module);
};

const load = async (taskRoot: string, { folder, module }: HandlerName): Promise<unknown> => {
  const { existsSync } = process.getBuiltinModule("node:fs");
  const path = process.getBuiltinModule("node:path");
  const require = runtimeRequire();
  const start = path.resolve(taskRoot, folder, module);
  const required = (ending: string): unknown =>
    existsSync(start + ending) ? (require(start + ending) as unknown) : undefined;
  const imported = async (ending: string): Promise<unknown> =>
    existsSync(start + ending) ? ((await import(start + ending)) as unknown) : undefined;
  const isModule = existsSync(`${start}.js`) && saysModule(path.dirname(start));
  return (
    required("") ||
    (isModule ? await imported(".js") : required(".js")) ||
    (await imported(".mjs")) ||
    required(".cjs") ||
    require(require.resolve(module, { paths: [taskRoot, folder] }))
  );
};

/** The nearest package.json, from the folder of the file upwards. */
const saysModule = (folder: string): boolean => {
  if (folder.endsWith("/node_modules")) return false;
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  const path = process.getBuiltinModule("node:path");
  const file = path.join(folder, "package.json");
  if (existsSync(file)) {
    try {
      const manifest = JSON.parse(readFileSync(file, "utf8")) as { type?: unknown } | null;
      if (manifest) return manifest.type === "module";
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  return folder !== "/" && saysModule(path.dirname(folder));
};
