/**
 * A world of functions whose every cause is known: what ran, for which transaction, and what was sent of it.
 *
 * A work is an invocation, or one record of a batch with record spans: what a stitched trace is made of. A batch itself is a
 * shell: it belongs to all of its transactions and carries none of their work. Each environment has a clock of its own,
 * up to 500 ms off, and runs one invocation at a time.
 */
import type { KeyValue, Resource, Span, SpanLink } from "../../packages/otlp/src/index.ts";
import { evidenceSpans } from "../../packages/collector/src/normalize/platform-evidence.ts";
import type { Part } from "../corpus/orders.ts";
import type { Random } from "../corpus/random.ts";
import { type Carrier, type Context, type Dialect, KEY_KINDS, arrivesAs, saysConsumed, saysProduced } from "./hops.ts";

export interface Work {
  readonly path: string;
  readonly transaction: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly xrayRoot: string;
  /** What Lambda's header names as the parent; told to whoever is called, where Lambda has no segments of its own. */
  readonly headerParent?: string;
  readonly requestId: string;
  readonly environment: Environment;
  readonly part: Part & { readonly spans: Span[] };
  /** One record of a batch, and no invocation. */
  readonly isRecord?: boolean;
  /** True times, in ms of the world: when it began, and of what it does next. */
  readonly atMs: number;
  nowMs: number;
}

/** A batch's invocation, and the transactions that its records belong to; what it calls outside of them is one of its own. */
export interface Shell {
  readonly path: string;
  readonly transaction: number;
  readonly transactions: ReadonlySet<number>;
  /** What Lambda handed it, and it hands on, whichever record is at work. */
  readonly xrayRoot: string;
  readonly atMs: number;
}

export interface Hop {
  readonly from: Work;
  /** The span that sent. */
  readonly fromPath: string;
  readonly to: Work | Shell;
  readonly carrier: Carrier;
  readonly context: Context;
  /** The receiver says the id that the sender was told. */
  readonly saysReceived: boolean;
  /** Both sides saw one id, or one carried the other's context. */
  readonly isJoinable: boolean;
  /** The id is not exact, and others may have sent it as well. */
  readonly isAmbiguous?: boolean;
}

export interface World {
  readonly works: readonly Work[];
  readonly shells: readonly Shell[];
  readonly hops: readonly Hop[];
  /** One for each invocation: what its environment sent. */
  readonly parts: readonly Part[];
  /** Works that share an id nobody may know the sender of: an event's attempts, a topic's subscribers. */
  readonly siblings: readonly (readonly Work[])[];
}

export interface Environment {
  readonly functionName: string;
  readonly dialect: Dialect;
  readonly resource: Resource;
  readonly skewNs: bigint;
  readonly invocations: { readonly work: Work; readonly fromMs: number; toMs: number }[];
}

/** What its invocation does outside of its records is of none of their transactions. */
export interface Batch {
  readonly invocation: Work;
  readonly records: readonly Work[];
}

/** A message on its way. */
export interface Sent {
  readonly by: Work;
  readonly span: Span;
  readonly carrier: Carrier;
  readonly id: string;
  readonly scope?: string;
  readonly atMs: number;
}

const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5];
const BEGINNING = 1_767_225_600_000_000_000n;
const MAX_SKEW_MS = 500;
const WORK_MS = 20;
const MAX_INVOCATIONS = 40;

export interface WorldOptions {
  readonly random: Random;
  /** How likely each is on a hop. */
  readonly dialects: readonly Dialect[];
  readonly contexts: readonly Context[];
}

/** The sender was told an id, and its span says that. */
export const isSaidProduced = ({ from, carrier }: Hop): boolean => saysProduced(from.environment.dialect, carrier);

export type WorldBuilder = ReturnType<typeof createWorld>;

export const createWorld = ({ random, dialects, contexts }: WorldOptions) => {
  const works: Work[] = [];
  const shells: Shell[] = [];
  const hops: Hop[] = [];
  const parts: Part[] = [];
  const siblings: Work[][] = [];
  const environments = new Map<string, Environment[]>();
  let transactions = 0;

  const hex = (digits: number): string =>
    Array.from({ length: digits / 4 }, () =>
      Math.floor(random() * 0x10000)
        .toString(16)
        .padStart(4, "0"),
    ).join("");
  const uuid = (): string =>
    hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, (_, ...found: string[]) => found.slice(0, 5).join("-"));
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

  /** One that is free then, by its own dialect. */
  const environmentAt = (name: string, dialect: Dialect, atMs: number): Environment => {
    const functionName = `${name}-${dialect}`;
    const known = environments.get(functionName) ?? [];
    environments.set(functionName, known);
    const free = known.find(
      ({ invocations }) =>
        invocations.length < MAX_INVOCATIONS &&
        invocations.every((one) => one.toMs < atMs || one.fromMs > atMs + 60_000),
    );
    if (free) return free;
    const skewMs = Math.floor((random() * 2 - 1) * MAX_SKEW_MS);
    const made: Environment = {
      functionName,
      dialect,
      skewNs: BigInt(skewMs) * 1_000_000n,
      invocations: [],
      resource: {
        attributes: attributesOf({
          "service.name": functionName,
          "faas.name": functionName,
          "faas.instance": `2026/01/01/[$LATEST]${hex(32)}`,
          "cloud.provider": "aws",
          "cloud.platform": "aws_lambda",
        }),
        droppedAttributesCount: 0,
        entityRefs: [],
      },
    };
    known.push(made);
    return made;
  };

  const spanIn = (
    { skewNs }: Environment,
    name: string,
    kind: number,
    traceId: string,
    parentSpanId: string,
    [fromMs, toMs]: readonly [number, number],
    attributes: Attributes,
    links: readonly SpanLink[] = [],
    isRemote = false,
  ): Span => ({
    traceId,
    spanId: hex(16),
    traceState: "",
    parentSpanId,
    name,
    kind,
    startTimeUnixNano: BEGINNING + BigInt(fromMs) * 1_000_000n + skewNs,
    endTimeUnixNano: BEGINNING + BigInt(toMs) * 1_000_000n + skewNs,
    attributes: attributesOf(attributes),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links,
    droppedLinksCount: 0,
    flags: isRemote ? 0x301 : 0x101,
  });

  interface Carried {
    readonly traceId: string;
    readonly spanId: string;
  }

  /** The context that arrives with the message. */
  const carriedBy = (sent: Sent, context: Context): Carried | undefined => {
    if (context === "kept") return sent.span;
    if (context === "foreign") return { traceId: hex(32), spanId: hex(16) };
    if (context === "stale") return earlierIn(sent.by.environment, sent.by);
    return undefined;
  };

  /** The last invocation that ran in this environment before, for another transaction. */
  const earlierIn = ({ invocations }: Environment, { transaction, requestId }: Work): Carried | undefined => {
    const own = invocations.find(({ work }) => work.requestId === requestId);
    return invocations
      .filter(({ work, toMs }) => own && toMs < own.fromMs && work.transaction !== transaction)
      .toSorted((a, b) => b.toMs - a.toMs)[0]?.work;
  };

  /** Stale contexts can be told only where an id says who really sent; without one they look like any other context. */
  const contextOf = (sent: Sent, to: Dialect, asked: Context = pick(contexts)): Context => {
    const context = arrivesAs(asked, sent.carrier, sent.by.environment.dialect, to);
    if (context !== "stale") return context;
    const canBeTold =
      saysProduced(sent.by.environment.dialect, sent.carrier) && saysConsumed(to, sent.carrier, "stale");
    return canBeTold && earlierIn(sent.by.environment, sent.by) ? "stale" : "missing";
  };

  const keyOf = ({ carrier, scope = "", id }: Omit<Sent, "span">): string => `${KEY_KINDS[carrier]}|${scope}|${id}`;

  /** One for all its messages: a new one, or that of a message whose sender knew what to put there. */
  const headerOf = (messages: readonly Sent[]): { xrayRoot: string; headerParent: string } => {
    const { by, span } = pick(messages);
    if (random() < 0.4) return { xrayRoot: hex(32), headerParent: hex(16) };
    const isOurs = by.environment.dialect === "mayfly" && by.xrayRoot === by.traceId;
    return { xrayRoot: by.xrayRoot, headerParent: isOurs && random() < 0.5 ? span.spanId : hex(16) };
  };

  interface Made {
    readonly entry: Span;
    readonly others: readonly Span[];
    readonly xrayRoot: string;
    readonly headerParent?: string;
  }

  const begun = (
    transaction: number,
    name: string,
    dialect: Dialect,
    atMs: number,
    make: (environment: Environment, requestId: string) => Made,
    requestId = uuid(),
  ): Work => {
    const environment = environmentAt(name, dialect, atMs);
    const { entry, others, ...header } = make(environment, requestId);
    const part = { resource: environment.resource, spans: [entry, ...others] };
    parts.push(part);
    const { traceId, spanId } = entry;
    const path = `${traceId}.${spanId}`;
    const work = { path, transaction, traceId, spanId, ...header, requestId, environment, part, atMs, nowMs: atMs + 2 };
    environment.invocations.push({ work, fromMs: atMs, toMs: atMs + WORK_MS });
    return work;
  };

  return {
    random,
    pick,
    uuid,
    hex,
    dialect: (): Dialect => pick(dialects),
    done: (): World => ({ works, shells, hops, parts, siblings }),

    /** A transaction begins with a call from outside. */
    begin(
      name: string,
      atMs: number,
      options: { readonly trigger?: Trigger; readonly consumed?: string; readonly dialect?: Dialect } = {},
    ): Work {
      const dialect = options.dialect ?? pick(dialects);
      const transaction = transactions++;
      const traceId = hex(32);
      const work = begun(transaction, name, dialect, atMs, (environment, requestId) => ({
        // Ours takes Lambda's Root as the trace id where nobody else began; the others make one up.
        xrayRoot: dialect === "mayfly" ? traceId : hex(32),
        entry: spanIn(environment, name, SERVER, traceId, "", [atMs, atMs + WORK_MS], {
          "faas.invocation_id": requestId,
          ...triggeredBy(dialect, options.trigger ?? "http"),
          ...(dialect === "mayfly" && {
            "mayfly.keys.consumed": [`lambda-request||${requestId}`, ...(options.consumed ? [options.consumed] : [])],
          }),
        }),
        others: [],
      }));
      works.push(work);
      return work;
    },

    /** A message leaves; `id` is that of an earlier one where the platform delivers it again. */
    send(
      by: Work,
      carrier: Carrier,
      id = carrier === "execution" ? `arn:aws:states:eu-central-1:1:execution:m:${uuid()}` : uuid(),
    ): Sent {
      const { environment } = by;
      const atMs = by.nowMs++;
      const scope = SCOPES[carrier] === undefined ? {} : { scope: SCOPES[carrier] };
      const sent = { by, carrier, id, ...scope, atMs } as const;
      const kind = carrier === "sqs" || carrier === "sns" || environment.dialect === "mayfly" ? PRODUCER : CLIENT;
      const says = saysProduced(environment.dialect, carrier);
      const call = environment.dialect === "mayfly" ? undefined : CALLS[carrier];
      const produced = {
        ...(call && { "rpc.system": "aws-api", "rpc.service": call[0], "rpc.method": call[1] }),
        ...(says && PRODUCED[environment.dialect](sent, keyOf(sent))),
      };
      const span = spanIn(environment, `${carrier} send`, kind, by.traceId, by.spanId, [atMs, atMs + 1], produced);
      by.part.spans.push(span);
      return { ...sent, span };
    },

    /** One invocation for one message. `requestId`: a further attempt of the same event. */
    receive(
      sent: Sent,
      name: string,
      options: {
        readonly afterMs?: number;
        readonly context?: Context;
        readonly dialect?: Dialect;
        readonly more?: readonly Sent[];
        readonly requestId?: string;
      } = {},
    ): Work {
      const dialect = options.dialect ?? pick(dialects);
      const context = contextOf(sent, dialect, options.context);
      const carried = carriedBy(sent, context);
      const atMs = sent.atMs + (options.afterMs ?? 30 + Math.floor(random() * 200));
      const requestId = options.requestId ?? (sent.carrier === "invoke" ? sent.id : uuid());
      const says = saysConsumed(dialect, sent.carrier, context);
      const work = begun(
        sent.by.transaction,
        name,
        dialect,
        atMs,
        (environment) =>
          received(environment, requestId, atMs, { sent, carried, context, says, more: options.more ?? [] }),
        requestId,
      );
      works.push(work);
      hops.push({
        from: sent.by,
        fromPath: `${sent.span.traceId}.${sent.span.spanId}`,
        to: work,
        carrier: sent.carrier,
        context,
        saysReceived: says,
        isJoinable: context === "kept" || (says && saysProduced(sent.by.environment.dialect, sent.carrier)),
      });
      return work;
    },

    /** Many transactions' messages in one invocation; with record spans (ours alone has them) each has a work of its own. */
    receiveBatch(messages: readonly Sent[], name: string, dialect: Dialect, withRecords: boolean): Batch {
      const atMs = Math.max(...messages.map((one) => one.atMs)) + 50;
      // Our links to a batch's senders name no message: which of them is stale can be told only where all senders say an id.
      const areToldApart =
        dialect !== "mayfly" || messages.every(({ by, carrier }) => saysProduced(by.environment.dialect, carrier));
      const arrivals = messages.map((sent) => {
        const chosen = contextOf(sent, dialect);
        const context = chosen === "stale" && !areToldApart ? "missing" : chosen;
        return { sent, context, carried: carriedBy(sent, context), says: saysConsumed(dialect, sent.carrier, context) };
      });
      const links = arrivals.flatMap(({ sent, carried }) =>
        carried ? [link(carried, dialect === "mayfly" ? {} : { "messaging.message.id": sent.id })] : [],
      );
      const records: Work[] = [];
      const header = headerOf(messages);
      // Without our SDK nobody knows of the header but Lambda, and who takes it for the parent.
      const takesHeader = dialect === "official" && random() < 0.5;
      const isSeen = dialect !== "mayfly" && !takesHeader;
      const transaction = transactions++;
      const shell = begun(transaction, name, dialect, atMs, (environment, requestId) => {
        const traceId = takesHeader ? header.xrayRoot : hex(32);
        const time = [atMs, atMs + WORK_MS] as const;
        if (isSeen) parts.push(seenPart(name, requestId, atMs, header));
        if (dialect === "official") {
          const parent = takesHeader ? header.headerParent : "";
          const own = { "faas.invocation_id": requestId };
          const entry = spanIn(environment, name, SERVER, traceId, parent, time, own, [], takesHeader);
          const process = spanIn(
            environment,
            "queue process",
            CONSUMER,
            traceId,
            entry.spanId,
            time,
            { ...SQS_PROCESS, "messaging.batch.message_count": messages.length },
            links,
          );
          return { entry, others: [process], ...header };
        }
        const root = `1-${header.xrayRoot.slice(0, 8)}-${header.xrayRoot.slice(8)}`;
        const keys = [`lambda-request||${requestId}`, `xray-root||${root}`, ...arrivals.map(({ sent }) => keyOf(sent))];
        const said: Attributes =
          dialect === "mayfly"
            ? { "mayfly.keys.consumed": keys }
            : { ...SQS_PROCESS, "messaging.batch.message_count": messages.length };
        const attributes = {
          "faas.invocation_id": requestId,
          "messaging.batch.message_count": messages.length,
          ...said,
        };
        const entry = spanIn(environment, name, CONSUMER, traceId, "", time, attributes, links);
        if (!withRecords) return { entry, others: [], ...header };
        const others = arrivals.map(({ sent, carried }) =>
          spanIn(
            environment,
            "record",
            CONSUMER,
            carried?.traceId ?? traceId,
            carried?.spanId ?? entry.spanId,
            time,
            { "faas.invocation_id": requestId, "mayfly.keys.consumed": [keyOf(sent)] },
            [link(entry, { "mayfly.link": "invocation" })],
            carried !== undefined,
          ),
        );
        return { entry, others, ...header };
      });
      const owners = new Set([transaction, ...messages.map((one) => one.by.transaction)]);
      const batch = { path: shell.path, transaction, transactions: owners, xrayRoot: header.xrayRoot, atMs };
      shells.push(batch);
      for (const [at, { sent, context, says }] of arrivals.entries()) {
        const span = withRecords ? shell.part.spans[1 + at] : undefined;
        const record = span && {
          ...shell,
          isRecord: true,
          path: `${span.traceId}.${span.spanId}`,
          traceId: span.traceId,
          spanId: span.spanId,
          transaction: sent.by.transaction,
          nowMs: atMs + 3,
        };
        if (record) records.push(record);
        // Of the generic spelling an id stands only on the link to a context.
        const tells =
          says && (dialect === "mayfly" || context === "foreign" || context === "kept" || context === "stale");
        hops.push({
          from: sent.by,
          fromPath: `${sent.span.traceId}.${sent.span.spanId}`,
          to: record ?? batch,
          carrier: sent.carrier,
          context,
          saysReceived: tells,
          isJoinable: context === "kept" || (tells && saysProduced(sent.by.environment.dialect, sent.carrier)),
        });
      }
      works.push(...records);
      return { invocation: shell, records };
    },

    /** The message comes once more under an id that its sender was never told. */
    redriven(sent: Sent, name: string, afterMs: number, context: Context): Work {
      return this.unsent({ ...sent, id: uuid() }, name, afterMs, context);
    },

    /** Like `receive`, of an id that no span says to have sent. */
    unsent(sent: Sent, name: string, afterMs: number, context: Context): Work {
      const work = this.receive(sent, name, { afterMs, context });
      const hop = hops.pop() as Hop;
      hops.push({ ...hop, saysReceived: false, isJoinable: hop.context === "kept" });
      return work;
    },

    /** Like `receive`, of an id that others may have sent before: only a context that came with it tells. */
    ambiguous(sent: Sent, name: string): Work {
      const work = this.receive(sent, name, { context: "missing", dialect: "mayfly" });
      hops.push({ ...(hops.pop() as Hop), isJoinable: false, isAmbiguous: true });
      return work;
    },

    /** They share an id, so they are joined even where nobody says who sent it. */
    related(...group: readonly Work[]): void {
      siblings.push([...group]);
    },
  };

  function received(
    environment: Environment,
    requestId: string,
    atMs: number,
    how: { sent: Sent; carried: Carried | undefined; context: Context; says: boolean; more: readonly Sent[] },
  ): Made {
    const { sent, carried, context, says, more } = how;
    const { dialect, functionName } = environment;
    const time = [atMs, atMs + WORK_MS] as const;
    const { xrayRoot } = sent.by;
    const isXray = context === "xray";
    const own = { "faas.invocation_id": requestId, ...triggeredBy(dialect, TRIGGERS[sent.carrier]) };
    if (dialect === "mayfly") {
      const traceId = carried?.traceId ?? (isXray ? xrayRoot : hex(32));
      const keys = [sent, ...more].map(keyOf).filter((key) => !key.startsWith("lambda-request"));
      const attributes = { ...own, "mayfly.keys.consumed": [`lambda-request||${requestId}`, ...keys] };
      const isRemote = carried !== undefined;
      const entry = spanIn(
        environment,
        functionName,
        CONSUMER,
        traceId,
        carried?.spanId ?? "",
        time,
        attributes,
        [],
        isRemote,
      );
      return { entry, others: [], xrayRoot };
    }
    if (dialect === "official") {
      // With the X-Ray propagator the parent is Lambda's own segment, which nobody sends here.
      const isParent = carried !== undefined && sent.carrier !== "sqs";
      const traceId = isParent ? carried.traceId : isXray ? xrayRoot : hex(32);
      const parent = isParent ? carried.spanId : isXray ? (sent.by.headerParent ?? hex(16)) : "";
      const entry = spanIn(environment, functionName, SERVER, traceId, parent, time, own, [], parent !== "");
      const links = carried ? [link(carried, { "messaging.message.id": sent.id })] : [];
      const process = (): Span =>
        spanIn(environment, "queue process", CONSUMER, traceId, entry.spanId, time, SQS_PROCESS, links);
      return { entry, others: sent.carrier === "sqs" ? [process()] : [], xrayRoot };
    }
    const system = SYSTEMS.get(sent.carrier);
    const isMessage = system !== undefined;
    const attributes: Attributes = {
      ...own,
      ...(isMessage && {
        ...SQS_PROCESS,
        "messaging.system": system,
        ...(says && { "messaging.message.id": sent.id }),
      }),
    };
    const isParent = carried !== undefined && !isMessage;
    const traceId = isParent ? carried.traceId : isXray ? xrayRoot : hex(32);
    const links = carried && isMessage ? [link(carried, {})] : [];
    const kind = isMessage ? CONSUMER : SERVER;
    const parent = isParent ? carried.spanId : "";
    const entry = spanIn(environment, functionName, kind, traceId, parent, time, attributes, links, isParent);
    return { entry, others: [], xrayRoot };
  }
};

/** What Lambda tells of an invocation, whoever instrumented it. */
const seenPart = (
  name: string,
  requestId: string,
  atMs: number,
  { xrayRoot, headerParent }: { readonly xrayRoot: string; readonly headerParent: string },
): Part => ({
  resource: {
    attributes: attributesOf({ "service.name": name, "faas.name": name }),
    droppedAttributesCount: 0,
    entityRefs: [],
  },
  spans: [
    ...evidenceSpans(
      [
        {
          requestId,
          stage: "start",
          time: BEGINNING + BigInt(atMs) * 1_000_000n,
          facts: {},
          trace: { traceId: xrayRoot, parentId: headerParent },
        },
      ],
      name,
    ),
  ],
});

const SCOPES: Readonly<Partial<Record<Carrier, string>>> = {
  kinesis: "stream/shardId-0",
  item: "orders",
  object: "uploads",
};

type Trigger = "http" | "pubsub" | "datasource" | "timer" | "other";
const TRIGGERS: Readonly<Record<Carrier, Trigger>> = {
  sqs: "pubsub",
  sns: "pubsub",
  eventbridge: "pubsub",
  kinesis: "pubsub",
  s3: "datasource",
  item: "datasource",
  object: "datasource",
  http: "http",
  invoke: "other",
  execution: "other",
  callback: "other",
};

/** Ours says it of all, as the conventions ask; the official instrumentation says of HTTP the URL, and of SQS what `SQS_PROCESS` has. */
const triggeredBy = (dialect: Dialect, trigger: Trigger): Attributes => {
  if (dialect !== "official") return { "faas.trigger": trigger };
  return trigger === "http" ? { "url.full": "https://api.example.com/" } : {};
};

const SYSTEMS: ReadonlyMap<Carrier, string> = new Map([
  ["sqs", "aws_sqs"],
  ["sns", "aws.sns"],
]);

const SQS_PROCESS = {
  "messaging.system": "aws_sqs",
  "messaging.operation.type": "process",
  "messaging.destination.name": "queue",
} as const;

/** The conventions, and so the official instrumentation, say which call of AWS a span is. */
const CALLS: Readonly<Partial<Record<Carrier, readonly [service: string, method: string]>>> = {
  sqs: ["SQS", "SendMessage"],
  sns: ["SNS", "Publish"],
  eventbridge: ["EventBridge", "PutEvents"],
  invoke: ["Lambda", "Invoke"],
  execution: ["SFN", "StartExecution"],
  callback: ["SFN", "SendTaskSuccess"],
  kinesis: ["Kinesis", "PutRecord"],
  s3: ["S3", "PutObject"],
  item: ["DynamoDB", "UpdateItem"],
  object: ["S3", "PutObject"],
};

/** How the sender spells the id that it got. */
const PRODUCED: Readonly<Record<Dialect, (sent: Omit<Sent, "span">, key: string) => Attributes>> = {
  mayfly: (_, key) => ({ "mayfly.keys.produced": [key] }),
  official: ({ carrier, id }) => plainly(carrier, id, "aws.request.id"),
  generic: ({ carrier, id }) => plainly(carrier, id, "aws.request_id"),
};

const plainly = (carrier: Carrier, id: string, requestIdName: string): Attributes =>
  carrier === "invoke"
    ? { "faas.invoked_name": "callee", "faas.invoked_provider": "aws", [requestIdName]: id }
    : {
        "messaging.system": SYSTEMS.get(carrier) ?? "",
        "messaging.operation.type": "send",
        "messaging.destination.name": "queue",
        "messaging.message.id": id,
      };

type Attributes = Readonly<Record<string, string | number | readonly string[]>>;

const attributesOf = (plain: Attributes): KeyValue[] =>
  Object.entries(plain).map(([key, value]) => {
    if (typeof value === "string") return { key, value: { stringValue: value } };
    if (typeof value === "number") return { key, value: { intValue: BigInt(value) } };
    return { key, value: { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } } };
  });

const link = ({ traceId, spanId }: { traceId: string; spanId: string }, attributes: Attributes): SpanLink => ({
  traceId,
  spanId,
  traceState: "",
  attributes: attributesOf(attributes),
  droppedAttributesCount: 0,
  flags: 0,
});
