/**
 * What each side of a hop says of it, by who instrumented it. Everything that the truth calls joinable is read off here.
 *
 * `mayfly`    our key attributes, the carried context as the parent.
 * `official`  @opentelemetry/instrumentation-aws-lambda 0.76 and -aws-sdk 0.79: a SERVER span, for SQS a CONSUMER span below it
 *             with a link, and the message's id, for each record that carries a context; no id of SNS, EventBridge, executions.
 * `generic`   semantic conventions and nothing else: a CONSUMER span with a link to the sender and `messaging.message.id`; which
 *             call of AWS a span is; what triggered an invocation.
 *
 * And what one side tells alone, of a hop that nothing joins: that somebody must have received what was sent, that somebody must have sent
 * what was received. Where neither tells that, nobody who sees the spans can know of the hop:
 *
 *   http   the call is like one to anybody's service, the request like one from anywhere
 *   s3     a bucket need not trigger anything, and an upload may be anybody's
 *   any    one receiver more of what another says to have received, whose own span does not say that a message came: the official
 *          instrumentation says that of SQS alone, conventions of nothing that an execution ran
 */
import type { StitchKeyKind } from "../../packages/api/src/index.ts";

export type Dialect = "mayfly" | "official" | "generic";
export const DIALECTS: readonly Dialect[] = ["mayfly", "official", "generic"];

/** What becomes of the sender's context on its way. `stale`: the one of an earlier invocation in the sender's environment. */
export type Context = "kept" | "missing" | "xray" | "foreign" | "stale";
export const CONTEXTS: readonly Context[] = ["kept", "missing", "xray", "foreign", "stale"];

/** `item` and `object` have an id that is not exact: of what was written, which may be written again. */
export type Carrier =
  | "sqs"
  | "sns"
  | "eventbridge"
  | "invoke"
  | "http"
  | "execution"
  | "callback"
  | "kinesis"
  | "s3"
  | "item"
  | "object";

export const KEY_KINDS: Readonly<Record<Carrier, StitchKeyKind>> = {
  sqs: "sqs-message",
  sns: "sns-message",
  eventbridge: "eventbridge-event",
  invoke: "lambda-request",
  http: "http-request",
  execution: "sfn-execution",
  callback: "sfn-task-token",
  kinesis: "kinesis-record",
  s3: "s3-request",
  item: "dynamodb-record",
  object: "s3-object",
};

const SAYS_PRODUCED: Readonly<Record<Dialect, ReadonlySet<Carrier>>> = {
  mayfly: new Set<Carrier>(Object.keys(KEY_KINDS) as Carrier[]),
  official: new Set<Carrier>(["sqs", "invoke"]),
  generic: new Set<Carrier>(["sqs", "sns", "invoke"]),
};
const SAYS_CONSUMED: Readonly<Record<Dialect, ReadonlySet<Carrier>>> = {
  mayfly: SAYS_PRODUCED.mayfly,
  official: new Set<Carrier>(["sqs", "invoke"]),
  generic: new Set<Carrier>(["sqs", "sns", "invoke"]),
};
/** These have a receiver among us, or none at all. */
const HAS_RECEIVER: ReadonlySet<Carrier> = new Set(["sqs", "sns", "eventbridge", "invoke", "execution", "kinesis"]);
const SAYS_RECEIVED: Readonly<Record<Dialect, ReadonlySet<Carrier>>> = {
  mayfly: new Set<Carrier>(["sqs", "sns", "eventbridge", "kinesis", "execution", "callback", "item"]),
  official: new Set<Carrier>(["sqs"]),
  generic: new Set<Carrier>(["sqs", "sns", "eventbridge", "kinesis"]),
};

/** By the id of what was sent, or by the name of the call. */
export const tellsOfReceiver = (carrier: Carrier): boolean => HAS_RECEIVER.has(carrier);

/** Of one that came without an id and without a context. */
export const tellsOfSender = (dialect: Dialect, carrier: Carrier): boolean => SAYS_RECEIVED[dialect].has(carrier);

/** Which put a context on the wire, and which look for one there. */
const INJECTS: Readonly<Record<Dialect, ReadonlySet<Carrier>>> = {
  mayfly: new Set<Carrier>(["sqs", "sns", "eventbridge", "invoke", "http", "execution", "kinesis"]),
  official: new Set<Carrier>(["sqs", "sns", "invoke", "http"]),
  generic: new Set<Carrier>(["sqs", "sns", "invoke", "http"]),
};
const EXTRACTS: Readonly<Record<Dialect, ReadonlySet<Carrier>>> = {
  mayfly: INJECTS.mayfly,
  official: new Set<Carrier>(["sqs", "http"]),
  generic: INJECTS.generic,
};

/** Whether a context can arrive at all; a foreign one needs only somebody who looks for it. */
export const arrivesAs = (context: Context, carrier: Carrier, from: Dialect, to: Dialect): Context => {
  if (context === "missing" || context === "xray") return context;
  const isRead = EXTRACTS[to].has(carrier);
  if (context === "foreign") return isRead ? "foreign" : "missing";
  return isRead && INJECTS[from].has(carrier) ? context : "missing";
};

export const saysProduced = (dialect: Dialect, carrier: Carrier): boolean => SAYS_PRODUCED[dialect].has(carrier);

/** The official one tells a message's id only on the link to its context. */
export const saysConsumed = (dialect: Dialect, carrier: Carrier, context: Context): boolean =>
  SAYS_CONSUMED[dialect].has(carrier) &&
  !(dialect === "official" && carrier === "sqs" && (context === "missing" || context === "xray"));
