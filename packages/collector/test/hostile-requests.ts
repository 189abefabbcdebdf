/**
 * Requests that nobody in his right mind sends, each from a number: sound ones of all signals and both encodings, damaged
 * in their bytes or in their words, packed well, badly, twice or as a bomb, under right and wrong names, in right and
 * wrong frames. And questions, so that what of it was stored is read again.
 */
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  fullLogJson,
  fullLogProtobuf,
  fullSpanJson,
  fullSpanProtobuf,
  jsonRecord,
  jsonRequest,
  METRIC_TYPES,
  metricJson,
  metricProtobuf,
  protobufRecord,
  protobufRequest,
  type Signal,
  SIGNALS,
} from "../src/cli/conformance/records.ts";
import { HOSTILE } from "./hostile-strings.ts";

export interface HostileRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In so many pieces; chunked where there are several. */
  readonly body: readonly Buffer[];
  /** Bytes as they go over the wire, where no client would write them. */
  readonly raw?: Buffer;
}

/** Between 0 and 1, the same for the same number (mulberry32). */
const randomOf = (seed: number): (() => number) => {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

type Random = () => number;
const below = (random: Random, bound: number): number => Math.floor(random() * bound);
const oneOf = <T>(random: Random, all: readonly T[]): T => all[below(random, all.length)]!;

type Encoding = "json" | "protobuf";
interface Sound {
  readonly signal: Signal;
  readonly encoding: Encoding;
  readonly body: Buffer;
  /** Where its ids stand. */
  readonly ids: readonly (readonly [start: number, end: number])[];
}

const IDS = {
  json: /(?<="(?:traceId|spanId|parentSpanId)":")[\da-f]+/g,
  // oxlint-disable-next-line no-control-regex -- tags and lengths: field 1 of 16 bytes, field 2 of 8
  protobuf: /(?<=\n\x10)[^]{16}(?=\x12\x08)|(?<=\x12\x08)[^]{8}/g,
} as const satisfies Record<Encoding, RegExp>;

const soundOf = (signal: Signal, encoding: Encoding, body: Buffer): Sound => {
  const found = [...body.toString("latin1").matchAll(IDS[encoding])];
  return { signal, encoding, body, ids: found.map(({ 0: id, index }) => [index, index + id.length]) };
};

const recordsOf = (signal: Signal): readonly [json: object, protobuf: Buffer][] => {
  const least: [object, Buffer] = [jsonRecord(signal, "least"), Buffer.concat(protobufRecord(signal, "least"))];
  if (signal === "metrics")
    return [
      least,
      ...METRIC_TYPES.map((type): [object, Buffer] => [metricJson(type), Buffer.concat(metricProtobuf(type))]),
    ];
  const isTrace = signal === "traces";
  const full = protobufRecord(signal, "full", isTrace ? fullSpanProtobuf() : fullLogProtobuf());
  return [least, [jsonRecord(signal, "full", isTrace ? fullSpanJson() : fullLogJson()), Buffer.concat(full)]];
};

const soundRequests = (): readonly Sound[] =>
  SIGNALS.flatMap((signal) => {
    const records = recordsOf(signal);
    const groups = [...records.map((one) => [one]), records, [...records, ...records, ...records]];
    return groups.flatMap((group) => {
      const json = jsonRequest(
        signal,
        group.map(([one]) => one as never),
      );
      const protobuf = protobufRequest(group.map(([, one]) => one));
      return [soundOf(signal, "json", Buffer.from(json)), soundOf(signal, "protobuf", protobuf)];
    });
  });

/** Other ids, of few, so that spans meet. */
const withOtherIds = (random: Random, { encoding, body, ids }: Sound): Buffer => {
  const bytes = Buffer.from(body);
  for (const [start, end] of ids) {
    const id = below(random, 100_000).toString(16).padStart(16, "1");
    const whole = encoding === "json" ? Buffer.from(id.repeat(2)) : Buffer.from(id.repeat(2), "hex");
    whole.copy(bytes, start, 0, end - start);
  }
  return bytes;
};

const MIB = 1024 * 1024;
const PACK = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync } as const;
type Packing = keyof typeof PACK;
const PACKINGS = Object.keys(PACK) as Packing[];

/** Little on the wire, much in memory: more than may be, as much as may be of nothing, and of nothing in nothing. */
const bombs = (): readonly (readonly [packing: Packing, body: Buffer])[] => {
  const bodies = [
    Buffer.alloc(65 * MIB),
    Buffer.alloc(2 * MIB, Buffer.from([0x0a, 0x04, 0x12, 0x02, 0x12, 0x00])), // groups with an empty record each
    Buffer.alloc(MIB, "["),
    Buffer.from(`{"resourceSpans":${"[{".repeat(10_000)}`),
    Buffer.from(`{"resourceLogs":[${"{},".repeat(300_000)}{}]}`),
  ];
  return PACKINGS.flatMap((packing) => bodies.map((body) => [packing, PACK[packing](body)] as const));
};

const TYPES: Readonly<Record<Encoding, readonly string[]>> = {
  json: ["application/json", "application/json; charset=utf-8", "Application/JSON"],
  protobuf: ["application/x-protobuf", "application/protobuf"],
};
const STRANGE_TYPES = [
  "text/plain",
  "application/grpc",
  "",
  "application/json, application/x-protobuf",
  "__proto__",
  "a/b;c",
];
const STRANGE_ENCODINGS = ["br", "gzip, gzip", "identity", "GZIP", "", "constructor", "x-gzip", "compress", "zstd;q=1"];
const WORDS = [
  '"__proto__":{"x":1},',
  '"constructor":{"prototype":{"x":1}},',
  '"toString":null,',
  '"resourceSpans":[],',
];
const VALUES = [
  "null",
  "-0",
  "1e999",
  "9".repeat(400),
  '"\\ud800"',
  "[]",
  "{}",
  "true",
  '"9223372036854775808"',
  "1.5",
];
const PATHS = ["/v1/traces", "/v1/logs", "/v1/metrics", "/v1/profiles", "/v1/traces/", "/v1/__proto__"];
const QUESTIONS = ["/api/traces", "/api/logs", "/api/stats", "/api/suggest", "/metrics", "/readyz", "/api/nothing"];
const PARAMETERS = ["q", "limit", "cursor", "from", "to", "traceId", "requestId", "function", "__proto__", "status"];

export const createHostileRequests = (): ((number: number) => HostileRequest) => {
  const sound = soundRequests();
  const packedBombs = bombs();

  return (number) => {
    const random = randomOf(number);
    const kind = random();
    if (kind < 0.01) return question(random);
    if (kind < 0.0103) return bomb(random);
    const one = oneOf(random, sound);
    const request = packed(random, one, damaged(random, one));
    return random() < 0.04 ? { ...request, raw: misframed(random, request) } : request;
  };

  function bomb(random: Random): HostileRequest {
    const [packing, body] = oneOf(random, packedBombs);
    const type = random() < 0.5 ? "application/json" : "application/x-protobuf";
    const headers = { "content-type": type, "content-encoding": packing };
    return { method: "POST", path: oneOf(random, PATHS.slice(0, 3)), headers, body: [body] };
  }

  function damaged(random: Random, one: Sound): Buffer {
    const { encoding } = one;
    let bytes = withOtherIds(random, one);
    for (let times = below(random, 5); times > 0; times -= 1) {
      if (encoding === "json" && random() < 0.5) bytes = reworded(random, bytes);
      else bytes = changed(random, bytes);
    }
    return bytes;
  }

  function changed(random: Random, bytes: Buffer): Buffer {
    const at = below(random, bytes.length + 1);
    const to = Math.min(bytes.length, at + below(random, 40));
    switch (below(random, 8)) {
      case 0: // cut
        return bytes.subarray(0, at);
      case 1: // left out
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
      case 2: // told twice
        return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
      case 3: // noise
        return Buffer.concat([bytes.subarray(0, at), noise(random), bytes.subarray(at)]);
      case 4: // the end of another
        return Buffer.concat([bytes.subarray(0, at), oneOf(random, sound).body.subarray(at)]);
      case 5: // a number without end
        return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(below(random, 12), 0xff), bytes.subarray(at)]);
      default: {
        const flipped = Buffer.from(bytes);
        if (at < flipped.length) flipped[at]! ^= 1 << below(random, 8);
        return flipped;
      }
    }
  }

  function reworded(random: Random, bytes: Buffer): Buffer {
    const text = bytes.toString("latin1");
    const places = [...text.matchAll(/[{:]/g)];
    const place = places[below(random, places.length)];
    if (place === undefined) return bytes;
    const at = place.index + 1;
    const said = JSON.stringify(oneOf(random, HOSTILE.slice(0, -2))[1]);
    if (place[0] === "{") return latin1(text.slice(0, at) + oneOf(random, WORDS) + text.slice(at));
    const end = text.slice(at).search(/[,}\]]/);
    const value = random() < 0.5 ? oneOf(random, VALUES) : Buffer.from(said).toString("latin1");
    return latin1(text.slice(0, at) + value + (end < 0 ? "" : text.slice(at + end)));
  }

  function packed(random: Random, { signal, encoding }: Sound, body: Buffer): HostileRequest {
    const isRight = random() < 0.8;
    const path = isRight ? `/v1/${signal}` : oneOf(random, PATHS);
    const type = random() < 0.9 ? oneOf(random, TYPES[encoding]) : oneOf(random, [...STRANGE_TYPES, ...TYPES.json]);
    const headers: Record<string, string> = { "content-type": type };
    let bytes = body;
    const way = random();
    if (way < 0.4) {
      const packing = oneOf(random, PACKINGS);
      bytes = Buffer.from(PACK[packing](body));
      headers["content-encoding"] = packing;
      if (random() < 0.3) bytes = changed(random, bytes);
      if (random() < 0.05) bytes = Buffer.from(PACK[packing](bytes));
    }
    if (way > 0.9) headers["content-encoding"] = oneOf(random, [...STRANGE_ENCODINGS, ...PACKINGS]);
    return { method: "POST", path, headers, body: random() < 0.1 ? pieces(random, bytes) : [bytes] };
  }
};

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

const noise = (random: Random): Buffer =>
  Buffer.from(Array.from({ length: below(random, 30) }, () => below(random, 256)));

const pieces = (random: Random, bytes: Buffer): Buffer[] => {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length;) all.push(bytes.subarray(at, (at += 1 + below(random, 200))));
  return all.length > 1 ? all : [bytes, Buffer.alloc(0)];
};

const question = (random: Random): HostileRequest => {
  const parameters = Array.from({ length: below(random, 4) }, () => {
    const value = random() < 0.5 ? oneOf(random, HOSTILE.slice(0, -2))[1] : String(below(random, 100));
    return `${oneOf(random, PARAMETERS)}=${encodeURIComponent(value.toWellFormed())}`;
  });
  const query = parameters.length === 0 ? "" : `?${parameters.join("&")}`;
  const id = encodeURIComponent(oneOf(random, HOSTILE.slice(0, -2))[1].toWellFormed());
  const path = random() < 0.8 ? `${oneOf(random, QUESTIONS)}${query}` : `/api/traces/${id}${query}`;
  return { method: "GET", path, headers: {}, body: [] };
};

/** Frames that lie: of their length, of their pieces, of what they are. */
const misframed = (random: Random, { path, headers, body }: HostileRequest): Buffer => {
  const bytes = Buffer.concat(body);
  const named = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const wrong = oneOf(random, [
    `content-length: ${Math.max(0, bytes.length - 1 - below(random, 20))}\r\n`,
    `content-length: ${bytes.length + 1 + below(random, 1000)}\r\n`,
    "content-length: 99999999999999\r\n",
    "content-length: -1\r\n",
    "content-length: many\r\n",
    `content-length: ${bytes.length}\r\ncontent-length: 3\r\n`,
    `content-length: ${bytes.length}\r\ntransfer-encoding: chunked\r\n`,
    "transfer-encoding: chunked\r\n",
    "transfer-encoding: chunked, identity\r\n",
    "transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    `transfer-encoding: chunked\r\n\r\n${bytes.length.toString(16)};x="${"y".repeat(200)}\r\n`,
    `expect: 100-continue\r\ncontent-length: ${bytes.length}\r\n`,
    `x-long: ${"z".repeat(140_000)}\r\n`,
    "no colon here\r\n",
    "",
  ]);
  const verb = oneOf(random, ["POST", "POST", "POST", "GET", "BREW", "post"]);
  const version = random() < 0.9 ? "HTTP/1.1" : oneOf(random, ["HTTP/9.9", "HTTP/1.0", "", "HTTP/2.0"]);
  const head = `${verb} ${path} ${version}\r\nhost: 127.0.0.1\r\n${named.join("")}${wrong}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
};
