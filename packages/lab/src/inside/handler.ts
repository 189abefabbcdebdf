/**
 * The handler that _HANDLER names, found as AWS's clients find it:
 *
 *   orders/api.routes.create   →   <task root>/orders/api, api.js, api.mjs or api.cjs, the first that exists; its export `routes`, within it `create`
 *   /opt/wrapper.handler       →   an absolute path is no part of the task root
 *
 * Whatever runs before the runtime (a preload, a wrapper script) may have replaced _HANDLER. Where it still names the file of the lab's
 * definition, that file is loaded, TypeScript or with more dots in its name as it may be.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isNode22, named } from "./call.ts";
import { isStreaming } from "./stream.ts";

export type Handler = (...args: unknown[]) => unknown;

type HandlerModule = Record<string, unknown> & { readonly default?: unknown };

const ENDINGS = ["", ".js", ".mjs", ".cjs"];

export const loadHandler = async (): Promise<Handler> => {
  const name = process.env["_HANDLER"] ?? "";
  if (name.includes("..")) throw named("Runtime.MalformedHandlerName", `'${name}' is not a valid handler name`);
  const [, module, path] = /^([^.]*)\.(.+)$/.exec(basename(name)) ?? [];
  if (module === undefined || path === undefined) throw named("Runtime.MalformedHandlerName", "Bad handler");
  const loaded = await imported(fileOf(dirname(name), module));
  const handler = within(loaded, path) ?? within(loaded.default, path);
  if (typeof handler !== "function")
    throw named("Runtime.HandlerNotFound", `${name} is undefined or not exported, or not a function`);
  if (handler.length >= 3 && !isStreaming(handler) && !isNode22)
    throw named("Runtime.CallbackHandlerDeprecated", "Node.js 24 takes no handler with a callback; return a promise");
  return handler as Handler;
};

const fileOf = (folder: string, module: string): string => {
  const taskRoot = process.env["LAMBDA_TASK_ROOT"] ?? "";
  const wanted = resolve(taskRoot, folder, module);
  const defined = process.env["MAYFLY_LAB_HANDLER_FILE"] ?? "";
  if (join(dirname(defined), basename(defined).split(".")[0] ?? "") === wanted) return defined;
  const found = ENDINGS.map((ending) => wanted + ending).find((file) => existsSync(file));
  return found ?? required(module, [taskRoot, resolve(taskRoot, folder)]);
};

const required = (module: string, paths: string[]): string => {
  try {
    return createRequire(import.meta.url).resolve(module, { paths });
  } catch (error) {
    throw asAwsNamesIt(error);
  }
};

const within = (module: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((inner, name) => {
    const hasMembers = typeof inner === "object" || (isNode22 && typeof inner === "function");
    return hasMembers && inner !== null ? (inner as Record<string, unknown>)[name] : undefined;
  }, module);

const imported = async (file: string): Promise<HandlerModule> => {
  try {
    return (await import(pathToFileURL(file).href)) as HandlerModule;
  } catch (error) {
    throw asAwsNamesIt(error);
  }
};

const asAwsNamesIt = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  // Only what `require` says, as AWS's client does: a missing package of an ES module stays a plain Error.
  if (code === "MODULE_NOT_FOUND") error.name = "Runtime.ImportModuleError";
  if (error instanceof SyntaxError) error.name = "Runtime.UserCodeSyntaxError";
  return error;
};
