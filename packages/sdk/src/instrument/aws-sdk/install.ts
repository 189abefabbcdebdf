/**
 * Attaches our middleware to every AWS SDK v3 client, without a loader hook.
 *
 * All clients extend one class, `Client` of @smithy/core (older: @smithy/smithy-client). By the time `observe` runs, the
 * handler's imports have loaded it, and because the SDK is CommonJS also for `import`, it stands in Node's module cache:
 * nothing has to be resolved or loaded for this. `send` of each copy found there is replaced by one that adds the
 * middleware to a client at its first use.
 *
 * A class bundled into the handler is in no cache: it is found where the bundler plugin (esbuild.ts) has put it on a list, and
 * without the plugin one client at a time is handed over by `instrumentAwsClient`.
 */
import { harmless } from "../../diag.ts";
import { BUNDLED_CLIENTS } from "./bundled-clients.ts";
import { sdk } from "../../sdk.ts";
import { awsMiddleware } from "./middleware.ts";
import { xrayHeaderMiddleware } from "./xray-header.ts";

/** The part of a Smithy client that is touched. */
export interface SmithyClient {
  /** Of every AWS client. */
  readonly config?: { readonly region?: unknown };
  readonly middlewareStack: {
    add(middleware: unknown, options: { step: string; name: string; priority: string; override: boolean }): void;
  };
}

interface ClientClass {
  readonly prototype: { send: (this: SmithyClient, ...args: unknown[]) => unknown };
}

const SMITHY_CLIENT = /[\\/]@smithy[\\/](core|smithy-client)[\\/].*\.js$/;

const patched = new WeakSet<ClientClass>();
const equipped = new WeakSet<object>();

/**
 * Adds the middleware to one AWS SDK v3 client, document clients too, and gives the client back. Only needed for a client that is bundled into
 * the handler without the bundler plugin; more than once is once.
 */
export const instrumentAwsClient = <C extends object>(client: C): C => {
  harmless("instrumenting an AWS client", () => {
    if (!isClient(client)) throw new TypeError("it has no middleware stack, so it is no AWS SDK v3 client");
    equipOnce(client);
  });
  return client;
};

const isClient = (client: object): client is SmithyClient => {
  const { middlewareStack } = client as Partial<SmithyClient>;
  return typeof middlewareStack?.add === "function";
};

/** Cheap to call again: for clients that were loaded since. Gives back what undoes it. */
export const instrumentLoadedAwsSdk = (): (() => void) => {
  const undo = sdk().registered?.hasAws ? [] : clientClasses().map(patch);
  return () => undo.forEach((one) => one());
};

const clientClasses = (): ClientClass[] => {
  const { _cache: cache } = process.getBuiltinModule("node:module") as unknown as {
    _cache: Record<string, NodeModule>;
  };
  const loaded = Object.keys(cache)
    .filter((path) => SMITHY_CLIENT.test(path))
    .map((path) => ((cache[path]?.exports ?? {}) as { Client?: Partial<ClientClass> }).Client);
  const bundled = (globalThis as { [BUNDLED_CLIENTS]?: Partial<ClientClass>[] })[BUNDLED_CLIENTS] ?? [];
  return [...loaded, ...bundled].filter(
    (one): one is ClientClass => typeof one?.prototype?.send === "function" && !patched.has(one as ClientClass),
  );
};

const patch = (client: ClientClass): (() => void) => {
  const { send } = client.prototype;
  client.prototype.send = function (this: SmithyClient, ...args: unknown[]): unknown {
    equipOnce(this);
    return send.apply(this, args);
  };
  patched.add(client);
  return () => {
    client.prototype.send = send;
    patched.delete(client);
  };
};

const equipOnce = (client: SmithyClient): void => {
  if (equipped.has(client) || sdk().config.disabled) return;
  equipped.add(client);
  equip(client);
};

const regionOf =
  ({ config }: SmithyClient): (() => unknown) =>
  () =>
    typeof config?.region === "function" ? (config.region() as unknown) : config?.region;

const equip = (client: SmithyClient): void => {
  const add = (middleware: unknown, step: string, priority: string): void =>
    client.middlewareStack.add(middleware, { step, priority, name: `mayfly-${step}`, override: true });
  // First of all: one span per call, all retries inside, and the input still as the application gave it.
  add(awsMiddleware(regionOf(client)), "initialize", "high");
  // After signing, once per attempt: X-Amzn-Trace-Id is never among the signed headers.
  add(xrayHeaderMiddleware, "finalizeRequest", "low");
};
