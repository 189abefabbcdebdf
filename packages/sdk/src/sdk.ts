/**
 * The one state of the process. A function may hold several copies of this package (CommonJS beside ESM, a layer beside
 * a bundle): the first makes it, later ones use it, so that there is one provider, one buffer, one breaker.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, context, createContextKey } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { type SdkConfig, readConfig } from "./config.ts";
import { type Redact, createRedact } from "./redact.ts";
import { type HeldLines, createHeldLines } from "./log/held.ts";
import type { Scope } from "./scope.ts";
import { createPost } from "./send/post.ts";
import { type Sender, createSender } from "./send/direct.ts";
import { type Pace, createPace } from "./send/pace.ts";
import { type Details, createDetails } from "./trace/detail.ts";
import { nestIn } from "./trace/globals.ts";
import { type Spans, createSpans } from "./trace/provider.ts";
import { createSampling } from "./trace/sampling.ts";

export interface Loaded {
  /** By the wall clock. */
  readonly atMs: number;
  /** From the start of the process. */
  durationMs: number;
  /** It has its span. */
  isTold?: boolean;
}

export interface Sdk {
  readonly config: SdkConfig;
  readonly spans: Spans;
  readonly details: Details;
  readonly sender: Sender;
  /** Of sending after the response. */
  readonly pace: Pace;
  readonly redact: Redact;
  readonly held: HeldLines;
  readonly scopes: AsyncLocalStorage<Scope>;
  /** Who is at work here, if anybody. */
  scope(): Scope | undefined;
  /** Set by `@mayfly/sdk/register`, which observes handlers that are not wrapped. */
  registered?: Registered;
  /** True once: for the first invocation of this environment. */
  takeFirst(): boolean;
  /** No invocation has begun. */
  readonly isAtInit: boolean;
  /** Each starts the span of a call that was made at init, below the one that is given. */
  readonly initCalls: ((parent: Context) => void)[];
  /** What making this state and observing took, before the first invocation; not the reading of the code. */
  setUpMs: number;
  /** The first `observe`: as good as loaded. */
  loaded?: Loaded;
  /** Gives the console back. */
  releaseConsole?: () => void;
  /** Ends the observation of what leaves the process, which is there once. */
  outgoing?: (() => void) | undefined;
  /** Carriers that were full, so that no context was put into them. */
  injectSkipped: number;
  /** Annotations and fields of log lines whose name is a log line's own. */
  refusedFields: number;
}

export interface Registered {
  /** Resolves when what has ended is sent or its flush budget is spent. */
  flush(): Promise<void>;
  /** Of a span that says what another one says already. */
  isRepeated(span: ReadableSpan): boolean;
  /** AWS calls have their spans from OpenTelemetry's instrumentation. */
  readonly hasAws: boolean;
}

/** For who runs a handler in a context, and not itself: of `{ scope }`, because the context is made first. */
export const SCOPE_IN_CONTEXT: symbol = createContextKey("mayfly.scope");

const KEY = Symbol.for("mayfly.sdk.v1");
const shared = globalThis as { [KEY]?: Sdk };

let joined: Sdk | undefined;

export const sdk = (): Sdk => {
  const state = (shared[KEY] ??= createSdk());
  // Each copy of this package brings a copy of the API, and all nest in one context.
  if (joined !== state && state.spans.contexts) nestIn(state.spans.contexts);
  joined = state;
  return state;
};

const scopeIn = (active: Context): Scope | undefined =>
  (active.getValue(SCOPE_IN_CONTEXT) as { scope?: Scope } | undefined)?.scope;

const createSdk = (): Sdk => {
  const startedMs = performance.now();
  const config = readConfig();
  const redact = createRedact(config);
  const sender = createSender({ config, post: createPost(), redact, nowMs: Date.now });
  const scopes = new AsyncLocalStorage<Scope>();
  const sampling = createSampling(config);
  const details = createDetails({ config, sampling, send: (span) => sender.addSpan(span) });
  const scope = (): Scope | undefined => scopes.getStore() ?? (state.registered && scopeIn(context.active()));
  let isFirst = true;
  const state: Sdk = {
    config,
    sender,
    pace: createPace(Date.now, config.holdMs),
    redact,
    held: createHeldLines(),
    scopes,
    scope,
    details,
    spans: createSpans({
      config,
      sampling,
      place() {
        const here = scope();
        // What is left running when an invocation has ended belongs to none.
        return here?.invocationSpan.isRecording() ? here : undefined;
      },
      onEnd(span, place) {
        if (!state.registered?.isRepeated(span)) details.ended(span, place);
      },
      flush: () => state.registered?.flush() ?? sender.flush(config.flushBudgetMs),
    }),
    injectSkipped: 0,
    refusedFields: 0,
    initCalls: [],
    setUpMs: 0,
    get isAtInit() {
      return isFirst;
    },
    takeFirst() {
      const was = isFirst;
      isFirst = false;
      return was;
    },
  };
  state.setUpMs = performance.now() - startedMs;
  return state;
};
