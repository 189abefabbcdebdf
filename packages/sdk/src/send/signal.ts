/** One signal, spans or log lines: what of it waits, and how it gets to its URL. */
import { printable } from "../config.ts";
import { harmless, warn } from "../diag.ts";
import { errorFacts } from "../errors.ts";
import { MAX_ANSWER_MESSAGE_LENGTH } from "../limits.ts";
import { type Sized, createBuffer } from "./buffer.ts";
import type { Answer, Post } from "./post.ts";

export type SendResult = Answer["verdict"] | "nothing";

export interface Signal<T> {
  /** Never throws: what cannot be encoded is counted as lost. */
  add(item: T): void;
  send(abort: AbortSignal): Promise<SendResult>;
  readonly waitingBytes: number;
  readonly dropped: number;
}

export interface SignalDeps<T, E extends Sized> {
  readonly post: Post;
  /** Absent: nothing is kept. */
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly encode: (item: T) => E;
  readonly request: (items: readonly E[]) => string;
}

export const createSignal = <T, E extends Sized>(deps: SignalDeps<T, E>): Signal<T> => {
  const { post, url, headers, encode, request } = deps;
  const buffer = createBuffer<E>(deps.maxBytes);
  let lost = 0;
  return {
    add(item) {
      if (url === undefined) return;
      const encoded = harmless("encoding telemetry", () => encode(item));
      if (encoded === undefined) lost += 1;
      else buffer.push(encoded);
    },
    async send(abort) {
      const items = buffer.take();
      if (url === undefined || items.length === 0) return "nothing";
      try {
        const answer = await post(url, request(items), headers, abort);
        if (answer.verdict === "unreachable") buffer.putBack(items);
        else lost += rejected(answer, items.length, printable(url));
        return answer.verdict;
      } catch (error) {
        // It cannot even be asked for: a header that HTTP forbids, for one.
        warn(`sending to ${printable(url)} failed: ${errorFacts(error).errorMessage}`);
        lost += items.length;
        return "refused";
      }
    },
    get waitingBytes() {
      return buffer.bytes;
    },
    get dropped() {
      return buffer.dropped + lost;
    },
  };
};

/** How many of `sent` the collector did not take. That is final: the same bytes will never be taken. */
const rejected = ({ verdict, status, body }: Answer, sent: number, where: string): number => {
  if (verdict === "refused") {
    warn(`${where} refused what was sent (status ${status}); check the endpoint and its headers`);
    return sent;
  }
  const { count, message } = partialSuccess(body);
  const lost = Math.min(sent, count);
  // Without the count, which would make each a message of its own.
  if (lost > 0 || message !== "") warn(`${where} did not take all that was sent${message && `: ${message}`}`);
  return lost;
};

interface ExportResponse {
  readonly partialSuccess?: {
    readonly rejectedSpans?: unknown;
    readonly rejectedLogRecords?: unknown;
    readonly errorMessage?: unknown;
  };
}

/** OTLP's answer to what was accepted; no server is bound to send one that can be read. */
const partialSuccess = (body: string): { count: number; message: string } => {
  try {
    const { partialSuccess: said } = JSON.parse(body) as ExportResponse;
    const count = Number(said?.rejectedSpans ?? said?.rejectedLogRecords ?? 0);
    const message = typeof said?.errorMessage === "string" ? said.errorMessage : "";
    return { count: count > 0 ? count : 0, message: message.slice(0, MAX_ANSWER_MESSAGE_LENGTH) };
  } catch {
    return { count: 0, message: "" };
  }
};
