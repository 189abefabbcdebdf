/**
 * A running collector, store open and port bound: what `mayfly serve` starts, and tests and other programs by
 * themselves.
 *
 * Errors  ListenError when the address is taken, StoreError when the data cannot be opened or another process works on
 *         it; nothing is left open then.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { type Clock, systemClock } from "./clock.ts";
import { type Config, DEFAULTS } from "./config.ts";
import { timesToArrive } from "./connections.ts";
import { ListenError } from "./errors.ts";
import type { KeyRecord } from "./guard/keys.ts";
import { openGuard } from "./guard/open.ts";
import { startReader } from "./api/reader-thread.ts";
import { startSummarizer } from "./query/summarizer-thread.ts";
import { createPipeline } from "./pipeline.ts";
import { lockFolder } from "./store/sqlite/folder-lock.ts";
import { startKeeper } from "./store/sqlite/keeper-thread.ts";
import { keepReserve, openReserve } from "./store/sqlite/reserve.ts";
import { listSetAside } from "./store/sqlite/set-aside.ts";
import { startStore } from "./store/sqlite/sqlite-store.ts";
import { errorFields, type Log, silentLog } from "./self/log.ts";
import { seldom } from "./self/seldom.ts";
import { createSqliteSummaries } from "./store/sqlite/summaries.ts";
import type { Store } from "./store/store.ts";
import type { Summaries } from "./store/summaries.ts";
import { VERSION } from "./version.ts";

export type { Config } from "./config.ts";

export interface Collector {
  /** `http://host:port`, with the port that was bound. */
  readonly url: string;
  /** Everyone who reaches the port may read and write everything, and it is not the loopback's. */
  readonly isInsecure: boolean;
  /** Answers what is in flight, then closes; twice is safe. */
  close(): Promise<void>;
}

export interface CollectorOptions {
  readonly clock?: Clock;
  /** Sees what is a bug of ours and not the client's or the disk's fault; the log tells it too. Default: the console, without a log. */
  readonly onBug?: (error: unknown) => void;
  /** Default: says nothing. */
  readonly log?: Log;
  /** Keys of this process alone, which are in no file. */
  readonly ownKeys?: readonly KeyRecord[];
  /** How long a stop waits for what is in flight. */
  readonly drainMs?: number;
}

const NS_PER_MS = 1_000_000n;

/** Of the ten seconds that a stop may take. */
const DRAIN_MS = 7_000;

/** What is not given is as by default. */
export const startCollector = async (given: Partial<Config>, options: CollectorOptions = {}): Promise<Collector> => {
  const { dataDir = DEFAULTS.dataDir } = given;
  const lock = lockFolder(dataDir);
  try {
    const collector = await startOn(given, options);
    const ended = (): void => {
      keepReserve(dataDir);
      lock.release();
    };
    return { ...collector, close: () => collector.close().finally(ended) };
  } catch (error) {
    lock.release();
    throw error;
  }
};

const startOn = async (given: Partial<Config>, options: CollectorOptions): Promise<Collector> => {
  const config = { ...DEFAULTS, ...given };
  const { clock = systemClock, log = silentLog, ownKeys = [], drainMs = DRAIN_MS } = options;
  const { onBug = options.log === undefined ? console.error : () => {} } = options;
  const { dataDir, durability, slowQueryMs, unindexed } = config;
  const onProblem = (error: unknown): void => {
    onBug(error);
    log.error(errorFields(error), "the API keys cannot be read; the last good ones stay in force");
  };
  if (!openReserve(dataDir))
    log.error({ dataDir }, "the disk is full: what is stored is answered, and nothing is taken");
  const guard = openGuard({ ...config, ownKeys, nowMs: () => Number(clock() / NS_PER_MS), onProblem });
  const store = await startStore({ dataDir, durability, unindexed }, onBug);
  for (const aside of listSetAside(dataDir)) log.error(aside, "a partition is set aside, the others answer");
  const summaries = createSqliteSummaries({ dataDir });
  // A thread has the system's clock: with another, summaries are kept and questions answered in this one.
  const hasOwnClock = options.clock !== undefined;
  const summarizer = hasOwnClock ? undefined : startSummarizer({ dataDir }, onBug);
  const reader = hasOwnClock ? undefined : startReader({ dataDir }, onBug, { problem: () => summarizer?.problem });
  const tell = (error: Error): void => log.error(errorFields(error), "a partition cannot be kept up");
  const keeper = startKeeper(config, seldom(tell, clock));
  const threads = [reader, summarizer, keeper].filter((one) => one !== undefined);
  try {
    const server = await createPipeline({
      store,
      summaries,
      ...(summarizer && { keptBy: summarizer }),
      ...(reader && { reader }),
      clock,
      guard,
      uiDir: uiDir(),
      version: VERSION,
      onBug,
      log,
      slowQueryMs,
      server: serverLimits(config),
    });
    const url = await listen(server, config);
    return {
      url,
      isInsecure: guard.isInsecure,
      close: once(() =>
        close(server, drainMs)
          .then(() => closeAll(threads, [summaries, store]))
          .finally(guard.close),
      ),
    };
  } catch (error) {
    await closeAll(threads, [summaries, store]);
    throw error;
  }
};

const serverLimits = ({ requestTimeoutMs, maxConnections, trustedProxies }: Config) => ({
  trustedProxies,
  connections: { ...timesToArrive(requestTimeoutMs), maxConnections },
});

const require = createRequire(import.meta.url);

const uiDir = (): string => join(dirname(require.resolve("@mayfly/ui/package.json")), "dist");

const listen = async (server: FastifyInstance, { host, port }: Config): Promise<string> => {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    throw listenProblem(cause as NodeJS.ErrnoException, host, port);
  }
  const { port: bound } = server.server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${bound}`;
};

const NO_SUCH_HOST: ReadonlySet<string | undefined> = new Set(["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN"]);

const listenProblem = (cause: NodeJS.ErrnoException, host: string, port: number): ListenError => {
  const remedy = NO_SUCH_HOST.has(cause.code)
    ? "name an address of this machine with --host"
    : "choose another port with --port";
  return new ListenError("address-unavailable", `cannot listen on ${host}:${port}: ${cause.message}; ${remedy}`, {
    cause,
  });
};

/** A client that never finishes its request must not hold up the stop for ever. */
const close = async (server: FastifyInstance, drainMs: number): Promise<void> => {
  const deadline = setTimeout(() => server.server.closeAllConnections(), drainMs);
  await server.close();
  clearTimeout(deadline);
};

type Closable = Pick<Store | Summaries, "close">;

/** Threads end side by side: each may take its time, and a stop has not that much. */
const closeAll = async (threads: readonly Closable[], stores: readonly Closable[]): Promise<void> => {
  await Promise.all(threads.map((thread) => thread.close()));
  for (const store of stores) await store.close();
};

const once = <T>(action: () => Promise<T>): (() => Promise<T>) => {
  let result: Promise<T> | undefined;
  return () => (result ??= action());
};
