/**
 * Attaches our middleware to every AWS SDK v3 client, without a loader hook.
 *
 * All clients extend one class, `Client` of @smithy/core (older: @smithy/smithy-client). By the time `observe` runs, the
 * handler's imports have loaded it, and because the SDK is CommonJS also for `import`, it stands in Node's module cache:
 * nothing has to be resolved or loaded for this. `send` of each copy found there is replaced by one that adds the
 * middleware to a client at its first use.
 *
 * A client bundled into the handler is in no cache and is not found.
 */
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

/** Cheap to call again: for clients that were loaded since. Gives back what undoes it. */
export const instrumentLoadedAwsSdk = (): (() => void) => {
  const undo = clientClasses().map(patch);
  return () => undo.forEach((one) => one());
};

const clientClasses = (): ClientClass[] => {
  const { _cache: cache } = process.getBuiltinModule("node:module") as unknown as {
    _cache: Record<string, NodeModule>;
  };
  return Object.keys(cache)
    .filter((path) => SMITHY_CLIENT.test(path))
    .flatMap((path) => {
      const { Client } = (cache[path]?.exports ?? {}) as { Client?: ClientClass };
      return typeof Client?.prototype?.send === "function" && !patched.has(Client) ? [Client] : [];
    });
};

const patch = (client: ClientClass): (() => void) => {
  const { send } = client.prototype;
  const equipped = new WeakSet<SmithyClient>();
  client.prototype.send = function (this: SmithyClient, ...args: unknown[]): unknown {
    if (!equipped.has(this)) {
      equipped.add(this);
      equip(this);
    }
    return send.apply(this, args);
  };
  patched.add(client);
  return () => {
    client.prototype.send = send;
    patched.delete(client);
  };
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
