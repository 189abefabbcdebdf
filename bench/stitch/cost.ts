/**
 * What stitching costs: of the rate at which spans are taken in, and in questions about large transactions.
 *
 * The share of the rate is measured against the same requests, byte for byte as long, with the names of the key attributes
 * misspelt: the collector then stores, indexes and sums up everything, and finds no key to join by.
 */
import type { Span } from "../../packages/otlp/src/index.ts";
import { seeded } from "../corpus/random.ts";
import { asProtobuf, templatesOf } from "../corpus/requests.ts";
import { load, quantile } from "../ingest/load.ts";
import { type Served, openServed } from "./served.ts";
import { createWorld } from "./world.ts";

export interface IngestShare {
  readonly spansPerSecond: number;
  readonly withoutKeysPerSecond: number;
  readonly share: number;
}

export interface Times {
  readonly name: string;
  /** Asked for the first time, with nothing of it remembered. */
  readonly firstMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const LOAD = { encoding: "protobuf", connections: 8 } as const;
const NAMES = ["mayfly.keys.produced", "mayfly.keys.consumed", "messaging.message.id"];

export const ingestShare = async (seed: number, seconds: number, rounds: number): Promise<IngestShare> => {
  const templates = templatesOf("protobuf", { kind: "batched", spans: 500 }, seed);
  const misspelt = templates.map((template) => ({ ...template, body: withoutKeys(template.body) }));
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const [at, some] of [templates, misspelt].entries()) {
      const served = await openServed();
      const port = Number(new URL(served.url).port);
      await load({ ...LOAD, port, templates: some, seconds: 2 }); // code that runs for the first time
      const { spans, elapsedMs } = await load({ ...LOAD, port, templates: some, seconds });
      rates[at]?.push((spans / elapsedMs) * 1000);
      await served.close();
    }
  }
  const [spansPerSecond = 0, withoutKeysPerSecond = 0] = rates.map((some) =>
    quantile(
      some.toSorted((a, b) => a - b),
      0.5,
    ),
  );
  return {
    spansPerSecond: Math.round(spansPerSecond),
    withoutKeysPerSecond: Math.round(withoutKeysPerSecond),
    share: Number((1 - spansPerSecond / withoutKeysPerSecond).toFixed(3)),
  };
};

const withoutKeys = (body: Buffer): Buffer => {
  const misspelt = Buffer.from(body);
  for (const name of NAMES) {
    for (let at = misspelt.indexOf(name); at !== -1; at = misspelt.indexOf(name, at))
      misspelt[at + name.length - 1] = 0x5f;
  }
  return misspelt;
};

const CONSUMERS = 10_000;
const TRACES = 50;
const SPANS_PER_TRACE = 20;

/** Over a background of other transactions: one of 1,000 spans in 50 W3C traces, and a message with 10,000 consumers. */
export const questionTimes = async (seed: number, background: number, asked: number): Promise<readonly Times[]> => {
  const served = await openServed();
  try {
    const port = Number(new URL(served.url).port);
    const templates = templatesOf("protobuf", { kind: "batched", spans: 500 }, seed);
    if (background > 0) await load({ ...LOAD, port, templates, seconds: 3600, maxSpans: background });
    const chain = longChain(seed);
    const topic = fanOut(seed + 1);
    const others = Array.from({ length: UNCOUNTED + asked }, (_, n) => longChain(seed + 2 + n));
    await served.arrive([chain, topic, ...others].flatMap(({ bodies }) => bodies));
    await served.settle();
    const fewer = Math.min(asked, 20);
    return [
      await timesOf("1,000 spans over 50 W3C traces, from the middle", served, () => chain.middle, asked, isWhole),
      await timesOf("the same, another trace each time", served, (n) => others[n]?.middle ?? "", asked, isWhole),
      await timesOf("one message with 10,000 consumers, first page", served, () => topic.root, fewer, isSome),
      await timesOf("the same, by another consumer's id each time", served, (n) => topic.consumers[n]!, fewer, isSome),
    ];
  } finally {
    await served.close();
  }
};

/** What is asked for by a name that it was not asked by before is walked anew. */
const isSome = (spans: number): boolean => spans > 0;
const isWhole = (spans: number): boolean => spans === TRACES * SPANS_PER_TRACE;

/** Questions before those whose times count. */
const UNCOUNTED = 3;

const timesOf = async (
  name: string,
  { url }: Served,
  idOf: (n: number) => string,
  asked: number,
  isRight: (spans: number) => boolean,
): Promise<Times> => {
  const times: number[] = [];
  let firstMs = 0;
  for (let n = 0; n < UNCOUNTED + asked; n++) {
    const started = performance.now();
    const response = await fetch(`${url}/api/traces/${idOf(n)}`);
    const body = await response.text();
    const ms = performance.now() - started;
    if (n === 0) firstMs = ms;
    if (n >= UNCOUNTED) times.push(ms);
    const { spans } = JSON.parse(body) as { spans: readonly unknown[] };
    if (!response.ok || !isRight(spans.length))
      throw new Error(`${name}: ${response.status} with ${spans.length} spans`);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const [p50Ms, p95Ms] = [quantile(sorted, 0.5), quantile(sorted, 0.95)].map((ms) => Number(ms.toFixed(1)));
  return { name, firstMs: Number(firstMs.toFixed(1)), p50Ms: p50Ms!, p95Ms: p95Ms! };
};

/** Every hop lost its context, so that each invocation is a W3C trace of its own and only message ids join them. */
const longChain = (seed: number) => {
  const world = createWorld({ random: seeded(seed), dialects: ["mayfly"], contexts: ["missing"] });
  let work = world.begin("step-0", 0);
  const works = [work];
  while (works.length < TRACES) {
    work = world.receive(world.send(work, "sqs"), `step-${works.length}`);
    works.push(work);
  }
  for (const { part, traceId, spanId } of works) {
    const [entry] = part.spans as [Span];
    while (part.spans.length < SPANS_PER_TRACE) {
      const child = {
        ...entry,
        spanId: world.hex(16),
        traceId,
        parentSpanId: spanId,
        name: "inner",
        kind: 1,
        attributes: [],
        links: [],
        flags: 0x101,
      };
      part.spans.push(child);
    }
  }
  const { parts } = world.done();
  return { bodies: parts.map((part) => asProtobuf([part])), middle: (works[TRACES / 2] as typeof work).path };
};

const fanOut = (seed: number) => {
  const world = createWorld({ random: seeded(seed), dialects: ["mayfly"], contexts: ["missing"] });
  const root = world.begin("publisher", 0);
  const sent = world.send(root, "sns");
  // Far apart, so that a few environments do.
  const consumers = Array.from(
    { length: CONSUMERS },
    (_, n) => world.receive(sent, `subscriber-${n % 500}`, { afterMs: 100 + n * 100 }).path,
  );
  const { parts } = world.done();
  const bodies: Buffer[] = [];
  for (let at = 0; at < parts.length; at += 250) bodies.push(asProtobuf(parts.slice(at, at + 250)));
  return { bodies, root: root.path, consumers };
};
