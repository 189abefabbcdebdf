/**
 * A running lab: every function, queue, topic, bus, machine and route of a definition, on free ports of 127.0.0.1.
 *
 * Errors  one DefinitionError that names every mistake of the definition at once; nothing is started then.
 */
import { setTimeout as timeout } from "node:timers/promises";
import { ACCOUNT_ID, type Addresses, createAddresses } from "./addresses.ts";
import { startAwsEndpoint } from "./aws-endpoint.ts";
import type { EventSourceMapping, FunctionDefinition, LabDefinition, Reference } from "./definition.ts";
import type { LogLine } from "./environment.ts";
import { createEventBridge } from "./event-sources/eventbridge.ts";
import { startHttpApi } from "./event-sources/http-api.ts";
import { deliverRaw, deliverToFunction } from "./event-sources/sns.ts";
import { type SqsSource, startSqsSource } from "./event-sources/sqs.ts";
import { createSchedules } from "./event-sources/schedules.ts";
import { type FinishedExecution, createStepFunctions } from "./event-sources/step-functions.ts";
import { type Destinations, createDestinations } from "./destinations.ts";
import { type FinishedInvocation, type LabFunction, createFunction } from "./function.ts";
import { type Messaging, type Publication, startMessaging } from "./messaging.ts";
import type { Moment } from "./moments.ts";
import type { PlatformRecord } from "./platform-records.ts";
import { provision } from "./provision.ts";
import { DEFAULT_RUNTIME, type Runtime, runtimeProblems } from "./runtime.ts";
import { type Truth, createTruth } from "./truth.ts";
import type { TruthLog } from "./truth-log.ts";
import { type ChangingParts, NOTHING, change, changesInPlace, newQueues } from "./update.ts";
import { problemsOf } from "./validate.ts";
import { type Watchdog, startWatchdog } from "./watchdog.ts";

export interface LabOptions {
  /** What runs the handlers: the lab's own loop (default), or AWS's own client where it is installed. */
  readonly runtimeClient?: Runtime;
  readonly region?: string;
  /** Of all functions, beside what Lambda sets; say, where to send spans. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Of the HTTP API; default 0, any that is free. */
  readonly port?: number;
  /** Share of SQS batches that are delivered twice; default 0. */
  readonly duplicateDeliveries?: number;
  /** Before the first retry of an asynchronous invocation, a minute on Lambda; default 200. */
  readonly asyncRetryDelayMs?: number;
  /** How Wait states and the backoff of Retry pass; default in real time. Rejects when the signal aborts. */
  readonly stateMachinePause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Default Math.random. */
  readonly random?: () => number;
  readonly onLog?: (line: LogLine) => void;
  /** The life of the execution environments, as it happens. */
  readonly onMoment?: (moment: Moment) => void;
  readonly onInvocation?: (invocation: FinishedInvocation) => void;
  readonly onExecution?: (execution: FinishedExecution) => void;
  /** Whatever Lambda says of any environment, of one that was killed too, as its log group has it. */
  readonly onPlatformRecord?: (record: PlatformRecord) => void;
}

export interface Lab extends Pick<Addresses, "queueUrl" | "topicArn" | "stateMachineArn" | "functionArn"> {
  readonly httpUrl: string;
  /** For AWS clients outside the functions. */
  readonly environment: Readonly<Record<string, string>>;
  readonly truth: TruthLog;
  /** Resolves when nothing is queued, running, waiting to be tried again, or executing. */
  idle(): Promise<void>;
  /** As if its time had come. */
  fire(schedule: string): void;
  /** Delivers once more what the bus's archive holds. */
  replay(bus: string, replayName: string): Promise<void>;
  /**
   * Ends the function's environments that wait for work, as Lambda ends those it no longer needs: with SIGTERM and 500 ms where an
   * extension is registered, else by SIGKILL. The next invocation is cold.
   */
  shutdown(functionName: string): Promise<void>;
  /** The function's file has changed: what is at work ends with the code it has; every other invocation runs the new one. */
  reload(functionName: string): void;
  /**
   * Becomes what another definition says, with all messages kept, where only functions, routes, event source mappings and new queues
   * differ; resolves to false, with nothing changed, where more does: that takes a new lab. Errors as of `startLab`.
   */
  update(definition: LabDefinition): Promise<boolean>;
  /** Ends idle environments as `shutdown` does, and what is at work at once. */
  close(): Promise<void>;
}

export class DefinitionError extends Error {
  override readonly name = "DefinitionError";
}

const DEFAULT_REGION = "eu-west-1";
const DEFAULT_ASYNC_RETRY_DELAY_MS = 200;
const QUIET_POLL_MS = 25;

export const startLab = async (definition: LabDefinition, options: LabOptions = {}): Promise<Lab> => {
  refuseMistakes(definition, options);
  const opened: Closable[] = [];
  try {
    return await open(definition, options, opened);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
};

const refuseMistakes = (definition: LabDefinition, { runtimeClient = DEFAULT_RUNTIME }: LabOptions): void => {
  const problems = [...problemsOf(definition), ...runtimeProblems(definition, runtimeClient)];
  if (problems.length > 0)
    throw new DefinitionError(`the lab's definition has ${problems.length} mistake(s):\n  ${problems.join("\n  ")}`);
};

interface Closable {
  close(): Promise<void> | void;
}

/** What was opened last closes first. */
const closeAll = async (opened: Closable[]): Promise<void> => {
  for (let one = opened.pop(); one; one = opened.pop()) await one.close();
};

const closeEach = async (group: ReadonlyMap<string, { close(): Promise<void> }>): Promise<void> => {
  await Promise.all(Array.from(group.values(), (one) => one.close()));
};

const open = async (definition: LabDefinition, options: LabOptions, opened: Closable[]): Promise<Lab> => {
  const region = options.region ?? DEFAULT_REGION;
  const truth = createTruth();
  const functions = new Map<string, LabFunction>();
  const shared = { region, accountId: ACCOUNT_ID, truth, functions };

  const watchdog = startWatchdog();
  opened.push(watchdog);
  const onPublish = (publication: Publication): Promise<void> =>
    publish(publication, definition, { functions, truth, messaging, addresses });
  const messaging: Messaging = await startMessaging({ ...shared, onPublish });
  opened.push(messaging);
  const addresses: Addresses = createAddresses(region, messaging.url);
  await provision(definition, messaging, addresses);

  const variables: Record<string, string> = {};
  const eventBridge = createEventBridge({ ...shared, messaging, buses: definition.buses ?? {}, addresses });
  const schedules = createSchedules({ ...shared, schedules: definition.schedules ?? {} });
  const stepFunctions = createStepFunctions({
    ...shared,
    machines: definition.stateMachines ?? {},
    messaging,
    eventBridge,
    pause: options.stateMachinePause ?? realPause,
    onExecution: options.onExecution ?? (() => undefined),
  });
  const endpoint = await startAwsEndpoint({ ...shared, eventBridge, stepFunctions });
  opened.push(endpoint, { close: () => closeEach(functions) }, stepFunctions);
  Object.assign(variables, awsVariables(region, messaging.url, endpoint.url));

  const onAsyncEnd = createDestinations({ functions, addresses, messaging, eventBridge });
  const parts: ChangingParts = {
    functions,
    sources: new Map(),
    routes: new Map(),
    createFunction: (name, one) =>
      newFunction(name, one, { options, addresses, truth, watchdog, variables, onAsyncEnd }),
    startSource: (mapping, target) => newSource(mapping, target, { options, addresses, truth, messaging, region }),
  };
  opened.push({ close: () => closeEach(parts.sources) });
  await change(parts, NOTHING, definition);
  const http = await startHttpApi({ ...shared, routes: parts.routes, port: options.port ?? 0 });
  opened.push(http);

  let current = definition;
  const isQuiet = async (): Promise<boolean> =>
    [...functions.values(), stepFunctions, ...parts.sources.values()].every((one) => one.pending === 0) &&
    (await areEmpty(queuesWithMappings(current, addresses), messaging));
  let closing: Promise<void> | undefined;
  return {
    ...addresses,
    httpUrl: http.url,
    environment: variables,
    truth: truth.log,
    async idle() {
      // Twice in a row: between two hops a message is in nobody's count for a moment.
      for (let quiet = 0; quiet < 2; quiet = (await isQuiet()) ? quiet + 1 : 0) await pause(QUIET_POLL_MS);
    },
    fire: (name) => schedules.fire(name),
    replay: (bus, replayName) => eventBridge.replay(bus, replayName),
    shutdown: async (name) => defined(functions, name).shutdown(),
    reload: (name) => defined(functions, name).reload(),
    async update(next) {
      refuseMistakes(next, options);
      if (!changesInPlace(current, next)) return false;
      await provision({ ...NOTHING, queues: newQueues(current, next) }, messaging, addresses);
      const before = current;
      current = next;
      await change(parts, before, next);
      return true;
    },
    close: () => (closing ??= closeAll(opened)),
  };
};

interface Receivers {
  readonly functions: ReadonlyMap<string, LabFunction>;
  readonly truth: Truth;
  readonly messaging: Messaging;
  readonly addresses: Addresses;
}

const publish = async (
  publication: Publication,
  { topics = {} }: LabDefinition,
  { functions, truth, messaging, addresses }: Receivers,
): Promise<void> => {
  const name = publication.topicArn.split(":").at(-1) ?? "";
  for (const subscription of topics[name]?.subscriptions ?? []) {
    if ("function" in subscription) deliverToFunction(publication, defined(functions, subscription.function), truth);
    else if (subscription.rawMessageDelivery)
      await deliverRaw(publication, addresses.queueUrl(subscription.queue), messaging);
  }
};

interface FunctionParts {
  readonly options: LabOptions;
  readonly addresses: Addresses;
  readonly truth: Truth;
  readonly watchdog: Watchdog;
  readonly onAsyncEnd: Destinations;
  /** Of the lab; read when an environment starts, because by then every endpoint has its port. */
  readonly variables: Readonly<Record<string, string>>;
}

const newFunction = (name: string, definition: FunctionDefinition, parts: FunctionParts): LabFunction => {
  const { options, addresses, truth, watchdog, variables, onAsyncEnd } = parts;
  const valueOf = (value: string | Reference): string => (typeof value === "string" ? value : addresses.valueOf(value));
  return createFunction({
    name,
    definition,
    runtime: options.runtimeClient ?? DEFAULT_RUNTIME,
    arn: addresses.functionArn(name),
    variables: ({ environment = {} }) => ({
      ...variables,
      ...options.environment,
      ...Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, valueOf(value)])),
    }),
    truth,
    watchdog,
    asyncRetryDelayMs: options.asyncRetryDelayMs ?? DEFAULT_ASYNC_RETRY_DELAY_MS,
    onAsyncEnd,
    onLog: options.onLog ?? (() => undefined),
    onMoment: options.onMoment ?? (() => undefined),
    onInvocation: options.onInvocation ?? (() => undefined),
    onPlatformRecord: options.onPlatformRecord ?? (() => undefined),
  });
};

interface SourceParts {
  readonly options: LabOptions;
  readonly addresses: Addresses;
  readonly truth: Truth;
  readonly messaging: Messaging;
  readonly region: string;
}

const newSource = (
  mapping: EventSourceMapping,
  target: LabFunction,
  { options, addresses, ...parts }: SourceParts,
): SqsSource =>
  startSqsSource({
    ...parts,
    mapping,
    target,
    queueUrl: addresses.queueUrl(mapping.queue),
    queueArn: addresses.queueArn(mapping.queue),
    random: options.random ?? Math.random,
    duplicateDeliveries: options.duplicateDeliveries ?? 0,
  });

const defined = (functions: ReadonlyMap<string, LabFunction>, name: string): LabFunction => {
  const found = functions.get(name);
  if (found === undefined) throw new Error(`function ${name} is not defined`); // problemsOf has checked all names
  return found;
};

const awsVariables = (region: string, messagingUrl: string, endpointUrl: string): Record<string, string> => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: "lab",
  AWS_SECRET_ACCESS_KEY: "lab",
  AWS_ENDPOINT_URL_SQS: messagingUrl,
  AWS_ENDPOINT_URL_SNS: messagingUrl,
  AWS_ENDPOINT_URL_EVENTBRIDGE: endpointUrl,
  AWS_ENDPOINT_URL_SFN: endpointUrl,
  AWS_ENDPOINT_URL_LAMBDA: endpointUrl,
});

const queuesWithMappings = ({ eventSourceMappings = [] }: LabDefinition, addresses: Addresses): ReadonlySet<string> =>
  new Set(eventSourceMappings.map(({ queue }) => addresses.queueUrl(queue)));

const WAITING = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
];

const areEmpty = async (queueUrls: Iterable<string>, messaging: Messaging): Promise<boolean> => {
  const counts = await Promise.all(
    Array.from(queueUrls, async (QueueUrl) => {
      const { Attributes = {} } = await messaging.sqs<{ Attributes?: Record<string, string> }>("GetQueueAttributes", {
        QueueUrl,
        AttributeNames: ["All"],
      });
      return WAITING.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
    }),
  );
  return counts.every((count) => count === 0);
};

const realPause = (ms: number, signal: AbortSignal): Promise<void> => timeout(ms, undefined, { signal });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
