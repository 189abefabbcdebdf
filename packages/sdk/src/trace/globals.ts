/**
 * OpenTelemetry's globals, shared with the copy of @opentelemetry/api that the application brings.
 *
 * All copies keep them on one object, marked with the version of the copy that made it. A copy registers on it only at the
 * very same version and reads it only where it is not older than itself; else the application's spans vanish without a word. So this is
 * not left to the copy in our bundle:
 *
 *   who was here first            tracer provider   context
 *   nobody                        ours              ours, on an object that every minor version reads
 *   someone, without a provider   ours              theirs if they have one, whatever the version
 *   someone with a provider       theirs            theirs; our spans nest in a context of our own
 */
import { type ContextManager, type TracerProvider, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";

interface Globals {
  readonly version: string;
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
  const globals = shared[KEY] ?? createGlobals();
  if (globals.trace !== undefined) return own;
  globals.trace = provider;
  return (globals.context ??= own);
};

/**
 * As our copy of the API makes them, but readable by newer ones. A registration assigns the object to its place first, which is how
 * it is told from a reading: it meets our true version, so that a meter provider of the same version can still come later.
 */
const createGlobals = (): Globals => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const trueVersion = shared[KEY]?.version ?? NEWEST_MINOR;
  let isRegistering = false;
  const globals: Globals = {
    get version() {
      return isRegistering ? trueVersion : NEWEST_MINOR;
    },
  };
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
  return globals;
};

/** This copy of the API is bundled and ours alone: it is told its context instead of looking for one that it may not read. */
export const nestIn = (manager: ContextManager): void => {
  context.active = manager.active.bind(manager);
  context.with = manager.with.bind(manager);
  context.bind = manager.bind.bind(manager);
};
