/**
 * What an OTLP/HTTP receiver has to do, as named cases. What it makes of the data cannot be seen from outside, so a case
 * about the data asks that it is taken, whole.
 *
 * must, should  as the specification says; may: what it leaves open and senders in the field rely on.
 * Source        opentelemetry-proto 1.11, docs/specification.md ("OTLP/HTTP …", "JSON Protobuf Encoding"), *.proto;
 *               protobuf.dev/programming-guides/encoding and /json
 */
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Answer, Probe, Sent } from "./probe.ts";
import { block, double, fixed32, fixed64, integer, varint } from "./protobuf.ts";
import {
  ATTRIBUTES_FIELD,
  ATTRIBUTES_NAME,
  fullLogJson,
  fullLogProtobuf,
  fullSpanJson,
  fullSpanProtobuf,
  JSON_VALUES,
  jsonRecord,
  jsonRequest,
  METRIC_TYPES,
  metricJson,
  metricProtobuf,
  protobufRecord,
  protobufRequest,
  protobufValues,
  RESOURCE,
  type Signal,
  spanId,
  traceId,
} from "./records.ts";
import {
  accepted,
  all,
  type Check,
  type Encoding,
  oneRejected,
  partialUnset,
  responseOf,
  sameType,
  seen,
  status,
  statusBody,
  TYPES,
} from "./verdict.ts";

export type Level = "must" | "should" | "may";

export interface Outcome {
  /** undefined: as expected. */
  readonly fault?: string | undefined;
  readonly seen: string;
  /** Nothing happened that the case is about. */
  readonly isUnseen?: boolean;
}

export interface Case {
  readonly name: string;
  readonly signal: Signal;
  readonly level: Level;
  readonly clause: string;
  readonly expected: string;
  readonly run: (probe: Probe) => Promise<Outcome>;
}

const HTTP = "specification, OTLP/HTTP";
const REQUEST = `${HTTP} Request`;
const RESPONSE = `${HTTP} Response`;
const JSON_ENCODING = "specification, JSON Protobuf Encoding";
const PROTO3_JSON = "protobuf, ProtoJSON Format";
const WIRE = "protobuf, Encoding";
const DATA = "proto files";

const LIMIT_BYTES = 64 * 1024 * 1024;

/** A case of one request. */
interface Ask {
  readonly name: string;
  readonly level: Level;
  readonly clause: string;
  readonly expected: string;
  readonly sent: () => Omit<Sent, "path">;
  readonly check: Check;
}

export const casesOf = (signal: Signal): readonly Case[] => [
  ...[
    ...transport(signal),
    ...compression(signal),
    ...refusals(signal),
    ...inJson(signal),
    ...inProtobuf(signal),
    ...(signal === "traces" ? ofTraces() : signal === "logs" ? ofLogs() : ofMetrics()),
  ].map((ask) => caseOf(signal, ask)),
  connectionKept(signal),
  sentTwice(signal),
  retryAfter(signal),
];

const caseOf = (signal: Signal, { sent, check, ...rest }: Ask): Case => ({
  ...rest,
  signal,
  run: async (probe) => {
    const answer = await probe.send({ ...sent(), path: pathOf(signal) });
    return { fault: check(answer), seen: seen(answer) };
  },
});

const pathOf = (signal: Signal): string => `/v1/${signal}`;

const post = (encoding: Encoding, body: string | Buffer, headers: Readonly<Record<string, string>> = {}) => ({
  headers: { "content-type": TYPES[encoding], ...headers },
  body,
});

const least = (signal: Signal, encoding: Encoding, name: string): string | Buffer =>
  encoding === "json"
    ? jsonRequest(signal, [jsonRecord(signal, name)])
    : protobufRequest([Buffer.concat(protobufRecord(signal, name))]);

const ENCODINGS = ["protobuf", "json"] as const;

const transport = (signal: Signal): readonly Ask[] => [
  ...ENCODINGS.flatMap((encoding): readonly Ask[] => {
    const sent = (name: string) => () => post(encoding, least(signal, encoding, name));
    return [
      {
        name: `${encoding}-accepted`,
        level: "must",
        clause: REQUEST,
        expected: "200",
        sent: sent(`${encoding}-accepted`),
        check: accepted(encoding, signal),
      },
      {
        name: `${encoding}-answered-in-kind`,
        level: "must",
        clause: RESPONSE,
        expected: `Content-Type ${TYPES[encoding]}, an Export response in it`,
        sent: sent(`${encoding}-answered-in-kind`),
        check: all(status(200), sameType(encoding), responseOf(encoding, signal)),
      },
      {
        name: `${encoding}-full-success-unset`,
        level: "must",
        clause: `${RESPONSE}, Full Success`,
        expected: "partial_success is not set when all was taken",
        sent: sent(`${encoding}-full-success-unset`),
        check: all(status(200), partialUnset(encoding, signal)),
      },
      {
        name: `${encoding}-empty-request`,
        level: "should",
        clause: "specification, OTLP/gRPC and /HTTP: empty requests",
        expected: "200",
        sent: () => post(encoding, encoding === "json" ? "{}" : ""),
        check: accepted(encoding, signal),
      },
    ];
  }),
  {
    name: "json-with-charset",
    level: "must",
    clause: "RFC 9110 section 8.3: parameters of a media type",
    expected: "200",
    sent: () =>
      post("json", least(signal, "json", "json-with-charset"), { "content-type": "application/json; charset=utf-8" }),
    check: accepted("json", signal),
  },
  {
    name: "protobuf-by-its-other-name",
    level: "may",
    clause: "some senders write application/protobuf",
    expected: "200",
    sent: () =>
      post("protobuf", least(signal, "protobuf", "protobuf-by-its-other-name"), {
        "content-type": "application/protobuf",
      }),
    check: status(200),
  },
  {
    name: "answer-plain-unless-asked",
    level: "must",
    clause: `${RESPONSE}: gzip only with Accept-Encoding`,
    expected: "no Content-Encoding",
    sent: () => post("json", least(signal, "json", "answer-plain-unless-asked")),
    check: all(status(200), ({ headers }) => {
      const encoding = headers["content-encoding"] ?? "identity";
      return encoding === "identity" ? undefined : `content-encoding ${encoding}`;
    }),
  },
];

const compression = (signal: Signal): readonly Ask[] => {
  const packed = (name: string, level: Level, clause: string, pack: (body: Buffer) => Buffer): readonly Ask[] =>
    ENCODINGS.map((encoding) => ({
      name: `${name}-${encoding}`,
      level,
      clause,
      expected: "200",
      sent: () =>
        post(encoding, pack(Buffer.from(least(signal, encoding, `${name}-${encoding}`))), { "content-encoding": name }),
      check: accepted(encoding, signal),
    }));
  return [
    ...packed("gzip", "must", REQUEST, (body) => gzipSync(body)),
    ...packed("deflate", "may", "as OpenTelemetry Collector takes it", (body) => deflateSync(body)),
    ...packed("zstd", "may", "as OpenTelemetry Collector takes it", (body) => zstdCompressSync(body)),
    {
      name: "gzip-that-is-none",
      level: "must",
      clause: `${RESPONSE}, Bad Data`,
      expected: "400",
      sent: () => post("protobuf", least(signal, "protobuf", "gzip-that-is-none"), { "content-encoding": "gzip" }),
      check: status(400),
    },
    {
      name: "unknown-content-encoding",
      level: "should",
      clause: "RFC 9110 section 8.4",
      expected: "415 (or 400)",
      sent: () => post("json", least(signal, "json", "unknown-content-encoding"), { "content-encoding": "x-none" }),
      check: status(415, 400),
    },
    {
      name: "too-large-unpacked",
      level: "must",
      clause: `${REQUEST}: size limits`,
      expected: "413 for more than 64 MiB after unpacking",
      sent: () => post("json", gzipSync(`{${" ".repeat(LIMIT_BYTES)}}`), { "content-encoding": "gzip" }),
      check: status(413),
    },
  ];
};

const refusals = (signal: Signal): readonly Ask[] => [
  ...ENCODINGS.flatMap((encoding): readonly Ask[] => {
    const body = (): string | Buffer => {
      const whole = Buffer.from(least(signal, encoding, "malformed"));
      return whole.subarray(0, whole.length - 3);
    };
    return [
      {
        name: `${encoding}-malformed`,
        level: "must",
        clause: `${RESPONSE}, Bad Data`,
        expected: "400",
        sent: () => post(encoding, body()),
        check: status(400),
      },
      {
        name: `${encoding}-malformed-told-in-kind`,
        level: "must",
        clause: `${RESPONSE}, Failures`,
        expected: `a google.rpc.Status as ${TYPES[encoding]}`,
        sent: () => post(encoding, body()),
        check: all(status(400), sameType(encoding), statusBody(encoding)),
      },
    ];
  }),
  {
    name: "json-of-another-shape",
    level: "must",
    clause: `${RESPONSE}, Bad Data`,
    expected: "400",
    sent: () => post("json", "[]"),
    check: status(400),
  },
  {
    name: "unknown-content-type",
    level: "should",
    clause: "as OpenTelemetry Collector answers; RFC 9110 section 15.5.16",
    expected: "415",
    sent: () => ({ headers: { "content-type": "text/plain" }, body: "x" }),
    check: status(415),
  },
  ...(["GET", "PUT"] as const).map((method): Ask => ({
    name: `${method.toLowerCase()}-refused`,
    level: "should",
    clause: "as OpenTelemetry Collector answers; RFC 9110 section 15.5.6",
    expected: "405",
    sent: () => ({ method, headers: {} }),
    check: status(405),
  })),
];

const inJson = (signal: Signal): readonly Ask[] => {
  const attributes = ATTRIBUTES_NAME[signal];
  const value = (one: object): object => ({ [attributes]: [{ key: "k", value: one }] });
  const taken = (name: string, clause: string, extra: () => object, level: Level = "must"): Ask => ({
    name: `json-${name}`,
    level,
    clause,
    expected: "200, nothing rejected",
    sent: () => post("json", jsonRequest(signal, [jsonRecord(signal, `json-${name}`, { ...extra() })])),
    check: accepted("json", signal),
  });
  return [
    taken("every-value-type", `${DATA}, AnyValue`, () => ({ [attributes]: JSON_VALUES })),
    {
      ...taken("unknown-fields", `${JSON_ENCODING}: unknown fields are ignored`, () => ({})),
      sent: () => {
        const unknown = { aFieldOfTomorrow: { deep: [1, null, "x"] } };
        const record = jsonRecord(signal, "json-unknown-fields", unknown);
        return post("json", jsonRequest(signal, [record], { request: unknown, resource: unknown }));
      },
    },
    taken("int64-as-text", `${PROTO3_JSON}: int64`, () => value({ intValue: "9223372036854775807" })),
    taken("int64-as-number", `${PROTO3_JSON}: int64`, () => value({ intValue: -7 })),
    taken("doubles-that-are-no-numbers", `${PROTO3_JSON}: double`, () => ({
      [attributes]: ["NaN", "Infinity", "-Infinity"].map((doubleValue) => ({
        key: doubleValue,
        value: { doubleValue },
      })),
    })),
    taken("whole-number-as-double", `${PROTO3_JSON}: double`, () => value({ doubleValue: 3 })),
    taken("null-is-unset", `${PROTO3_JSON}: null`, () => ({ [attributes]: null })),
    taken("empty-lists", PROTO3_JSON, () => ({ [attributes]: [] })),
  ];
};

const inProtobuf = (signal: Signal): readonly Ask[] => {
  const taken = (name: string, body: (name: string) => Buffer, clause = WIRE): Ask => ({
    name: `protobuf-${name}`,
    level: "must",
    clause,
    expected: "200, nothing rejected",
    sent: () => post("protobuf", body(`protobuf-${name}`)),
    check: accepted("protobuf", signal),
  });
  /** Each wire type, at a number that no message has. */
  const unknown = [integer(900, 1n), fixed64(901, 1n), block(902, "x"), fixed32(903, 1), double(904, 1)];
  return [
    taken("every-value-type", (name) =>
      protobufRequest([Buffer.concat(protobufRecord(signal, name, protobufValues(ATTRIBUTES_FIELD[signal])))]),
    ),
    taken(
      "unknown-fields",
      (name) =>
        Buffer.concat([
          protobufRequest([Buffer.concat(protobufRecord(signal, name, unknown))], { after: unknown }),
          ...unknown,
        ]),
      `${WIRE}: unknown fields`,
    ),
    taken("fields-in-any-order", (name) => protobufRequest([Buffer.concat(protobufRecord(signal, name).toReversed())])),
    taken(
      "message-in-two-pieces",
      (name) => protobufRequest([Buffer.concat(protobufRecord(signal, name))], { after: [RESOURCE] }),
      `${WIRE}: last one wins, messages merge`,
    ),
    taken(
      "scalar-twice",
      (name) => {
        const again = signal === "logs" ? block(3, "WARN") : block(signal === "traces" ? 5 : 1, `${name}.again`);
        return protobufRequest([Buffer.concat(protobufRecord(signal, name, [again]))]);
      },
      `${WIRE}: last one wins`,
    ),
    taken("deep-value", (name) => {
      let deep = block(1, "x");
      for (let depth = 0; depth < 10; depth += 1) deep = block(5, block(1, deep));
      const attribute = block(ATTRIBUTES_FIELD[signal], block(1, "deep"), block(2, deep));
      return protobufRequest([Buffer.concat(protobufRecord(signal, name, [attribute]))]);
    }),
    {
      name: "protobuf-endless-varint",
      level: "must",
      clause: `${WIRE}: a varint has ten bytes at most; ${RESPONSE}, Bad Data`,
      expected: "400",
      sent: () => post("protobuf", Buffer.from([8, ...Array.from({ length: 11 }, () => 0xff), 1])),
      check: status(400),
    },
    {
      name: "protobuf-length-beyond-the-end",
      level: "must",
      clause: `${RESPONSE}, Bad Data`,
      expected: "400",
      sent: () => post("protobuf", Buffer.concat([Buffer.of(0x0a), varint(2n ** 31n - 1n), Buffer.from("x")])),
      check: status(400),
    },
  ];
};

const ofTraces = (): readonly Ask[] => {
  const span = (name: string, clause: string, extra: () => object, level: Level = "must"): Ask => ({
    name,
    level,
    clause,
    expected: "200, nothing rejected",
    sent: () => post("json", jsonRequest("traces", [jsonRecord("traces", name, { ...extra() })])),
    check: accepted("json", "traces"),
  });
  const bad = (name: string, ids: { readonly trace?: Buffer; readonly span?: Buffer }): readonly Ask[] =>
    ENCODINGS.map((encoding) => ({
      name: `${name}-${encoding}`,
      level: "should",
      clause: `${DATA}, Span: an all-zero or short id is invalid; ${RESPONSE}, Partial Success`,
      expected: "200, one rejected with an errorMessage, the other taken",
      sent: () => {
        const json = {
          ...(ids.trace && { traceId: ids.trace.toString("hex") }),
          ...(ids.span && { spanId: ids.span.toString("hex") }),
        };
        const again = [...(ids.trace ? [block(1, ids.trace)] : []), ...(ids.span ? [block(2, ids.span)] : [])];
        return post(
          encoding,
          encoding === "json"
            ? jsonRequest("traces", [jsonRecord("traces", name), jsonRecord("traces", name, json)])
            : protobufRequest([
                Buffer.concat(protobufRecord("traces", name)),
                Buffer.concat([...protobufRecord("traces", name), ...again]),
              ]),
        );
      },
      check: all(status(200), oneRejected(encoding, "traces")),
    }));
  return [
    span("span-of-all-fields-json", `${DATA}, Span`, fullSpanJson),
    {
      ...span("span-of-all-fields-protobuf", `${DATA}, Span`, () => ({})),
      sent: () =>
        post(
          "protobuf",
          protobufRequest([Buffer.concat(protobufRecord("traces", "span-of-all-fields-protobuf", fullSpanProtobuf()))]),
        ),
      check: accepted("protobuf", "traces"),
    },
    span("ids-in-upper-case", `${JSON_ENCODING}: hex is case-insensitive`, () => ({
      traceId: traceId().toString("hex").toUpperCase(),
      spanId: spanId().toString("hex").toUpperCase(),
      parentSpanId: spanId().toString("hex").toUpperCase(),
    })),
    span("no-parent-is-an-empty-text", JSON_ENCODING, () => ({ parentSpanId: "" })),
    span("defaults-left-out", PROTO3_JSON, () => ({ kind: undefined, startTimeUnixNano: undefined, status: {} })),
    span("times-as-numbers", `${PROTO3_JSON}: fixed64`, () => ({ startTimeUnixNano: 0, endTimeUnixNano: 0 })),
    span("enum-by-name", `lenient; ${JSON_ENCODING}: integers only`, () => ({ kind: "SPAN_KIND_SERVER" }), "may"),
    span("enum-of-tomorrow", `${PROTO3_JSON}: open enums`, () => ({ kind: 77 })),
    ...bad("trace-id-of-zeros", { trace: Buffer.alloc(16) }),
    ...bad("span-id-of-zeros", { span: Buffer.alloc(8) }),
    ...bad("trace-id-too-short", { trace: Buffer.from("0123456789abcd") }),
  ];
};

const ofLogs = (): readonly Ask[] => {
  const json = (name: string, clause: string, extra: () => object, level: Level = "must"): Ask => ({
    name,
    level,
    clause,
    expected: "200, nothing rejected",
    sent: () => post("json", jsonRequest("logs", [jsonRecord("logs", name, { ...extra() })])),
    check: accepted("json", "logs"),
  });
  return [
    json("log-of-all-fields-json", `${DATA}, LogRecord`, fullLogJson),
    {
      ...json("log-of-all-fields-protobuf", `${DATA}, LogRecord`, () => ({})),
      sent: () =>
        post(
          "protobuf",
          protobufRequest([Buffer.concat(protobufRecord("logs", "log-of-all-fields-protobuf", fullLogProtobuf()))]),
        ),
      check: accepted("protobuf", "logs"),
    },
    json("log-of-no-fields", `${DATA}, LogRecord`, () => ({
      timeUnixNano: undefined,
      severityNumber: undefined,
      severityText: undefined,
      body: undefined,
    })),
    json("body-that-is-a-map", `${DATA}, LogRecord.body`, () => ({ body: { kvlistValue: { values: JSON_VALUES } } })),
    json("ids-in-upper-case", `${JSON_ENCODING}: hex is case-insensitive`, () => ({
      traceId: traceId().toString("hex").toUpperCase(),
      spanId: spanId().toString("hex").toUpperCase(),
    })),
    json("ids-that-are-empty", JSON_ENCODING, () => ({ traceId: "", spanId: "" })),
    json(
      "enum-by-name",
      `lenient; ${JSON_ENCODING}: integers only`,
      () => ({ severityNumber: "SEVERITY_NUMBER_WARN" }),
      "may",
    ),
  ];
};

const ofMetrics = (): readonly Ask[] => [
  ...METRIC_TYPES.flatMap((type): readonly Ask[] => {
    const clause = `${DATA}, Metric.${type}`;
    const ask = { level: "must", clause, expected: "200, nothing rejected" } as const;
    return [
      {
        ...ask,
        name: `${type}-json`,
        sent: () => post("json", jsonRequest("metrics", [metricJson(type)])),
        check: accepted("json", "metrics"),
      },
      {
        ...ask,
        name: `${type}-protobuf`,
        sent: () => post("protobuf", protobufRequest([Buffer.concat(metricProtobuf(type))])),
        check: accepted("protobuf", "metrics"),
      },
    ];
  }),
  ...(["histogram", "exponentialHistogram"] as const).map((type): Ask => ({
    name: `${type}-unpacked`,
    level: "must",
    clause: `${WIRE}: packed fields may come unpacked`,
    expected: "200, nothing rejected",
    sent: () => post("protobuf", protobufRequest([Buffer.concat(metricProtobuf(type, false))])),
    check: accepted("protobuf", "metrics"),
  })),
  {
    name: "enum-by-name",
    level: "may",
    clause: `lenient; ${JSON_ENCODING}: integers only`,
    expected: "200, nothing rejected",
    sent: () => {
      const sum = { dataPoints: [{ asInt: "1" }], aggregationTemporality: "AGGREGATION_TEMPORALITY_DELTA" };
      return post("json", jsonRequest("metrics", [{ name: "mayfly.conformance.enum-by-name", sum }]));
    },
    check: accepted("json", "metrics"),
  },
];

const connectionKept = (signal: Signal): Case => ({
  name: "connection-kept",
  signal,
  level: "should",
  clause: `${HTTP} Connection`,
  expected: "a second request goes over the same connection",
  run: async (probe) => {
    const send = (): Promise<Answer> =>
      probe.send({ ...post("json", least(signal, "json", "connection-kept")), path: pathOf(signal) });
    await send();
    const answer = await send();
    return { fault: answer.isReused ? undefined : "the connection was closed", seen: seen(answer) };
  },
});

const sentTwice = (signal: Signal): Case => ({
  name: "sent-twice",
  signal,
  level: "must",
  clause: "specification, Duplicate Data: senders repeat what they are unsure of",
  expected: "200 twice",
  run: async (probe) => {
    const sent = { ...post("protobuf", least(signal, "protobuf", "sent-twice")), path: pathOf(signal) };
    const first = await probe.send(sent);
    const second = await probe.send(sent);
    const check = accepted("protobuf", signal);
    return { fault: check(first) ?? check(second), seen: seen(second) };
  },
});

/** Cannot be brought about from outside; whatever refusal came by is looked at. */
const retryAfter = (signal: Signal): Case => ({
  name: "retry-after-readable",
  signal,
  level: "must",
  clause: `${HTTP} Throttling; RFC 9110 section 10.2.3`,
  expected: "Retry-After of a 429 or 503 is seconds or a date",
  run: async ({ answers }) => {
    const throttled = answers.filter((answer) => [429, 503].includes(answer.status));
    const values = throttled.flatMap(({ headers }) => headers["retry-after"] ?? []);
    if (values.length === 0)
      return { isUnseen: true, seen: `${throttled.length} of 429 or 503, none with Retry-After` };
    const unreadable = values.find((text) => !/^\d+$/.test(text) && Number.isNaN(Date.parse(text)));
    return { fault: unreadable && `Retry-After: ${unreadable}`, seen: `Retry-After: ${values[0]}` };
  },
});
