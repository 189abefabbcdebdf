/**
 * Delivers to an HTTP endpoint as Amazon Data Firehose does: a POST with its headers, only 200 with its own answer is a
 * success, 413 is final, anything else is tried again with the same request id. Without the waiting in between.
 *
 * Source  Amazon Data Firehose developer guide, "HTTP endpoint delivery request and response specifications".
 */
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { gzipSync } from "node:zlib";

interface Delivery {
  readonly url: string;
  readonly records: readonly (string | Buffer)[];
  readonly requestId?: string;
  readonly key?: string;
  readonly isPacked?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxAttempts?: number;
}

export interface Delivered {
  readonly isDelivered: boolean;
  /** What each attempt was told: the status, and what the sender makes of the answer. */
  readonly attempts: readonly { readonly status: number; readonly problem?: string; readonly errorMessage?: string }[];
}

export const deliver = async ({ maxAttempts = 3, ...delivery }: Delivery): Promise<Delivered> => {
  const attempts: Delivered["attempts"][number][] = [];
  while (attempts.length < maxAttempts) {
    // The time of the request is another in each attempt (assumed).
    const attempt = await post(delivery, 1_767_225_600_000 + attempts.length);
    attempts.push(attempt);
    if (attempt.status === 200 && attempt.problem === undefined) return { isDelivered: true, attempts };
    if (attempt.status === 413) break;
  }
  return { isDelivered: false, attempts };
};

const post = async (
  { url, records, requestId = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f", key, isPacked = false, headers = {} }: Delivery,
  timestamp: number,
): Promise<Delivered["attempts"][number]> => {
  const data = records.map((record) => ({ data: Buffer.from(record).toString("base64") }));
  const body = Buffer.from(JSON.stringify({ requestId, timestamp, records: data }));
  const sent = request(`${url}/v1/firehose`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-amz-firehose-protocol-version": "1.0",
      "x-amz-firehose-request-id": requestId,
      "x-amz-firehose-source-arn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/logs",
      ...(key !== undefined && { "x-amz-firehose-access-key": key }),
      ...(isPacked && { "content-encoding": "gzip" }),
      ...headers,
    },
  });
  sent.end(isPacked ? gzipSync(body) : body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve).on("error", reject);
  });
  const answer = (await json(response)) as Readonly<Record<string, unknown>>;
  const problem = problemOf(response.headers, answer, requestId);
  return {
    status: response.statusCode ?? 0,
    ...(problem !== undefined && { problem }),
    ...(typeof answer["errorMessage"] === "string" && { errorMessage: answer["errorMessage"] }),
  };
};

const MAX_ANSWER_BYTES = 1_048_576;

const problemOf = (
  headers: IncomingHttpHeaders,
  { requestId, timestamp }: Readonly<Record<string, unknown>>,
  expected: string,
): string | undefined => {
  if (headers["content-type"] !== "application/json") return `Content-Type is ${headers["content-type"]}`;
  if (headers["content-encoding"] !== undefined) return "the answer is packed";
  if (!(Number(headers["content-length"]) <= MAX_ANSWER_BYTES)) return "there is no Content-Length";
  if (requestId !== expected) return `requestId is ${String(requestId)}`;
  return Number.isSafeInteger(timestamp) ? undefined : `timestamp is ${String(timestamp)}`;
};
