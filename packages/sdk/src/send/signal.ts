/**
 * One signal, spans or log lines: what of it waits, and how it gets to its URL.
 *
 * What is added is kept as it is until somebody has time to encode it: the handler's own time is not spent on it, unless there is much.
 */
import { VERSION, type Wire, printable } from "../config.ts";
import { harmless, warn } from "../diag.ts";
import { errorFacts } from "../errors.ts";
import { MAX_ANSWER_MESSAGE_LENGTH, MAX_RETRIES, MAX_UNENCODED_LENGTH } from "../limits.ts";
import { type Sized, createBuffer } from "./buffer.ts";
import { type Body, type Format, JSON_FORMAT } from "./format.ts";
import { gzip } from "./gzip.ts";
import type { Answer, Post } from "./post.ts";
import { createProtobufFormat } from "./protobuf.ts";
import { spendRunningTime } from "./running-time.ts";
import { type Stop, createStop } from "./stop.ts";

export interface SendResult {
  readonly verdict: Answer["verdict"] | "nothing";
  readonly retryAfterMs?: number;
}

/** The time that one flush has. */
export interface Budget {
  readonly stop: Stop;
  /** Nobody waits for it. */
  readonly isBeside: boolean;
  remainingMs(): number;
}

export interface Signal<T> {
  add(item: T): void;
  /** Never throws: what cannot be encoded is counted as lost. */
  encode(): void;
  send(budget: Budget): Promise<SendResult>;
  readonly waitingBytes: number;
  readonly dropped: number;
  /** Of all requests, as they went out. */
  readonly sentBytes: number;
}

export interface SignalDeps<T, E extends Sized> {
  readonly post: Post;
  /** Absent: nothing is kept. */
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly wire: Wire;
  readonly maxBytes: number;
  readonly encode: (item: T, format: Format) => E;
  /** Roughly, of an item before it is encoded. */
  readonly lengthOf: (item: T) => number;
  readonly request: (items: readonly E[], format: Format) => Body;
}

export const createSignal = <T, E extends Sized>(deps: SignalDeps<T, E>): Signal<T> => {
  const { post, url, wire, encode, request, lengthOf } = deps;
  const format = wire.isProtobuf ? createProtobufFormat() : JSON_FORMAT;
  const headers = {
    "user-agent": `mayfly-nodejs/${VERSION}`,
    ...inLowerCase(deps.headers),
    "content-type": format.contentType,
    ...(wire.isGzip && { "content-encoding": "gzip" }),
  };
  const buffer = createBuffer<E>(deps.maxBytes);
  let unencoded: T[] = [];
  let unencodedLength = 0;
  let lost = 0;
  let sentBytes = 0;

  const encodeAll = (): void => {
    const items = unencoded;
    unencoded = [];
    unencodedLength = 0;
    for (const item of items) {
      const encoded = harmless("encoding telemetry", () => encode(item, format));
      if (encoded === undefined) lost += 1;
      else buffer.push(encoded);
    }
  };

  const postOnce = (to: string, body: Body, { stop, isBeside }: Budget): Promise<Answer> => {
    sentBytes += Buffer.byteLength(body);
    if (wire.timeoutMs === 0) return post(to, body, { headers, stop, isBeside });
    const either = createStop();
    const forget = stop.onStop(either.stop);
    const cancel = spendRunningTime(wire.timeoutMs, either.stop);
    return post(to, body, { headers, stop: either, isBeside }).finally(() => {
      forget();
      cancel();
    });
  };

  /** Again only where the collector says when, and that is within the budget; else the breaker waits for it. */
  const deliver = async (to: string, body: Body, budget: Budget): Promise<Answer> => {
    for (let retries = 0; ; retries += 1) {
      const answer = await postOnce(to, body, budget);
      const { verdict, retryAfterMs = Infinity } = answer;
      if (verdict !== "unreachable" || retries === MAX_RETRIES || retryAfterMs >= budget.remainingMs()) return answer;
      await pause(retryAfterMs, budget.stop);
      if (budget.stop.isStopped) return answer;
    }
  };

  return {
    add(item) {
      if (url === undefined) return;
      unencoded.push(item);
      unencodedLength += lengthOf(item);
      if (unencodedLength >= MAX_UNENCODED_LENGTH) encodeAll();
    },
    encode: encodeAll,
    async send(budget) {
      encodeAll();
      const items = buffer.take();
      if (url === undefined || items.length === 0) return { verdict: "nothing" };
      try {
        const whole = request(items, format);
        const answer = await deliver(url, wire.isGzip ? await gzip(whole) : whole, budget);
        if (answer.verdict === "unreachable") buffer.putBack(items);
        else lost += rejected(answer, items.length, printable(url), format);
        return answer;
      } catch (error) {
        // It cannot even be asked for: a header that HTTP forbids, for one.
        warn(`sending to ${printable(url)} failed: ${errorFacts(error).errorMessage}`);
        lost += items.length;
        return { verdict: "refused" };
      }
    },
    get waitingBytes() {
      return buffer.bytes;
    },
    get dropped() {
      return buffer.dropped + lost;
    },
    get sentBytes() {
      return sentBytes;
    },
  };
};

const inLowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const pause = (ms: number, stop: Stop): Promise<void> =>
  new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(over, ms).unref();
    const forget = stop.onStop(over);
  });

/** How many of `sent` the collector did not take. That is final: the same bytes will never be taken. */
const rejected = ({ verdict, status, body }: Answer, sent: number, where: string, format: Format): number => {
  if (verdict === "refused") {
    warn(`${where} refused what was sent (status ${status}); check the endpoint and its headers`);
    return sent;
  }
  const { count, message } = partialSuccess(body, format);
  const lost = Math.min(sent, count);
  // Without the count, which would make each a message of its own.
  if (lost > 0 || message !== "") warn(`${where} did not take all that was sent${message && `: ${message}`}`);
  return lost;
};

/** OTLP's answer to what was accepted; no server is bound to send one that can be read. */
const partialSuccess = (body: Buffer, format: Format): { count: number; message: string } => {
  try {
    const said = format.partialSuccess(body);
    const count = Number(said.rejectedSpans ?? said.rejectedLogRecords ?? 0);
    const message = typeof said.errorMessage === "string" ? said.errorMessage : "";
    return { count: count > 0 ? count : 0, message: message.slice(0, MAX_ANSWER_MESSAGE_LENGTH) };
  } catch {
    return { count: 0, message: "" };
  }
};
