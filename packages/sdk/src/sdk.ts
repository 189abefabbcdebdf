/**
 * The one state of the process. A function may hold several copies of this package (CommonJS beside ESM, a layer beside
 * a bundle): the first makes it, later ones use it, so that there is one provider, one buffer, one breaker.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type SdkConfig, readConfig } from "./config.ts";
import type { Scope } from "./scope.ts";
import { createPost } from "./send/post.ts";
import { type Sender, createSender } from "./send/direct.ts";
import { type Spans, createSpans } from "./trace/provider.ts";

export interface Sdk {
  readonly config: SdkConfig;
  readonly spans: Spans;
  readonly sender: Sender;
  readonly scopes: AsyncLocalStorage<Scope>;
  /** True once: for the first invocation of this environment. */
  takeColdStart(): boolean;
  /** From the start of the process to the first `observe`, which is how long loading the function has taken by then. */
  readonly initDurationMs: number;
  /** Carriers that were full, so that no context was put into them. */
  injectSkipped: number;
  /** Annotations and fields of log lines whose name is a log line's own. */
  refusedFields: number;
}

const KEY = Symbol.for("mayfly.sdk.v1");
const shared = globalThis as { [KEY]?: Sdk };

export const sdk = (): Sdk => (shared[KEY] ??= createSdk());

const createSdk = (): Sdk => {
  const config = readConfig();
  const sender = createSender({ config, post: createPost(), nowMs: Date.now });
  let isCold = true;
  return {
    config,
    sender,
    scopes: new AsyncLocalStorage(),
    spans: createSpans(config, (span) => sender.addSpan(span)),
    initDurationMs: Math.round(performance.now()),
    injectSkipped: 0,
    refusedFields: 0,
    takeColdStart() {
      const was = isCold;
      isCold = false;
      return was;
    },
  };
};
