/**
 * Sending before the response, bounded: a dead collector costs one flush budget once, then nothing.
 *
 * Spans and log lines go out side by side. What was not accepted in time goes back into the buffers, and the breaker opens; so it does
 * when they were refused for good, but slowly. From then on invocations only fill the buffers, and one probe per interval tries again. A large invocation does not wait for its end: when a
 * buffer fills, it is sent.
 *
 * Probes and sends of full buffers run beside the handler, never awaited by it, one at a time, and may outlive their invocation:
 * frozen with the environment, they go on as it thaws.
 */
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { SdkConfig } from "../config.ts";
import { ROUGH_SPAN_LENGTH, SEND_BESIDE_AT, SEND_BESIDE_MS, SLOW_REFUSAL_SHARE } from "../limits.ts";
import type { Redact } from "../redact.ts";
import { createBreaker } from "./breaker.ts";
import { createCut } from "./cut.ts";
import { type SpanTexts, encodeLine, encodeSpan, logsRequest, tracesRequest } from "./encode.ts";
import type { Post } from "./post.ts";
import { spendRunningTime } from "./running-time.ts";
import { type Budget, createSignal } from "./signal.ts";
import { type Stop, createStop } from "./stop.ts";

export interface SendCounters {
  readonly droppedSpans: number;
  readonly droppedLogs: number;
  readonly cutTexts: number;
  readonly flushTimeouts: number;
  readonly flushFailures: number;
  readonly breakerOpened: number;
  readonly sentBytes: number;
  /** Spent on beginning invocations, on encoding, and on waiting for flushes. */
  readonly overheadMs: number;
}

export interface Sender {
  addSpan(span: ReadableSpan): void;
  addLogLine(line: string): void;
  /** Sends what is there within the budget; resolves, never rejects. Does nothing while the breaker is open. */
  flush(budgetMs: number): Promise<void>;
  /** The same where no caller waits: a freeze in its middle costs it nothing, and it keeps no event loop alive. */
  flushBeside(budgetMs: number): Promise<void>;
  /** Encodes what has been added, to be called where nobody waits. */
  encode(): void;
  /** To be called as an invocation begins. */
  probe(): void;
  /** Time of the function's that something else of ours took. */
  spent(ms: number): void;
  /** Under way beside the handler; it gets on only when the handler lets the event loop turn. */
  readonly isSendingBeside: boolean;
  counters(): SendCounters;
}

export interface SenderDeps {
  readonly config: SdkConfig;
  readonly post: Post;
  /** Of spans; lines come redacted, because stdout has them too. */
  readonly redact: Redact;
  readonly nowMs: () => number;
}

export const createSender = ({ config, post, redact, nowMs }: SenderDeps): Sender => {
  const { tracesUrl, logsUrl }: Partial<SdkConfig> = config.disabled ? {} : config;
  const common = { post, maxBytes: config.maxBufferBytes };
  const count = { cutTexts: 0, flushTimeouts: 0, flushFailures: 0, breakerOpened: 0, overheadMs: 0 };
  const cut = createCut(() => (count.cutTexts += 1));
  const spanTexts: SpanTexts = { redact, cut: cut.text };
  const spans = createSignal({
    ...common,
    url: tracesUrl,
    headers: config.tracesHeaders,
    wire: config.tracesWire,
    encode: (span: ReadableSpan, format) => encodeSpan(span, spanTexts, format),
    lengthOf: () => ROUGH_SPAN_LENGTH,
    request: (items, format) => tracesRequest(items, config, format),
  });
  const lines = createSignal({
    ...common,
    url: logsUrl,
    headers: config.logsHeaders,
    wire: config.logsWire,
    encode: (line: string, format) => encodeLine(line, cut.fields, format),
    lengthOf: (line) => line.length,
    request: (items, format) => logsRequest(items, config, format),
  });
  const breaker = createBreaker(nowMs, config.probeIntervalMs);
  let beside: { readonly stop: () => void; readonly done: Promise<void> } | undefined;

  const budgetOf = (budgetMs: number, stop: Stop, isBeside: boolean): Budget => {
    const untilMs = nowMs() + budgetMs;
    return { stop, isBeside, remainingMs: () => untilMs - nowMs() };
  };

  const attempt = async (budget: Budget): Promise<void> => {
    const slowBelowMs = budget.remainingMs() * (1 - SLOW_REFUSAL_SHARE);
    const sending = [spans.send(budget), lines.send(budget)].map(async (sent) => {
      const result = await sent;
      // A refusal is final, but one that takes its time would cost each invocation that time.
      const isSlow = result.verdict === "refused" && budget.remainingMs() < slowBelowMs;
      return { ...result, hasFailed: isSlow || result.verdict === "unreachable" };
    });
    const results = await Promise.all(sending);
    if (results.every(({ verdict }) => verdict === "nothing")) return;
    const failed = results.filter(({ hasFailed }) => hasFailed);
    if (failed.length === 0) return breaker.succeeded();
    if (budget.stop.isStopped) count.flushTimeouts += 1;
    else count.flushFailures += 1;
    if (!breaker.isOpen) count.breakerOpened += 1;
    breaker.failed(Math.max(...failed.map(({ retryAfterMs = 0 }) => retryAfterMs)));
  };

  const sendBeside = (budgetMs: number): void => {
    const stop = createStop();
    const cancel = spendRunningTime(budgetMs, stop.stop);
    const done = attempt(budgetOf(budgetMs, stop, true)).finally(() => {
      cancel();
      beside = undefined;
    });
    beside = { stop: stop.stop, done };
  };

  const sendWhatFills = (waitingBytes: number): void => {
    if (beside || breaker.isOpen || waitingBytes < config.maxBufferBytes * SEND_BESIDE_AT) return;
    sendBeside(SEND_BESIDE_MS);
  };

  return {
    addSpan(span) {
      spans.add(span);
      sendWhatFills(spans.waitingBytes);
    },
    addLogLine(line) {
      lines.add(line);
      sendWhatFills(lines.waitingBytes);
    },
    async flush(budgetMs) {
      if (breaker.isOpen || budgetMs <= 0) return;
      const startedMs = performance.now();
      const stop = createStop();
      const budget = budgetOf(budgetMs, stop, false);
      // Not unref'd: while a retry is waited for, nothing else may keep the process alive for what comes after the flush.
      const timer = setTimeout(() => {
        stop.stop();
        beside?.stop();
      }, budgetMs);
      await beside?.done;
      if (!breaker.isOpen) await attempt(budget);
      clearTimeout(timer);
      count.overheadMs += performance.now() - startedMs;
    },
    async flushBeside(budgetMs) {
      if (breaker.isOpen || budgetMs <= 0) return;
      const startedMs = performance.now();
      await beside?.done;
      if (!breaker.isOpen) {
        sendBeside(budgetMs);
        await beside?.done;
      }
      count.overheadMs += performance.now() - startedMs;
    },
    encode() {
      const startedMs = performance.now();
      spans.encode();
      lines.encode();
      count.overheadMs += performance.now() - startedMs;
    },
    probe() {
      if (!beside && breaker.mayProbe()) sendBeside(config.flushBudgetMs);
    },
    spent(ms) {
      count.overheadMs += ms;
    },
    get isSendingBeside() {
      return beside !== undefined;
    },
    counters: () => ({
      ...count,
      droppedSpans: spans.dropped,
      droppedLogs: lines.dropped,
      sentBytes: spans.sentBytes + lines.sentBytes,
    }),
  };
};
