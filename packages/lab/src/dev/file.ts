/**
 * Reads what `mayfly dev` is given: dev files (`*.json`, or a module named `*.dev.mjs`, `*.dev.ts` … whose default export, or export
 * `definition`, is one) and handler files (any other module), each of which is a function named after it.
 *
 *   mayfly dev                           ./mayfly.dev.json, .mjs, .js, .mts or .ts
 *   mayfly dev src/hello.ts              function hello, on every route
 *   mayfly dev src/a.ts src/b.ts         functions a and b, on /a and /b and below
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { LabDefinition, QueueDefinition } from "../definition.ts";
import { problemsOf } from "../validate.ts";
import { type Checked, labDefinitionOf } from "./definition.ts";

/** What is wrong with the files, all of it, one line each. */
export class DevFileError extends Error {
  override readonly name = "DevFileError";
}

export interface DevFiles {
  /** All that was given, absolute. */
  readonly paths: readonly string[];
  /** Those of them that say more than one handler. */
  readonly devFiles: readonly string[];
  readonly definition: LabDefinition;
}

const DEFAULT_NAMES = ["json", "mjs", "js", "mts", "ts"].map((ending) => `mayfly.dev.${ending}`);
const HANDLER_FILE = /\.([cm]?[jt]s|[jt]sx)$/;
const DEV_MODULE = /\.dev\.[cm]?[jt]s$/;

const EXAMPLE = `{
  "functions": {
    "hello": { "file": "src/hello.mjs", "http": "GET /hello" }
  }
}`;

export const readDevFiles = async (given: readonly string[], folder: string): Promise<DevFiles> => {
  const paths = (given.length > 0 ? given : defaultFile(folder)).map((path) => resolve(folder, path));
  const missing = paths.filter((path) => !existsSync(path)).map((path) => `${shown(folder, path)} does not exist`);
  if (missing.length > 0) throw new DevFileError(missing.join("\n"));
  const handlerFiles = paths.filter(isHandlerFile);
  const devFiles = paths.filter((path) => !isHandlerFile(path));
  const parts = [
    ...(await Promise.all(devFiles.map(async (path) => ({ path, ...(await readDevFile(path)) })))),
    ...handlerFiles.map((path) => ({
      path,
      ...fromHandlerFile(path, handlerFiles.length === 1 && devFiles.length === 0),
    })),
  ];
  const mistakes = parts.flatMap((part) => part.mistakes.map((mistake) => `${shown(folder, part.path)}: ${mistake}`));
  const definition = merged(
    parts.map((part) => part.definition),
    mistakes,
  );
  if (mistakes.length === 0 && Object.keys(definition.functions).length === 0)
    mistakes.push(`${paths.map((path) => shown(folder, path)).join(", ")}: there is no function`);
  mistakes.push(...problemsOf(definition));
  if (mistakes.length > 0) throw new DevFileError(mistakes.join("\n"));
  return { paths, devFiles, definition };
};

/** From the folder one stands in; whole where it is not below that. */
const shown = (folder: string, path: string): string => {
  const short = relative(folder, path);
  return short.startsWith("..") ? path : short;
};

const defaultFile = (folder: string): readonly string[] => {
  const found = DEFAULT_NAMES.find((name) => existsSync(resolve(folder, name)));
  if (found !== undefined) return [found];
  throw new DevFileError(`there is no mayfly.dev.json in ${folder}; the smallest one is\n${EXAMPLE}`);
};

const isHandlerFile = (path: string): boolean => HANDLER_FILE.test(path) && !DEV_MODULE.test(path);

const readDevFile = async (path: string): Promise<Checked> => {
  try {
    const value = DEV_MODULE.test(path) ? await exported(path) : (JSON.parse(await readFile(path, "utf8")) as unknown);
    return labDefinitionOf(value, dirname(path));
  } catch (error) {
    return { definition: { functions: {} }, mistakes: [error instanceof Error ? error.message : String(error)] };
  }
};

/** The query makes Node read it again; what it imports in turn stays as it was first read. */
const exported = async (path: string): Promise<unknown> => {
  const module = (await import(`${pathToFileURL(path).href}?read=${Date.now()}`)) as Record<string, unknown>;
  return module["default"] ?? module["definition"];
};

const fromHandlerFile = (path: string, isAlone: boolean): Checked => {
  const name = basename(path).split(".")[0] ?? "";
  const http = isAlone ? "$default" : [`ANY /${name}`, `ANY /${name}/{path+}`];
  return labDefinitionOf({ functions: { [name]: { file: path, http } } }, dirname(path));
};

/** What is defined twice is a mistake; queues, topics and buses may be mentioned by all. */
const merged = (definitions: readonly LabDefinition[], mistakes: string[]): LabDefinition => {
  const all = <T>(part: (one: LabDefinition) => Readonly<Record<string, T>> | undefined, merge: Merge<T>) =>
    byName(
      definitions.map((one) => part(one) ?? {}),
      merge,
    );
  const twice =
    (what: string) =>
    (name: string): undefined =>
      void mistakes.push(`${what} ${name} is in two files`);
  return {
    functions: all((one) => one.functions, twice("function")),
    routes: all((one) => one.routes, twice("route")),
    queues: all(
      (one) => one.queues,
      (name, a, b) => (isBare(a) ? b : isBare(b) ? a : twice("queue")(name)),
    ),
    topics: all(
      (one) => one.topics,
      (_, a, b) => ({ subscriptions: [...a.subscriptions, ...b.subscriptions] }),
    ),
    buses: all(
      (one) => one.buses,
      (_, a, b) => ({ rules: byName([a.rules, b.rules], twice("rule")) }),
    ),
    stateMachines: all((one) => one.stateMachines, twice("state machine")),
    eventSourceMappings: definitions.flatMap((one) => one.eventSourceMappings ?? []),
  };
};

/** undefined: they do not go together, which it has told. */
type Merge<T> = (name: string, a: T, b: T) => T | undefined;

const byName = <T>(groups: readonly Readonly<Record<string, T>>[], merge: Merge<T>): Record<string, T> => {
  const whole = new Map<string, T>();
  for (const [name, one] of groups.flatMap(Object.entries<T>)) {
    const other = whole.get(name);
    whole.set(name, other === undefined ? one : (merge(name, other, one) ?? other));
  }
  return Object.fromEntries(whole);
};

/** As a mention makes it. */
const isBare = (queue: QueueDefinition): boolean => Object.keys(queue).length === 0;
