/**
 * Sending before the response, bounded: a dead collector costs one flush budget once, then nothing.
 *
 * Spans and log lines go out side by side. What was not accepted in time goes back into the buffers, and the breaker opens; from then
 * on invocations only fill the buffers, and one probe per interval, started beside a handler and never awaited, tries again.
 */
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { SdkConfig } from "../config.ts";
import { warn } from "../diag.ts";
import { errorFacts } from "../errors.ts";
import { MAX_BUFFERED_LOG_LINES, MAX_BUFFERED_SPANS } from "../limits.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { type Buffer, createBuffer } from "./buffer.ts";
import { encodeLogs, encodeTraces } from "./encode.ts";
import type { Post, PostResult } from "./post.ts";

export interface SendCounters {
  readonly droppedSpans: number;
  readonly droppedLogs: number;
  readonly flushTimeouts: number;
  readonly flushFailures: number;
  readonly breakerOpened: number;
}

export interface Sender {
  addSpan(span: ReadableSpan): void;
  addLogLine(line: string): void;
  /** Sends what is there within the budget; resolves, never rejects. Does nothing while the breaker is open. */
  flush(budgetMs: number): Promise<void>;
  /** To be called as an invocation begins. */
  probe(): void;
  counters(): SendCounters;
}

export interface SenderDeps {
  readonly config: SdkConfig;
  readonly post: Post;
  readonly nowMs: () => number;
}

export const createSender = ({ config, post, nowMs }: SenderDeps): Sender => {
  const spans = createBuffer<ReadableSpan>(MAX_BUFFERED_SPANS);
  const lines = createBuffer<string>(MAX_BUFFERED_LOG_LINES);
  const { tracesUrl, logsUrl }: Partial<SdkConfig> = config.disabled ? {} : config;
  const breaker: Breaker = createBreaker(nowMs, config.probeIntervalMs);
  const count = { refusedSpans: 0, refusedLogs: 0, flushTimeouts: 0, flushFailures: 0, breakerOpened: 0 };

  /** One signal's buffer to one URL. A refusal is final: the same bytes will never be taken. */
  const sendAll = async <T>(
    buffer: Buffer<T>,
    url: string | undefined,
    encode: (items: readonly T[], config: SdkConfig) => string,
    signal: AbortSignal,
    onRefused: (items: number) => void,
  ): Promise<PostResult | "nothing"> => {
    if (url === undefined || buffer.size === 0) return "nothing";
    const items = buffer.take();
    try {
      const result = await post(url, encode(items, config), config.headers, signal);
      if (result === "unreachable") buffer.putBack(items);
      if (result !== "refused") return result;
      warn(`${url} refused what was sent; check the endpoint and its headers`);
    } catch (error) {
      // Neither can be encoded nor asked for: a header that HTTP forbids, for one.
      warn(`sending to ${url} failed: ${errorFacts(error).errorMessage}`);
    }
    onRefused(items.length);
    return "refused";
  };

  const attempt = async (budgetMs: number): Promise<void> => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), budgetMs).unref();
    const results = await Promise.all([
      sendAll(spans, tracesUrl, encodeTraces, abort.signal, (n) => (count.refusedSpans += n)),
      sendAll(lines, logsUrl, encodeLogs, abort.signal, (n) => (count.refusedLogs += n)),
    ]);
    clearTimeout(timer);
    if (results.every((one) => one === "nothing")) return;
    if (!results.includes("unreachable")) return breaker.succeeded();
    if (abort.signal.aborted) count.flushTimeouts += 1;
    else count.flushFailures += 1;
    if (!breaker.isOpen) count.breakerOpened += 1;
    breaker.failed();
  };

  return {
    addSpan: (span) => void (tracesUrl !== undefined && spans.push(span)),
    addLogLine: (line) => void (logsUrl !== undefined && lines.push(line)),
    async flush(budgetMs) {
      if (breaker.isOpen || budgetMs <= 0) return;
      await attempt(budgetMs);
    },
    probe() {
      if (breaker.mayProbe()) void attempt(config.flushBudgetMs);
    },
    counters: () => ({
      droppedSpans: spans.dropped + count.refusedSpans,
      droppedLogs: lines.dropped + count.refusedLogs,
      flushTimeouts: count.flushTimeouts,
      flushFailures: count.flushFailures,
      breakerOpened: count.breakerOpened,
    }),
  };
};
