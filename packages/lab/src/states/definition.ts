/** The Amazon States Language, as far as the lab runs it. Source  states-language.net, and AWS's Map and integrations. */

export interface StateMachine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly TimeoutSeconds?: number;
  readonly QueryLanguage?: QueryLanguage;
}

/** Default JSONPath; of a machine for all of its states, those within Map and Parallel too, that name none. */
export type QueryLanguage = "JSONPath" | "JSONata";

export type StateType = "Task" | "Pass" | "Choice" | "Wait" | "Parallel" | "Map" | "Succeed" | "Fail";

export interface State {
  readonly Type: StateType;
  readonly Next?: string;
  readonly End?: boolean;
  readonly InputPath?: string | null;
  readonly OutputPath?: string | null;
  readonly ResultPath?: string | null;
  readonly Parameters?: unknown;
  /** With JSONata, in place of Parameters, ResultSelector and the paths. */
  readonly Arguments?: unknown;
  readonly Output?: unknown;
  readonly Assign?: Readonly<Record<string, unknown>>;
  readonly Items?: unknown;
  readonly ResultSelector?: unknown;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly Result?: unknown;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly HeartbeatSeconds?: number;
  readonly Choices?: readonly ChoiceRule[];
  readonly Default?: string;
  readonly Seconds?: number | string;
  readonly SecondsPath?: string;
  readonly Timestamp?: string;
  readonly TimestampPath?: string;
  readonly Branches?: readonly StateMachine[];
  readonly ItemsPath?: string;
  readonly ItemSelector?: unknown;
  readonly ItemProcessor?: StateMachine & { readonly ProcessorConfig?: { readonly Mode?: string } };
  /** The older name of ItemProcessor. */
  readonly Iterator?: StateMachine;
  readonly Label?: string;
  readonly ItemBatcher?: { readonly MaxItemsPerBatch: number; readonly BatchInput?: unknown };
  readonly MaxConcurrency?: number;
  readonly Error?: string;
  readonly Cause?: string;
  readonly ErrorPath?: string;
  readonly CausePath?: string;
  readonly QueryLanguage?: QueryLanguage;
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string | null;
  readonly Output?: unknown;
  readonly Assign?: Readonly<Record<string, unknown>>;
}

export interface ChoiceRule {
  readonly Variable?: string;
  readonly Next?: string;
  readonly And?: readonly ChoiceRule[];
  readonly Or?: readonly ChoiceRule[];
  readonly Not?: ChoiceRule;
  readonly Condition?: string | boolean;
  readonly Output?: unknown;
  readonly Assign?: Readonly<Record<string, unknown>>;
  readonly [comparison: string]: unknown;
}

export const itemProcessorOf = (state: State): StateMachine | undefined => state.ItemProcessor ?? state.Iterator;

export const isDistributed = (state: State): boolean => state.ItemProcessor?.ProcessorConfig?.Mode === "DISTRIBUTED";

export const isJsonata = (
  state: Pick<State, "QueryLanguage">,
  within: { readonly language?: QueryLanguage | undefined },
): boolean => (state.QueryLanguage ?? within.language) === "JSONata";
