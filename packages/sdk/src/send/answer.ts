/**
 * Answers of HTTP/1.1, read off one connection in whatever pieces they come.
 *
 *   status ─▶ headers ─┬▶ data, as many bytes as were told ───────────────▶ whole
 *                      ├▶ size ─▶ data ─▶ break ─▶ size … 0 ─▶ trailers ──▶ whole
 *                      └▶ data until the connection ends ─────────────────▶ whole
 *
 * Source  RFC 9112, sections 4 to 7, for a client that sends POST and GET and asks for no upgrade.
 */
import { MAX_ANSWER_BYTES, MAX_ANSWER_HEAD_LENGTH } from "../limits.ts";

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its beginning. */
  readonly body: Buffer;
  /** Nothing can be asked on the connection any more. */
  readonly isLast: boolean;
}

export interface AnswerReader {
  /** undefined as long as the answer is not whole. Throws at what is no HTTP. */
  read(chunk: Buffer): Answer | undefined;
  /** When the connection has ended: the answer, where that is its end. */
  end(): Answer | undefined;
}

type Phase = "status" | "headers" | "size" | "data" | "break" | "trailers";

export const createAnswerReader = (): AnswerReader => {
  let received: Buffer = Buffer.of();
  let phase: Phase = "status";
  let headLength = 0;
  let status = 0;
  let isOld = false;
  let headers = new Map<string, string>();
  let body: Buffer[] = [];
  let bodyBytes = 0;
  let isChunked = false;
  /** Of the body, or of its present chunk. */
  let left = 0;

  const line = (): string | undefined => {
    const end = received.indexOf("\r\n");
    const length = end < 0 ? received.length : end;
    if (headLength + length > MAX_ANSWER_HEAD_LENGTH) throw new Error("the answer's head is too long");
    if (end < 0) return undefined;
    const text = received.toString("latin1", 0, end);
    received = received.subarray(end + 2);
    headLength += length;
    return text;
  };

  const data = (): void => {
    const taken = received.subarray(0, Math.min(left, received.length));
    received = received.subarray(taken.length);
    left -= taken.length;
    if (bodyBytes < MAX_ANSWER_BYTES) body.push(taken.subarray(0, MAX_ANSWER_BYTES - bodyBytes));
    bodyBytes += taken.length;
  };

  /** What follows the headers; undefined: nothing. */
  const bodyPhase = (): Phase | undefined => {
    const encoding = headers.get("transfer-encoding")?.toLowerCase();
    isChunked = encoding?.endsWith("chunked") === true;
    if (isChunked) return "size";
    const length = headers.get("content-length");
    if (status === 204 || status === 304) return undefined;
    left = encoding !== undefined || length === undefined ? Infinity : Number(length);
    if (!(left >= 0)) throw new Error("the answer's length is no number");
    return left > 0 ? "data" : undefined;
  };

  const whole = (): Answer => {
    const connection = headers.get("connection")?.toLowerCase() ?? "";
    const isKept = isOld ? connection.includes("keep-alive") : !connection.includes("close");
    // More than the answer was not asked for.
    const isLast = !isKept || left === Infinity || received.length > 0;
    const answer = { status, headers, body: Buffer.concat(body), isLast };
    [phase, headLength, headers, body, bodyBytes, left] = ["status", 0, new Map(), [], 0, 0];
    return answer;
  };

  const read = (): Answer | undefined => {
    for (;;) {
      if (phase === "data") {
        data();
        if (left > 0) return undefined;
        if (!isChunked) return whole();
        phase = "break";
      }
      const text = line();
      if (text === undefined) return undefined;
      if (phase === "status") {
        status = Number(text.slice(9, 12));
        if (!text.startsWith("HTTP/1.") || !(status >= 100)) throw new Error("the answer is no HTTP");
        isOld = text[7] === "0";
        phase = "headers";
      } else if (phase === "headers" && text !== "") {
        const at = text.indexOf(":");
        headers.set(text.slice(0, at).toLowerCase(), text.slice(at + 1).trim());
      } else if (phase === "headers" && status < 200) {
        [phase, headers] = ["status", new Map()];
      } else if (phase === "headers") {
        const next = bodyPhase();
        if (next === undefined) return whole();
        phase = next;
      } else if (phase === "size") {
        left = /^[\da-f]{1,8}\s*(?:;|$)/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
        if (!(left >= 0)) throw new Error("a chunk's size is no number");
        phase = left > 0 ? "data" : "trailers";
        headLength = 0;
      } else if (phase === "break") phase = "size";
      else if (text === "") return whole();
    }
  };

  return {
    read(chunk) {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      return read();
    },
    end: () => (phase === "data" && left === Infinity ? whole() : undefined),
  };
};
