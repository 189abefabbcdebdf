/**
 * The module that the runtime loads the handler from, with the handler in it exchanged, once.
 *
 *   import()   resolves to a module of ours that exports the same, but for the handler (a module's own exports cannot be changed)
 *   require    gives a copy of the exports, but for the handler (those of a bundler are getters, which cannot be changed either)
 *
 * The file is found as the runtime finds it: _HANDLER below LAMBDA_TASK_ROOT, with whichever ending comes first.
 *
 * Source  Node.js 24, module.registerHooks (since 22.15, in the thread itself). Only `resolve` is hooked: until 24.11.1 and 22.22.3 a
 *         hook for `load` breaks every CommonJS module that an ES module imports.
 */
import { harmless } from "../diag.ts";

export type Exchange = (handler: object) => unknown;

const KEY = Symbol.for("mayfly.register");

interface Handler {
  readonly file: string;
  /** `api.create` in two parts. */
  readonly names: readonly string[];
}

const ENDINGS = ["", ".js", ".mjs", ".cjs"];

export const exchangeHandler = (taskRoot: string, definition: string, exchange: Exchange): void => {
  const { registerHooks } = process.getBuiltinModule("node:module");
  const { pathToFileURL } = process.getBuiltinModule("node:url");
  const { file, names } = handlerOf(taskRoot, definition);
  const urls = new Set(ENDINGS.map((ending) => pathToFileURL(file + ending).href));
  const exchanged = (exports: unknown): Record<string, unknown> =>
    harmless("taking the handler", () => withHandler(exports, names, exchange)) ?? (exports as Record<string, unknown>);
  Object.assign(globalThis, { [KEY]: exchanged });
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (!urls.has(resolved.url) || context.conditions.includes("require")) return resolved;
      stop();
      return { url: standIn(resolved.url, names), format: "module", shortCircuit: true };
    },
  });
  const restore = watchRequire(
    ENDINGS.map((ending) => file + ending),
    (exports) => {
      stop();
      return exchanged(exports);
    },
  );
  const stop = (): void => {
    hooks.deregister();
    restore();
  };
};

const handlerOf = (taskRoot: string, definition: string): Handler => {
  const path = process.getBuiltinModule("node:path");
  const [module = "", ...names] = path.basename(definition).split(".");
  const folder = path.resolve(taskRoot, path.dirname(definition));
  // Node.js looks at links before it loads.
  const real = harmless("finding the handler", () => process.getBuiltinModule("node:fs").realpathSync(folder));
  return { file: path.join(real ?? folder, module), names };
};

/** Its own default stays, and where there is none there is still one, which no runtime minds. */
const standIn = (url: string, names: readonly string[]): string => {
  const text = JSON.stringify(url);
  const code = [
    `import * as own from ${text};`,
    `export * from ${text};`,
    `const exports = globalThis[Symbol.for(${JSON.stringify(KEY.description)})](own);`,
    `const handler = exports[${JSON.stringify(names[0])}];`,
    `export { handler as ${JSON.stringify(names[0])} };`,
    names[0] === "default" ? "" : "const byDefault = exports.default; export { byDefault as default };",
  ];
  return `data:text/javascript,${encodeURIComponent(code.join("\n"))}`;
};

/** A copy of `exports` in which the handler is exchanged; it stands at the top or, of CommonJS, in the default. */
const withHandler = (exports: unknown, names: readonly string[], exchange: Exchange): Record<string, unknown> => {
  const own = exports as Record<string, unknown>;
  const [first = "", ...inner] = names;
  const holder = own[first] === undefined ? (own["default"] as Record<string, unknown> | undefined) : own;
  const copy = Object.defineProperties(Object.create(Object.getPrototypeOf(own) as object | null) as typeof own, {
    ...Object.getOwnPropertyDescriptors(own),
    [first]: {
      value: exchangedIn(holder?.[first], inner, exchange),
      enumerable: true,
      configurable: true,
      writable: true,
    },
  });
  return copy;
};

const exchangedIn = (value: unknown, names: readonly string[], exchange: Exchange): unknown => {
  const [name, ...inner] = names;
  if (name === undefined) return typeof value === "function" ? exchange(value) : value;
  return withHandler(value, [name, ...inner], exchange);
};

const RESOLVE = "_resolveFilename";

type Require = (this: unknown, id: string) => unknown;

/** Until it is put back: what is required from one of `files` is what `replace` makes of it. */
const watchRequire = (files: readonly string[], replace: (exports: unknown) => unknown): (() => void) => {
  const path = process.getBuiltinModule("node:path");
  const Module = process.getBuiltinModule("node:module") as unknown as {
    prototype: { require: Require };
    readonly [RESOLVE]: (id: string, parent: unknown) => string;
  };
  const names = files.map((file) => path.basename(file));
  const original = Module.prototype.require;
  const watching: Require = function (id) {
    const exports: unknown = Reflect.apply(original, this, [id]);
    if (typeof id !== "string" || !names.includes(path.basename(id))) return exports;
    return files.includes(Module[RESOLVE](id, this)) ? replace(exports) : exports;
  };
  Module.prototype.require = watching;
  return () => {
    if (Module.prototype.require === watching) Module.prototype.require = original;
  };
};
