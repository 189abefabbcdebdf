/** OpenTelemetry's packages, which the function brings: looked for beside this one, then beside the handler. */
import { warn } from "../diag.ts";
import { errorFacts } from "../errors.ts";

type Exports = Readonly<Record<string, unknown>>;

export interface Peers {
  load(name: string): Exports | undefined;
  /** Of those that were asked for. */
  readonly missing: readonly string[];
}

export const createPeers = (taskRoot: string): Peers => {
  const { createRequire } = process.getBuiltinModule("node:module");
  const places = [import.meta.url, `${taskRoot}/`].map((place) => createRequire(place));
  const missing: string[] = [];
  const load = (name: string): Exports | undefined => {
    for (const require of places) {
      try {
        return require(name) as Exports;
      } catch (error) {
        const isAbsent = (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
        if (!isAbsent) warn(`register: ${name} cannot be loaded: ${errorFacts(error).errorMessage}`);
      }
    }
    missing.push(name);
    return undefined;
  };
  return { load, missing };
};
