/**
 * A running lab: every function, queue, topic, bus, machine and route of a definition, on free ports of 127.0.0.1.
 *
 * Errors  one Error that names every mistake of the definition at once; nothing is started then.
 */
import { type AwsEndpoint, startAwsEndpoint } from "./aws-endpoint.ts";
import type { LabDefinition, QueueDefinition, Reference } from "./definition.ts";
import type { LogLine } from "./environment.ts";
import { type EventBridge, createEventBridge } from "./event-sources/eventbridge.ts";
import { type HttpApi, startHttpApi } from "./event-sources/http-api.ts";
import { deliverToFunction } from "./event-sources/sns.ts";
import { type SqsSource, startSqsSource } from "./event-sources/sqs.ts";
import { type StepFunctions, createStepFunctions } from "./event-sources/step-functions.ts";
import { type LabFunction, createFunction } from "./function.ts";
import { type Messaging, startMessaging } from "./messaging.ts";
import { type Truth, createTruth } from "./truth.ts";
import type { TruthLog } from "./truth-log.ts";
import { problemsOf } from "./validate.ts";
import { type Watchdog, startWatchdog } from "./watchdog.ts";

export interface LabOptions {
  readonly region?: string;
  /** Of all functions, beside what Lambda sets; say, where to send spans. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Of the HTTP API; default 0, any that is free. */
  readonly port?: number;
  /** Share of SQS batches that are delivered twice; default 0. */
  readonly duplicateDeliveries?: number;
  /** Before the first retry of an asynchronous invocation, a minute on Lambda; default 200. */
  readonly asyncRetryDelayMs?: number;
  /** Default Math.random. */
  readonly random?: () => number;
  readonly onLog?: (line: LogLine) => void;
}

export interface Lab {
  readonly httpUrl: string;
  /** For AWS clients outside the functions. */
  readonly environment: Readonly<Record<string, string>>;
  readonly truth: TruthLog;
  queueUrl(name: string): string;
  topicArn(name: string): string;
  stateMachineArn(name: string): string;
  functionArn(name: string): string;
  /** Resolves when nothing is queued, running, waiting to be tried again, or executing. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** fauxqs knows no other account. */
const ACCOUNT_ID = "000000000000";

export const startLab = async (definition: LabDefinition, options: LabOptions = {}): Promise<Lab> => {
  const problems = problemsOf(definition);
  if (problems.length > 0)
    throw new Error(`the lab's definition has ${problems.length} mistake(s):\n  ${problems.join("\n  ")}`);
  const lab = new RunningLab(definition, options);
  try {
    await lab.start();
    return lab;
  } catch (error) {
    await lab.close();
    throw error;
  }
};

class RunningLab implements Lab {
  readonly #definition: LabDefinition;
  readonly #options: LabOptions;
  readonly #region: string;
  readonly #truth: Truth = createTruth();
  readonly #watchdog: Watchdog = startWatchdog();
  readonly #functions = new Map<string, LabFunction>();
  readonly #sources: SqsSource[] = [];
  #messaging: Messaging | undefined;
  #stepFunctions: StepFunctions | undefined;
  #endpoint: AwsEndpoint | undefined;
  #http: HttpApi | undefined;
  #closing: Promise<void> | undefined;

  constructor(definition: LabDefinition, options: LabOptions) {
    this.#definition = definition;
    this.#options = options;
    this.#region = options.region ?? "eu-west-1";
  }

  async start(): Promise<void> {
    const { stateMachines = {}, eventSourceMappings = [], routes = {} } = this.#definition;
    const shared = { region: this.#region, accountId: ACCOUNT_ID, truth: this.#truth, functions: this.#functions };
    const messaging = await startMessaging({
      ...shared,
      onPublish: (publication) => {
        const topic = this.#definition.topics?.[publication.topicArn.split(":").at(-1) ?? ""];
        for (const subscription of topic?.subscriptions ?? []) {
          const target = "function" in subscription ? this.#functions.get(subscription.function) : undefined;
          if (target) deliverToFunction(publication, target, this.#truth);
        }
      },
    });
    this.#messaging = messaging;
    await this.#createQueuesAndTopics(messaging);

    // Functions first, without an endpoint they are told later: nothing runs before the first invocation.
    for (const name of Object.keys(this.#definition.functions)) this.#functions.set(name, this.#function(name));
    const eventBridge: EventBridge = createEventBridge({
      ...shared,
      messaging,
      buses: this.#definition.buses ?? {},
      queueUrl: (name) => this.queueUrl(name),
    });
    this.#stepFunctions = createStepFunctions({ ...shared, machines: stateMachines });
    this.#endpoint = await startAwsEndpoint({ ...shared, eventBridge, stepFunctions: this.#stepFunctions });
    for (const mapping of eventSourceMappings) this.#sources.push(this.#source(mapping, messaging));
    const byKey = Object.entries(routes).map(([key, name]) => [key, this.#defined(name)] as const);
    this.#http = await startHttpApi({ ...shared, routes: new Map(byKey), port: this.#options.port ?? 0 });
  }

  get httpUrl(): string {
    return this.#http?.url ?? "";
  }

  get truth(): TruthLog {
    return this.#truth.log;
  }

  get environment(): Readonly<Record<string, string>> {
    const messaging = this.#messaging?.url ?? "";
    const aws = this.#endpoint?.url ?? "";
    return {
      AWS_REGION: this.#region,
      AWS_DEFAULT_REGION: this.#region,
      AWS_ACCESS_KEY_ID: "lab",
      AWS_SECRET_ACCESS_KEY: "lab",
      AWS_ENDPOINT_URL_SQS: messaging,
      AWS_ENDPOINT_URL_SNS: messaging,
      AWS_ENDPOINT_URL_EVENTBRIDGE: aws,
      AWS_ENDPOINT_URL_SFN: aws,
      AWS_ENDPOINT_URL_LAMBDA: aws,
    };
  }

  queueUrl(name: string): string {
    return `${this.#messaging?.url}/${ACCOUNT_ID}/${name}`;
  }

  topicArn(name: string): string {
    return `arn:aws:sns:${this.#region}:${ACCOUNT_ID}:${name}`;
  }

  stateMachineArn(name: string): string {
    return this.#stepFunctions?.stateMachineArn(name) ?? "";
  }

  functionArn(name: string): string {
    return `arn:aws:lambda:${this.#region}:${ACCOUNT_ID}:function:${name}`;
  }

  async idle(): Promise<void> {
    // Twice in a row: between two hops a message is in nobody's count for a moment.
    for (let quiet = 0; quiet < 2; quiet = (await this.#isQuiet()) ? quiet + 1 : 0) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#http?.close();
    await Promise.all(this.#sources.map((source) => source.close()));
    this.#stepFunctions?.close();
    await Promise.all([...this.#functions.values()].map((one) => one.close()));
    await this.#endpoint?.close();
    await this.#messaging?.close();
    this.#watchdog.close();
  }

  async #createQueuesAndTopics(messaging: Messaging): Promise<void> {
    const queues = Object.entries(this.#definition.queues ?? {});
    // Dead-letter queues are named by other queues, so they must be there first.
    const deadLetters = new Set(queues.flatMap(([, { redrivePolicy }]) => redrivePolicy?.deadLetterQueue ?? []));
    for (const [name, queue] of queues.toSorted(
      ([a], [b]) => Number(deadLetters.has(b)) - Number(deadLetters.has(a)),
    )) {
      await messaging.sqs("CreateQueue", { QueueName: name, Attributes: this.#queueAttributes(queue) });
    }
    for (const [name, { subscriptions }] of Object.entries(this.#definition.topics ?? {})) {
      await messaging.sns("CreateTopic", { Name: name });
      for (const subscription of subscriptions) {
        if (!("queue" in subscription)) continue;
        await messaging.sns("Subscribe", {
          TopicArn: this.topicArn(name),
          Protocol: "sqs",
          Endpoint: this.#queueArn(subscription.queue),
          ...(subscription.rawMessageDelivery && {
            "Attributes.entry.1.key": "RawMessageDelivery",
            "Attributes.entry.1.value": "true",
          }),
        });
      }
    }
  }

  #queueAttributes({ visibilityTimeoutMs = 30_000, redrivePolicy }: QueueDefinition): Record<string, string> {
    return {
      VisibilityTimeout: String(Math.ceil(visibilityTimeoutMs / 1_000)),
      ...(redrivePolicy && {
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: this.#queueArn(redrivePolicy.deadLetterQueue),
          maxReceiveCount: redrivePolicy.maxReceiveCount,
        }),
      }),
    };
  }

  #queueArn(name: string): string {
    return `arn:aws:sqs:${this.#region}:${ACCOUNT_ID}:${name}`;
  }

  #function(name: string): LabFunction {
    const lab = this;
    return createFunction({
      name,
      definition: this.#definition.functions[name] ?? { file: "" },
      arn: this.functionArn(name),
      // Read when an environment starts; by then every endpoint has its port.
      get variables() {
        return { ...lab.environment, ...lab.#options.environment, ...lab.#resolved(name) };
      },
      truth: this.#truth,
      watchdog: this.#watchdog,
      asyncRetryDelayMs: this.#options.asyncRetryDelayMs ?? 200,
      onLog: this.#options.onLog ?? (() => undefined),
    });
  }

  #resolved(name: string): Record<string, string> {
    const given = Object.entries(this.#definition.functions[name]?.environment ?? {});
    return Object.fromEntries(
      given.map(([key, value]) => [key, typeof value === "string" ? value : this.#valueOf(value)]),
    );
  }

  #valueOf(reference: Reference): string {
    if ("queueUrl" in reference) return this.queueUrl(reference.queueUrl);
    if ("topicArn" in reference) return this.topicArn(reference.topicArn);
    if ("functionArn" in reference) return this.functionArn(reference.functionArn);
    return this.stateMachineArn(reference.stateMachineArn);
  }

  #defined(name: string): LabFunction {
    const found = this.#functions.get(name);
    if (found === undefined) throw new Error(`function ${name} is not defined`); // problemsOf has checked all names
    return found;
  }

  #source(mapping: NonNullable<LabDefinition["eventSourceMappings"]>[number], messaging: Messaging): SqsSource {
    return startSqsSource({
      mapping,
      messaging,
      target: this.#defined(mapping.function),
      queueUrl: this.queueUrl(mapping.queue),
      queueArn: this.#queueArn(mapping.queue),
      region: this.#region,
      truth: this.#truth,
      random: this.#options.random ?? Math.random,
      duplicateDeliveries: this.#options.duplicateDeliveries ?? 0,
    });
  }

  async #isQuiet(): Promise<boolean> {
    if ([...this.#functions.values()].some((one) => one.pending > 0)) return false;
    if ((this.#stepFunctions?.pending ?? 0) > 0 || this.#sources.some((source) => source.pending > 0)) return false;
    const mapped = new Set((this.#definition.eventSourceMappings ?? []).map(({ queue }) => queue));
    const counts = await Promise.all([...mapped].map((queue) => this.#messagesIn(queue)));
    return counts.every((count) => count === 0);
  }

  async #messagesIn(queue: string): Promise<number> {
    const { Attributes } =
      (await this.#messaging?.sqs<{ Attributes?: Record<string, string> }>("GetQueueAttributes", {
        QueueUrl: this.queueUrl(queue),
        AttributeNames: ["All"],
      })) ?? {};
    return (
      Number(Attributes?.["ApproximateNumberOfMessages"] ?? 0) +
      Number(Attributes?.["ApproximateNumberOfMessagesNotVisible"] ?? 0)
    );
  }
}
