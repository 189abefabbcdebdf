import {
  decodeLogs,
  decodeLogsJson,
  decodeMetrics,
  decodeMetricsJson,
  decodeTraces,
  decodeTracesJson,
  logsToJson,
  metricsToJson,
  tracesToJson,
} from "@mayfly/otlp";
import { expect, test } from "vitest";
import { DROPPED, type Field, fieldsOf, isMessageName, MESSAGES, type MessageName } from "./field-table.ts";
import { encodeWithProtobufjs } from "./protobufjs-oracle.ts";

type Root = "TracesData" | "LogsData" | "MetricsData";

/** How a message is reached from the root: the fields on the way. */
interface Route {
  readonly root: Root;
  readonly steps: readonly Field[];
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  string: "grün",
  id: "00ff10",
  bytes: Uint8Array.of(0, 255),
  bool: true,
  enum: 77,
  double: -0.5,
  uint32: 4_294_967_295,
  fixed32: 4_294_967_295,
  int64: -9_223_372_036_854_775_808n,
  fixed64: 18_446_744_073_709_551_615n,
  int32: 7,
  sint32: -2_147_483_648,
  uint64: 18_446_744_073_709_551_615n,
  sfixed64: -9_223_372_036_854_775_808n,
};

const CODECS = {
  TracesData: (bytes: Uint8Array) => {
    const traces = decodeTraces(bytes);
    return { fromProtobuf: traces, fromJson: decodeTracesJson(JSON.stringify(tracesToJson(traces))) };
  },
  LogsData: (bytes: Uint8Array) => {
    const logs = decodeLogs(bytes);
    return { fromProtobuf: logs, fromJson: decodeLogsJson(JSON.stringify(logsToJson(logs))) };
  },
  MetricsData: (bytes: Uint8Array) => {
    const metrics = decodeMetrics(bytes);
    return { fromProtobuf: metrics, fromJson: decodeMetricsJson(JSON.stringify(metricsToJson(metrics))) };
  },
};

/** Each message by its shortest route; those of several signals (resource, scope, values) by each. */
const routes = (): Map<MessageName, Route[]> => {
  const found = new Map<MessageName, Route[]>();
  for (const root of ["TracesData", "LogsData", "MetricsData"] as const) {
    const seen = new Set<MessageName>([root]);
    const queue: [MessageName, Route][] = [[root, { root, steps: [] }]];
    for (const [name, route] of queue) {
      found.set(name, [...(found.get(name) ?? []), route]);
      for (const field of fieldsOf(MESSAGES[name])) {
        if (!isMessageName(field.type) || seen.has(field.type)) continue;
        seen.add(field.type);
        queue.push([field.type, { root, steps: [...route.steps, field] }]);
      }
    }
  }
  return found;
};

const wrap = (steps: readonly Field[], inner: object): object =>
  steps.reduceRight<object>((held, { name, isRepeated }) => ({ [name]: isRepeated ? [held] : held }), inner);

const follow = (steps: readonly Field[], root: unknown): unknown =>
  steps.reduce<unknown>((held, { name, isRepeated }) => {
    const value: unknown = Object.getOwnPropertyDescriptor(held, name)?.value;
    return isRepeated && Array.isArray(value) ? value[0] : value;
  }, root);

const cases = (messages: Partial<Record<MessageName, Readonly<Record<string, string>>>>) =>
  [...routes()].flatMap(([message, ways]) =>
    ways.flatMap((route) => fieldsOf(messages[message] ?? {}).map((field) => ({ message, route, field }))),
  );

test.each(cases(MESSAGES))("$route.root › $message.$field.name survives both encodings", ({ route, field }) => {
  const sample = isMessageName(field.type) ? {} : SAMPLES[field.type];
  expect(sample).toBeDefined();
  const bytes = encodeWithProtobufjs(route.root, wrap([...route.steps, field], sample as object));

  const { fromProtobuf, fromJson } = CODECS[route.root](bytes);

  const arrived = follow([...route.steps, field], fromProtobuf);
  if (isMessageName(field.type)) expect(arrived).toBeTypeOf("object");
  else expect(arrived).toStrictEqual(sample);
  expect(fromJson).toStrictEqual(fromProtobuf);
});

test.each(cases(DROPPED))("$route.root › $message.$field.name is of another signal and dropped", ({ route, field }) => {
  const bytes = encodeWithProtobufjs(route.root, wrap(route.steps, { [field.name]: 7 }));
  const bare = encodeWithProtobufjs(route.root, wrap(route.steps, {}));

  expect(CODECS[route.root](bytes).fromProtobuf).toStrictEqual(CODECS[route.root](bare).fromProtobuf);
  expect(bytes.length).toBeGreaterThan(bare.length);
});
