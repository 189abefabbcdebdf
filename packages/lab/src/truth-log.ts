/**
 * What really happened, told by the lab that did it, without reading a trace header or a span: who sent each thing is
 * known from the access key that signed the request (every environment has its own), and who received it from the
 * delivery. Tests hold the stitched graph against this.
 */

/** One delivery to a function: the nodes of the graph, with the edges that lead into it. */
export interface Delivery {
  readonly functionName: string;
  /** Same for all attempts of one async event. */
  readonly requestId: string;
  /** 1 for the first try of this request id. */
  readonly attempt: number;
  readonly source: "http" | "sqs" | "sns" | "eventbridge" | "schedule" | "step-functions" | "lambda";
  /** One per record that was delivered; empty for a root. */
  readonly causes: readonly Cause[];
  readonly coldStart: boolean;
  readonly outcome: "success" | "error" | "timeout" | "crash";
}

export interface Cause {
  /** The invocation that sent it; absent when something outside the lab's functions did. */
  readonly requestId?: string;
  readonly via: {
    readonly kind:
      | "http-request"
      | "sqs-message"
      | "sns-message"
      | "eventbridge-event"
      | "lambda-request"
      | "sfn-execution";
    /** Message id, event id, request id, or execution ARN. */
    readonly id: string;
  };
}

export interface TruthLog {
  readonly deliveries: readonly Delivery[];
  /** The execution ARN → the request id that started it. */
  readonly executions: ReadonlyMap<string, string | undefined>;
  /** A nested execution, or an item of a distributed Map → the execution that started it. */
  readonly executionParents: ReadonlyMap<string, string>;
  /** A message that was moved out of a dead-letter queue, by its new id → the id it had before. */
  readonly movedMessages: ReadonlyMap<string, string>;
  /** Tasks that waited for a callback, in the order of their tokens. */
  readonly callbacks: readonly Callback[];
}

export interface Callback {
  /** SHA-256 of the task's token, in hex: the token itself is a credential. */
  readonly tokenHash: string;
  readonly executionArn: string;
  readonly state: string;
  /** The invocation that called back; absent while nobody has, or when it came from outside the lab's functions. */
  readonly requestId?: string;
}
