/**
 * The dev file: a lab's definition in which each function names its own sources, paths are relative, and whatever queue, topic or bus
 * is mentioned is there. A whole LabDefinition is a dev file, too.
 */
import { resolve } from "node:path";
import type {
  BusDefinition,
  Destination,
  EventSourceMapping,
  FunctionDefinition,
  LabDefinition,
  QueueDefinition,
  Reference,
  TopicDefinition,
} from "../definition.ts";
import {
  type Shape,
  anyText,
  either,
  flag,
  isObject,
  listOf,
  mapOf,
  matching,
  number,
  object,
  oneOf,
  oneOrMore,
  record,
  text,
} from "./shape.ts";

export interface DevDefinition extends Omit<LabDefinition, "functions"> {
  readonly $schema?: string;
  /** Of all functions; their own win. */
  readonly environment?: FunctionDefinition["environment"];
  readonly functions: Readonly<Record<string, DevFunction>>;
}

/** A function and what invokes it. */
export interface DevFunction extends FunctionDefinition {
  /** Route keys: `POST /orders/{id}`, `$default`. */
  readonly http?: string | readonly string[];
  readonly sqs?: DevSqsSource | readonly DevSqsSource[];
  /** Names of topics. */
  readonly sns?: string | readonly string[];
  readonly eventbridge?: DevRule | readonly DevRule[];
}

/** A queue's name, or the name with how it is read. */
export type DevSqsSource = string | Omit<EventSourceMapping, "function">;

export interface DevRule {
  /** Default `default`. */
  readonly bus?: string;
  readonly pattern: Readonly<Record<string, unknown>>;
}

const isText = (value: unknown): boolean => typeof value === "string";

/** `{ "queue": "orders" }`: exactly one of the kinds, with a name. */
const oneNamed =
  <T>(kinds: readonly string[], expected = ""): Shape<T> =>
  (value, place, mistakes) => {
    const [[kind, name] = ["", ""], ...more] = isObject(value) ? Object.entries(value) : [];
    if (more.length === 0 && kinds.includes(kind))
      return text(name, `${place}.${kind}`, mistakes) === undefined ? undefined : (value as T);
    const got = JSON.stringify(value);
    return void mistakes.push(`${place}: expected ${expected}one of ${kinds.join(", ")}, got ${got}`);
  };

const reference = oneNamed<Reference>(["queueUrl", "topicArn", "stateMachineArn", "functionArn"], "a text, or ");
const destination = oneNamed<Destination>(["queue", "topic", "function", "bus"]);

const environment = mapOf(either(isText, anyText, reference));

const ofFunction = {
  handler: text,
  runtime: oneOf("nodejs22.x", "nodejs24.x"),
  timeoutMs: number,
  memoryMb: number,
  environment,
  reservedConcurrency: number,
  maximumRetryAttempts: number,
  onSuccess: destination,
  onFailure: destination,
  deadLetterQueue: text,
};

const ofMapping = { batchSize: number, maximumBatchingWindowMs: number, reportBatchItemFailures: flag };

const devFunction = record(
  { file: text },
  {
    ...ofFunction,
    http: oneOrMore(text),
    sqs: oneOrMore(either(isText, text, record({ queue: text }, ofMapping))),
    sns: oneOrMore(text),
    eventbridge: oneOrMore(record({ pattern: object }, { bus: text })),
  },
);

const target = either(
  (value) => isObject(value) && "queue" in value,
  record({ queue: text }, {}),
  record({ function: text }, {}),
);
const subscription = either(
  (value) => isObject(value) && "queue" in value,
  record({ queue: text }, { rawMessageDelivery: flag }),
  record({ function: text }, {}),
);

/** As Lambda has it; it is also the name of a folder. */
const functionName = matching(/^[A-Za-z0-9_-]{1,64}$/, "letters, digits, - and _, at most 64");

const devDefinition = record(
  { functions: mapOf(devFunction, functionName) },
  {
    $schema: text,
    environment,
    queues: mapOf(
      record(
        {},
        {
          visibilityTimeoutMs: number,
          redrivePolicy: record({ deadLetterQueue: text, maxReceiveCount: number }, {}),
        },
      ),
    ),
    topics: mapOf(record({ subscriptions: listOf(subscription) }, {})),
    buses: mapOf(record({ rules: mapOf(record({ pattern: object, targets: listOf(target) }, {})) }, {})),
    stateMachines: mapOf(record({ definition: object }, { type: oneOf("STANDARD", "EXPRESS") })),
    eventSourceMappings: listOf(record({ queue: text, function: text }, ofMapping)),
    routes: mapOf(text),
  },
);

export interface Checked {
  readonly definition: LabDefinition;
  readonly mistakes: readonly string[];
}

/** What is right of it, with what is wrong of its form; what it says is for the lab to check. */
export const labDefinitionOf = (value: unknown, folder: string): Checked => {
  const mistakes: string[] = [];
  const dev = devDefinition(value, "", mistakes);
  return {
    definition: dev === undefined ? { functions: {} } : expanded(dev, folder, mistakes),
    mistakes,
  };
};

const expanded = (dev: DevDefinition, folder: string, mistakes: string[]): LabDefinition => {
  const routes: Record<string, string> = { ...dev.routes };
  const eventSourceMappings = [...(dev.eventSourceMappings ?? [])];
  const topics: Record<string, TopicDefinition> = { ...dev.topics };
  const buses: Record<string, BusDefinition> = { ...dev.buses };
  const functions: Record<string, FunctionDefinition> = {};
  for (const [name, { http, sqs, sns, eventbridge, ...own }] of Object.entries(dev.functions)) {
    functions[name] = {
      ...own,
      file: resolve(folder, own.file),
      environment: { ...dev.environment, ...own.environment },
    };
    for (const key of listed(http)) {
      const other = routes[key];
      if (other !== undefined && other !== name) mistakes.push(`functions.${name}.http: ${key} is taken by ${other}`);
      routes[key] = name;
    }
    for (const source of listed(sqs))
      eventSourceMappings.push({ ...(typeof source === "string" ? { queue: source } : source), function: name });
    for (const topic of listed(sns))
      topics[topic] = { subscriptions: [...(topics[topic]?.subscriptions ?? []), { function: name }] };
    for (const [n, { bus = "default", pattern }] of listed(eventbridge).entries()) {
      const rule = { pattern, targets: [{ function: name }] };
      buses[bus] = { ...buses[bus], rules: { ...buses[bus]?.rules, [`${name}-${n + 1}`]: rule } };
    }
  }
  const whole: LabDefinition = {
    functions,
    routes,
    eventSourceMappings,
    topics: { ...mentionedTopics(functions), ...topics },
    buses,
    stateMachines: dev.stateMachines ?? {},
    queues: dev.queues ?? {},
  };
  return { ...whole, queues: { ...mentionedQueues(whole), ...whole.queues } };
};

const listed = <T>(value: T | readonly T[] | undefined): readonly T[] => {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
};

const references = (functions: LabDefinition["functions"]): readonly Reference[] =>
  Object.values(functions).flatMap(({ environment: variables = {} }) =>
    Object.values(variables).flatMap((value) => (typeof value === "string" ? [] : [value])),
  );

const mentionedTopics = (functions: LabDefinition["functions"]): Record<string, TopicDefinition> =>
  Object.fromEntries(
    references(functions).flatMap((one) => ("topicArn" in one ? [[one.topicArn, { subscriptions: [] }]] : [])),
  );

const mentionedQueues = (definition: LabDefinition): Record<string, QueueDefinition> => {
  const { functions, queues = {}, topics = {}, buses = {}, eventSourceMappings = [] } = definition;
  const names = [
    ...references(functions).flatMap((one) => ("queueUrl" in one ? [one.queueUrl] : [])),
    ...eventSourceMappings.map(({ queue }) => queue),
    ...Object.values(queues).flatMap(({ redrivePolicy }) => redrivePolicy?.deadLetterQueue ?? []),
    ...Object.values(topics).flatMap(({ subscriptions }) => subscriptions.flatMap(queueOf)),
    ...Object.values(buses).flatMap(({ rules }) =>
      Object.values(rules).flatMap(({ targets }) => targets.flatMap(queueOf)),
    ),
  ];
  return Object.fromEntries(names.map((name) => [name, {}]));
};

const queueOf = (one: { readonly queue: string } | object): readonly string[] => ("queue" in one ? [one.queue] : []);
