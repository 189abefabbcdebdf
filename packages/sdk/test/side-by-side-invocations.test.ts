/**
 * Thirty invocations in one process, as on Managed Instances, their steps interleaved by a seeded schedule: HTTP requests, AWS calls,
 * batches with records at once, lines, console, annotations, failures. Each thing that is written, spanned or sent names whom it
 * belongs to, so that whatever has got into another's context is found.
 *
 *   i4 …span……fetch……………SQS…                 whose: the invocation "i4"
 *   i6 ……………batch: i6.0 …fetch… i6.1 …SQS…    whose: the invocation "i6", its record "i6.0" …
 */
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { type Answering, type AwsRequest, md5, startAws } from "./aws.ts";
import { type PlainSpan, startCollector } from "./collector.ts";
import { type FreshSdk, freshSdk, lambdaContext } from "./fresh-sdk.ts";

const INVOCATIONS = 30;
const RECORDS = 4;

interface Event {
  readonly Records?: readonly { readonly messageId: string }[];
}

/** mulberry32 */
const randomBy = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

/** Each way in which a handler may wait, of its own choice each time. */
const pausing = (random: (below: number) => number) => {
  const ways: readonly (() => Promise<void>)[] = [
    () => Promise.resolve(),
    () => new Promise((resolve) => void setImmediate(resolve)),
    () => new Promise((resolve) => void setTimeout(resolve, random(3))),
    () => new Promise((resolve) => process.nextTick(resolve)),
    () => new Promise((resolve) => queueMicrotask(resolve)),
  ];
  return async (): Promise<void> => {
    for (let left = random(6); left > 0; left -= 1) await ways[random(ways.length)]?.();
  };
};

const hex = (n: number, digits: number): string => (n + 1).toString(16).padStart(digits, "1");
const traceparent = (n: number): string => `00-${hex(n, 32)}-${hex(n, 16)}-01`;

const batchOf = (n: number): Event => ({
  Records: Array.from({ length: RECORDS }, (_, r) => ({
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:111122223333:orders",
    messageId: `i${n}.${r}`,
    // Every second one brings a context of its own.
    messageAttributes:
      r % 2 ? { traceparent: { dataType: "String", stringValue: traceparent(1_000 + n * 10 + r) } } : {},
  })),
});

const requestOf = (n: number): object => ({
  version: "2.0",
  rawPath: "/orders",
  headers: { traceparent: traceparent(n) },
  requestContext: { http: { method: "POST", path: "/orders" } },
});

const eventOf = (n: number): Event => ([batchOf(n), requestOf(n), {}] as const)[n % 3] ?? {};
const hasFailed = (whose: string): boolean => Number(/\d+/.exec(whose)?.[0]) % 5 === 0;

const answer: Answering = ({ path, body }) => {
  if (!path.startsWith("/sqs")) return {};
  const { MessageBody } = JSON.parse(body) as { MessageBody: string };
  return { body: JSON.stringify({ MessageId: `id of ${MessageBody}`, MD5OfMessageBody: md5(MessageBody) }) };
};

const run = async (seed: number) => {
  const [collector, aws] = [await startCollector(), await startAws(answer)];
  const sdk = await freshSdk({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    AWS_LAMBDA_MAX_CONCURRENCY: String(INVOCATIONS),
    AWS_LAMBDA_INITIALIZATION_TYPE: "lambda-managed-instances",
    MAYFLY_DEBUG_BUFFER: "on",
    MAYFLY_CONSOLE: "on",
    // Busy machines are slow, and nothing may be lost here.
    MAYFLY_FLUSH_BUDGET_MS: "20000",
  });
  const pause = pausing(randomBy(seed));
  const client = new SQSClient({ ...aws.client, endpoint: `${aws.url}/sqs` });
  const handler = sdk.observe(async (event: Event, { awsRequestId }: { awsRequestId: string }) => {
    await work(sdk, awsRequestId);
    if (event.Records)
      await sdk.eachRecord({ Records: event.Records }, ({ messageId }) => work(sdk, messageId), { concurrency: 3 });
    await pause();
    if (hasFailed(awsRequestId)) throw new Error(awsRequestId);
  });
  const work = async ({ annotate, logger, span }: FreshSdk, whose: string): Promise<void> => {
    await pause();
    annotate({ whose });
    await pause();
    logger.info(whose);
    await span(`work of ${whose}`, async () => {
      await pause();
      console.log(whose);
      await fetch(`${aws.url}/web/${whose}`).then((response) => response.text());
      logger.debug(whose);
      await pause();
      await client.send(new SendMessageCommand({ QueueUrl: `${aws.url}/sqs/orders`, MessageBody: whose }));
      logger.child({ child: true }).warn(whose);
    });
  };
  const ids = Array.from({ length: INVOCATIONS }, (_, n) => `i${n}`);
  const invoke = async (id: string, n: number): Promise<void> => {
    await pause();
    const context = {
      ...lambdaContext(id),
      xRayTraceId: `Root=1-6956b300-${hex(n, 24)};Parent=${hex(n, 16)};Sampled=0`,
    };
    await handler(eventOf(n), context).catch((error: unknown) => expect(error).toEqual(new Error(id)));
  };
  await Promise.all(ids.map(invoke));
  sdk.state().releaseConsole?.();
  return { collector, aws, lines: sdk.lines, ids };
};

const OWNERS = INVOCATIONS + (INVOCATIONS / 3) * RECORDS;

test.each([1, 2, 3])(
  "whatever the schedule, nothing gets into the context of another: seed %i",
  async (seed) => {
    const { collector, aws, lines, ids } = await run(seed);
    const invocations = collector.spans.filter(({ attributes }) => "faas.coldstart" in attributes);
    // A span for each owner, for its work, for its request and for its call to SQS.
    await vi.waitFor(() => expect(collector.spans).toHaveLength(OWNERS * 4));
    const byId = new Map(collector.spans.map((span) => [span.spanId, span]));

    const ownerOf = (span: PlainSpan | undefined): PlainSpan | undefined =>
      span === undefined || span.kind === 5 || invocations.includes(span) ? span : ownerOf(byId.get(span.parentSpanId));
    const nameOf = (owner: PlainSpan | undefined): unknown =>
      owner &&
      (invocations.includes(owner) ? owner.attributes["faas.invocation_id"] : owner.attributes["messaging.message.id"]);
    const ownerSpan = new Map(collector.spans.map((span) => ownerOf(span)).map((owner) => [nameOf(owner), owner]));

    const mixed: unknown[] = [];
    const belongs = (what: string, whose: unknown, found: unknown): void => {
      if (whose !== found) mixed.push({ what, whose, found });
    };
    const invocationOf = (whose: unknown): string => String(whose).split(".")[0] ?? "";

    for (const span of collector.spans) {
      const { name, attributes, traceId } = span;
      const whose = nameOf(ownerOf(span));
      belongs("trace", ownerSpan.get(whose)?.traceId, traceId);
      if (name.startsWith("work of ")) belongs("work", name.slice("work of ".length), whose);
      const url = attributes["url.full"];
      if (typeof url === "string" && url.includes("/web/")) belongs("request", url.split("/web/")[1], whose);
      for (const key of (attributes["mayfly.keys.produced"] as string[] | undefined) ?? [])
        belongs("produced key", producerOf(key, aws.requests), whose);
      if (ownerOf(span) !== span) continue;
      belongs("annotation", whose, attributes["whose"]);
      belongs("invocation", invocationOf(whose), attributes["faas.invocation_id"]);
      const consumed = attributes["mayfly.keys.consumed"] as string[];
      const own = consumed
        .filter((key) => /^(?:sqs-message|lambda-request)/.test(key))
        .map((key) => key.split("|").at(-1));
      for (const key of own) belongs("consumed key", invocationOf(whose), invocationOf(key));
    }

    for (const line of lines) {
      const whose = line["message"] === "invocation end" ? line["requestId"] : line["message"];
      belongs("line's request", invocationOf(whose), line["requestId"]);
      belongs("line's annotation", whose, line["whose"]);
      belongs("line's trace", ownerSpan.get(whose)?.traceId, line["traceId"]);
      belongs("line's span", whose, nameOf(ownerOf(byId.get(String(line["spanId"])))));
    }

    for (const { path, headers, body } of aws.requests) {
      const isSqs = path.startsWith("/sqs");
      const sent = isSqs ? (JSON.parse(body) as SentMessage) : undefined;
      const carried = sent ? sent.MessageAttributes.traceparent.StringValue : String(headers["traceparent"]);
      const [, traceId, spanId = ""] = carried.split("-");
      const whose = sent ? sent.MessageBody : path.split("/web/")[1];
      belongs(isSqs ? "message" : "request header", whose, nameOf(ownerOf(byId.get(spanId))));
      belongs("carried trace", ownerSpan.get(whose)?.traceId, traceId);
    }

    expect(mixed).toEqual([]);
    // And all of it is there.
    expect(new Set(invocations.map(({ attributes }) => attributes["faas.invocation_id"]))).toEqual(new Set(ids));
    expect(ownerSpan.size).toBe(OWNERS);
    expect(aws.requests).toHaveLength(OWNERS * 2);
    const failed = ids.filter(hasFailed);
    const debug = failed.length + failed.filter((id) => Number(id.slice(1)) % 3 === 0).length * RECORDS;
    expect(lines).toHaveLength(OWNERS * 3 + debug + INVOCATIONS);
    for (const id of ids) {
      const own = lines.filter(({ requestId }) => requestId === id).map(({ seq }) => Number(seq));
      expect(own, `numbers of ${id}`).toEqual(own.map((_seq, n) => n));
    }
    expect(new Set(invocations.map(({ attributes }) => attributes["faas.coldstart"]))).toEqual(new Set([false]));
  },
  60_000,
);

/** `sqs-message|…|id of i4`; or `http-request||aws-request-7`, an answer's id. */
const producerOf = (key: string, requests: readonly AwsRequest[]): string | undefined => {
  const answered = /aws-request-(\d+)$/.exec(key)?.[1];
  return answered === undefined ? key.split("id of ")[1] : requests[Number(answered) - 1]?.path.split("/web/")[1];
};

interface SentMessage {
  readonly MessageBody: string;
  readonly MessageAttributes: { readonly traceparent: { readonly StringValue: string } };
}
