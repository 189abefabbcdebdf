/**
 * OpenTelemetry's globals, shared with the copy of @opentelemetry/api that the application brings.
 *
 * All copies keep them on one object, marked with the version of the copy that made it. A copy registers on it only at the
 * very same version and reads it only where it is not older than itself; else the application's spans vanish without a word. So this is
 * not left to the copy in our bundle:
 *
 *   who was here first            tracer provider                     context
 *   nobody                        ours, until someone registers one   ours, on an object that every minor version reads
 *   someone, without a provider   the same                            theirs if they have one, whatever the version
 *   someone with a provider       theirs                              the same
 *
 * So whoever sets up an SDK has it, before us or after us. Its spans and ours nest in one context; each go where their provider sends them.
 *
 * Quirk  A copy of another version than ours still cannot register after us.
 */
import { type ContextManager, type TextMapPropagator, type TracerProvider, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";

interface Globals {
  readonly version: string;
  propagation?: TextMapPropagator;
  trace?: TracerProvider;
  context?: ContextManager;
}

const KEY = Symbol.for("opentelemetry.js.api.1");
const shared = globalThis as { [KEY]?: Globals };
/** Not older than any copy. */
const NEWEST_MINOR = "1.999999.0";

/** Makes `provider` the application's, where it has none. Gives the context that our spans nest in. */
export const joinGlobals = (provider: TracerProvider): ContextManager => {
  const own = new AsyncLocalStorageContextManager().enable();
  const found = shared[KEY];
  if (found === undefined || found.trace === undefined) lend(provider, found);
  return ((shared[KEY] as Globals).context ??= own);
};

/** Makes `propagator` the application's, where it has none. To be called after the provider has joined. */
export const lendPropagator = (propagator: TextMapPropagator): void => {
  const globals = shared[KEY];
  if (globals) globals.propagation ??= propagator;
};

/**
 * A registration assigns the object to its place first, which is how it is told from a reading: it finds no provider, and the true
 * version, which has to be its own. What reads finds ours, and a version that it may read.
 */
const lend = (provider: TracerProvider, found: Globals | undefined): void => {
  let isRegistering = false;
  let theirs: TracerProvider | undefined;
  const ourVersion = found ? "" : versionOfOurCopy();
  const globals: Globals = found ?? {
    get version() {
      return isRegistering ? ourVersion : NEWEST_MINOR;
    },
  };
  Object.defineProperty(globals, "trace", {
    configurable: true,
    get: () => theirs ?? (isRegistering ? undefined : provider),
    set(given: TracerProvider) {
      theirs = given;
    },
  });
  Object.defineProperty(globalThis, KEY, {
    configurable: true,
    get() {
      isRegistering = false;
      return globals;
    },
    set(assigned: Globals) {
      isRegistering = true;
      if (assigned !== globals)
        Object.defineProperty(globalThis, KEY, { value: assigned, writable: true, configurable: true });
    },
  });
};

/** It tells by what it makes. */
const versionOfOurCopy = (): string => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  return shared[KEY]?.version ?? NEWEST_MINOR;
};

/** This copy of the API is bundled and ours alone: it is told its context instead of looking for one that it may not read. */
export const nestIn = (manager: ContextManager): void => {
  context.active = manager.active.bind(manager);
  context.with = manager.with.bind(manager);
  context.bind = manager.bind.bind(manager);
};
