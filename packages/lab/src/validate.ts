/** What is wrong with a definition, all at once: names that lead nowhere, numbers out of range, what the lab does not model. */
import { existsSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import type {
  Destination,
  EventSourceMapping,
  FunctionDefinition,
  LabDefinition,
  QueueDefinition,
} from "./definition.ts";
import { compilePattern } from "./event-sources/event-pattern.ts";
import { fileInLayers } from "./layers.ts";
import { machineProblems } from "./states/check.ts";

export const problemsOf = (definition: LabDefinition): readonly string[] => {
  const {
    functions,
    queues = {},
    topics = {},
    buses = {},
    stateMachines = {},
    routes = {},
    schedules = {},
  } = definition;
  const known: Known = { functions, queues, topics, buses: { default: {}, ...buses }, stateMachines };
  const each = <T>(group: Readonly<Record<string, T>>, check: (name: string, one: T) => Problems): Problems =>
    Object.entries(group).flatMap(([name, one]) => check(name, one));
  return [
    ...each(functions, (name, one) => functionProblems(name, one, known)),
    ...each(queues, (name, one) => queueProblems(name, one, known)),
    ...each(topics, (name, { subscriptions }) =>
      subscriptions.flatMap((one) => targetProblems(one, `topic ${name}`, known)),
    ),
    ...each(buses, (bus, { rules }) =>
      each(rules, (rule, { pattern, targets }) => {
        const where = `rule ${rule} of bus ${bus}`;
        return [...patternProblems(pattern, where), ...targets.flatMap((one) => targetProblems(one, where, known))];
      }),
    ),
    ...each(stateMachines, (name, one) =>
      machineProblems(one.definition, (target) => Object.hasOwn(functions, target)).map(
        (problem) => `state machine ${name}: ${problem}`,
      ),
    ),
    ...each(schedules, (name, one) => nameProblems("function", one.function, `schedule ${name}`, known)),
    ...(definition.eventSourceMappings ?? []).flatMap((mapping) => mappingProblems(mapping, known)),
    ...each(routes, (key, name) => [...routeProblems(key), ...nameProblems("function", name, `route ${key}`, known)]),
  ];
};

type Problems = readonly string[];

interface Known {
  readonly functions: object;
  readonly queues: object;
  readonly topics: object;
  readonly buses: object;
  readonly stateMachines: object;
}

const nameProblems = (kind: "function" | "queue", name: string, where: string, known: Known): Problems =>
  Object.hasOwn(kind === "function" ? known.functions : known.queues, name)
    ? []
    : [`${where}: ${kind} ${JSON.stringify(name)} is not defined`];

const targetProblems = (target: { function: string } | { queue: string }, where: string, known: Known): Problems =>
  "function" in target
    ? nameProblems("function", target.function, where, known)
    : nameProblems("queue", target.queue, where, known);

const numberProblems = (where: string, name: string, value: number | undefined, min: number, max: number): Problems =>
  value === undefined || (Number.isInteger(value) && value >= min && value <= max)
    ? []
    : [`${where}: ${name} is ${value}, expected ${max === Infinity ? `at least ${min}` : `${min} to ${max}`}`];

const functionProblems = (name: string, one: FunctionDefinition, known: Known): Problems => {
  const where = `function ${name}`;
  return [
    ...fileProblems(one.file, where),
    ...taskRootProblems(one, where),
    ...layerProblems(one, where),
    ...numberProblems(where, "timeoutMs", one.timeoutMs, 1, 900_000),
    ...numberProblems(where, "memoryMb", one.memoryMb, 128, 10_240),
    ...numberProblems(where, "reservedConcurrency", one.reservedConcurrency, 1, Infinity),
    ...numberProblems(where, "maximumRetryAttempts", one.maximumRetryAttempts, 0, 2),
    ...destinationProblems(one.onSuccess, `${where}: onSuccess`, known),
    ...destinationProblems(one.onFailure, `${where}: onFailure`, known),
    ...(one.deadLetterQueue === undefined
      ? []
      : nameProblems("queue", one.deadLetterQueue, `${where}: deadLetterQueue`, known)),
    ...Object.entries(one.environment ?? {}).flatMap(([variable, value]) =>
      typeof value === "string" ? [] : referenceProblems(value, `${where}: ${variable}`, known),
    ),
  ];
};

const destinationProblems = (destination: Destination | undefined, where: string, known: Known): Problems => {
  if (destination === undefined) return [];
  const [[kind, name] = ["", ""]] = Object.entries<string>(destination);
  const targets: Readonly<Record<string, object>> = {
    queue: known.queues,
    topic: known.topics,
    function: known.functions,
    bus: known.buses,
  };
  return Object.hasOwn(targets[kind] ?? {}, name) ? [] : [`${where}: ${kind} ${JSON.stringify(name)} is not defined`];
};

const fileProblems = (file: string, where: string): Problems => {
  if (!isAbsolute(file)) return [`${where}: file ${JSON.stringify(file)} is not an absolute path`];
  return existsSync(file) ? [] : [`${where}: ${file} does not exist`];
};

const taskRootProblems = ({ file, taskRoot }: FunctionDefinition, where: string): Problems => {
  if (taskRoot === undefined) return [];
  const isBelow = isAbsolute(taskRoot) && !relative(taskRoot, file).startsWith("..");
  return isBelow ? [] : [`${where}: ${file} is not below taskRoot ${JSON.stringify(taskRoot)}`];
};

const MAX_LAYERS = 5;

const layerProblems = ({ layers = [], environment = {} }: FunctionDefinition, where: string): Problems => {
  const wrapper = environment["AWS_LAMBDA_EXEC_WRAPPER"];
  const isMissing = typeof wrapper === "string" && wrapper.startsWith("/opt/") && !fileInLayers(wrapper, layers);
  return [
    ...(layers.length > MAX_LAYERS ? [`${where}: ${layers.length} layers, expected at most ${MAX_LAYERS}`] : []),
    ...layers.flatMap((layer) =>
      isAbsolute(layer) && existsSync(layer)
        ? []
        : [`${where}: layer ${JSON.stringify(layer)} is no absolute path of a folder`],
    ),
    ...(isMissing ? [`${where}: AWS_LAMBDA_EXEC_WRAPPER ${wrapper} is in none of its layers`] : []),
  ];
};

const referenceProblems = (reference: object, where: string, known: Known): Problems => {
  const targets: Readonly<Record<string, object>> = {
    queueUrl: known.queues,
    topicArn: known.topics,
    stateMachineArn: known.stateMachines,
    functionArn: known.functions,
  };
  const [[kind, target] = ["", ""]] = Object.entries(reference);
  return Object.hasOwn(targets[kind] ?? {}, String(target))
    ? []
    : [`${where} refers to ${kind} ${JSON.stringify(target)}, which is not defined`];
};

const queueProblems = (
  name: string,
  { visibilityTimeoutMs, redrivePolicy }: QueueDefinition,
  known: Known,
): Problems => {
  const where = `queue ${name}`;
  return [
    ...(name.endsWith(".fifo") ? [`${where}: FIFO queues are not known to the lab`] : []),
    ...(visibilityTimeoutMs !== undefined && visibilityTimeoutMs % 1_000 !== 0
      ? [`${where}: visibilityTimeoutMs is ${visibilityTimeoutMs}, expected whole seconds`]
      : numberProblems(where, "visibilityTimeoutMs", visibilityTimeoutMs, 0, 43_200_000)),
    ...(redrivePolicy
      ? [
          ...nameProblems("queue", redrivePolicy.deadLetterQueue, where, known),
          ...numberProblems(where, "maxReceiveCount", redrivePolicy.maxReceiveCount, 1, 1_000),
        ]
      : []),
  ];
};

const patternProblems = (pattern: unknown, where: string): Problems => {
  try {
    compilePattern(pattern);
    return [];
  } catch (error) {
    return [`${where}: ${error instanceof Error ? error.message : String(error)}`];
  }
};

const mappingProblems = (mapping: EventSourceMapping, known: Known): Problems => {
  const where = `event source mapping of ${mapping.queue}`;
  return [
    ...nameProblems("queue", mapping.queue, "event source mapping", known),
    ...nameProblems("function", mapping.function, where, known),
    ...numberProblems(where, "batchSize", mapping.batchSize, 1, 10_000),
    ...numberProblems(where, "maximumBatchingWindowMs", mapping.maximumBatchingWindowMs, 0, 300_000),
  ];
};

const routeProblems = (key: string): Problems => {
  if (key === "$default") return [];
  if (!/^[A-Z]+ \/\S*$/.test(key)) return [`route ${JSON.stringify(key)}: expected "METHOD /path" or "$default"`];
  return /\+\}.*\//.test(key) ? [`route ${JSON.stringify(key)}: a greedy parameter stands last`] : [];
};
