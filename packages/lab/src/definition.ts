/**
 * What a lab is made of, as plain data: functions, and the sources that invoke them. Names are AWS's own; a name stands
 * for its ARN (`arn:aws:lambda:<region>:<account>:function:<name>`, and so on).
 */

export interface LabDefinition {
  readonly functions: Readonly<Record<string, FunctionDefinition>>;
  readonly queues?: Readonly<Record<string, QueueDefinition>>;
  readonly topics?: Readonly<Record<string, TopicDefinition>>;
  /** `default` is always there. */
  readonly buses?: Readonly<Record<string, BusDefinition>>;
  readonly stateMachines?: Readonly<Record<string, StateMachineDefinition>>;
  readonly eventSourceMappings?: readonly EventSourceMapping[];
  /** They fire when `lab.fire(name)` says so. */
  readonly schedules?: Readonly<Record<string, ScheduleDefinition>>;
  /** An HTTP API (payload 2.0): route key (`POST /orders/{id}`, `$default`) → function name. */
  readonly routes?: Readonly<Record<string, string>>;
}

export interface FunctionDefinition {
  /** Absolute path of the module that holds the handler. */
  readonly file: string;
  /** Export name, or a path into exports (`routes.create`); default `handler`. */
  readonly handler?: string;
  /** Absolute path of the folder that stands for /var/task; default the file's own. */
  readonly taskRoot?: string;
  /** Absolute paths of folders that each stand for what a layer unpacks at /opt; at most five, later ones win. */
  readonly layers?: readonly string[];
  /** Default nodejs24.x, which is the lab's own Node.js; nodejs22.x runs on Node.js 22 where one is installed beside the lab. */
  readonly runtime?: "nodejs22.x" | "nodejs24.x";
  /** Default 3,000, as on Lambda. */
  readonly timeoutMs?: number;
  /** Default 128. Told to the function. */
  readonly memoryMb?: number;
  /** Whether an environment that holds more is killed, in an invocation or in init; needs /proc. Default false. */
  readonly enforceMemory?: boolean;
  readonly environment?: Readonly<Record<string, string | Reference>>;
  /** Environments at once, at least 1; past that invocations wait. Default 10. */
  readonly reservedConcurrency?: number;
  /** Retries of an async invocation after a function error: 0-2, default 2. */
  readonly maximumRetryAttempts?: number;
  /** Gets a record of each async invocation that succeeded. */
  readonly onSuccess?: Destination;
  /** Gets a record of each async invocation whose tries all failed. */
  readonly onFailure?: Destination;
  /** A queue that gets the event of each async invocation whose tries all failed. */
  readonly deadLetterQueue?: string;
}

export type Destination =
  | { readonly queue: string }
  | { readonly topic: string }
  | { readonly function: string }
  | { readonly bus: string };

/** What only the running lab knows, as a template's Ref would give it. */
export type Reference =
  | { readonly queueUrl: string }
  | { readonly topicArn: string }
  | { readonly stateMachineArn: string }
  | { readonly functionArn: string };

export interface QueueDefinition {
  /** Whole seconds; default 30,000. */
  readonly visibilityTimeoutMs?: number;
  readonly redrivePolicy?: { readonly deadLetterQueue: string; readonly maxReceiveCount: number };
}

export interface TopicDefinition {
  readonly subscriptions: readonly TopicSubscription[];
}

export type TopicSubscription =
  | { readonly function: string }
  | { readonly queue: string; readonly rawMessageDelivery?: boolean };

export interface BusDefinition {
  /** Whether it keeps what it takes, for `lab.replay`. Default false. */
  readonly archive?: boolean;
  readonly rules: Readonly<Record<string, RuleDefinition>>;
}

export interface RuleDefinition {
  /** An EventBridge pattern; an operator the lab does not know is refused when the lab starts. */
  readonly pattern: Readonly<Record<string, unknown>>;
  readonly targets: readonly RuleTarget[];
}

export type RuleTarget = { readonly function: string } | { readonly queue: string };

export interface ScheduleDefinition {
  readonly function: string;
  /**
   * Of EventBridge Scheduler, what the function gets: `<aws.scheduler.schedule-arn>`, `scheduled-time`, `execution-id` and `attempt-number`
   * in its texts are filled in. Without one it is a rule of EventBridge's, whose event says that.
   */
  readonly input?: Readonly<Record<string, unknown>>;
}

export interface StateMachineDefinition {
  /** Default STANDARD. */
  readonly type?: "STANDARD" | "EXPRESS";
  /**
   * Amazon States Language with JSONPath or JSONata. Tasks: a function's ARN, or `arn:aws:states:::` with lambda:invoke, sqs:sendMessage,
   * sns:publish, events:putEvents or states:startExecution, each also as `.waitForTaskToken`, the last also as `.sync`.
   */
  readonly definition: Readonly<Record<string, unknown>>;
}

export interface EventSourceMapping {
  readonly queue: string;
  readonly function: string;
  /** 1-10,000, default 10. */
  readonly batchSize?: number;
  /** Wait this long for a batch to fill; default 0. */
  readonly maximumBatchingWindowMs?: number;
  readonly reportBatchItemFailures?: boolean;
}
