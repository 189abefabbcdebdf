/**
 * Who is asking: the invocation, and within it the record, that the present code works for. Carried by AsyncLocalStorage,
 * because one environment may run several invocations at once, and shared by all copies of this package in the process, so that
 * one copy's logger knows what another copy's `observe` began.
 */
import type { HrTime, Span } from "@opentelemetry/api";
import type { Span as OpenSpan } from "@opentelemetry/sdk-trace";
import type { Invocation } from "./invocation.ts";
import { sdk } from "./sdk.ts";
import type { Annotation } from "./trace/annotation.ts";
import type { HeldSpans } from "./trace/detail.ts";
import type { Trigger } from "./trigger/trigger.ts";

export interface Scope {
  readonly invocation: Invocation;
  readonly trigger: Trigger;
  readonly invocationSpan: Span;
  /** Gives the invocation span its attributes, when they are first needed. */
  readonly describe: () => void;
  /** The span that `annotate` writes on: the record's inside eachRecord, else the invocation's. */
  readonly span: Span;
  /** Of the whole invocation, itself included: started and not ended, in order of their start, each with who holds its children, or itself. */
  readonly open: Map<OpenSpan, HeldSpans | undefined>;
  /** What ends within `span` and may not be sent; undefined where everything is. */
  readonly held: HeldSpans | undefined;
  /** Ends the spans of HTTP requests that are still under way. */
  readonly calls: Set<(endTime: HrTime) => void>;
  /** Business context of later log lines; a record's inherits its invocation's. */
  readonly annotations: Record<string, Annotation>;
  /** The event as it came, where it is captured. */
  readonly eventText?: string | undefined;
  /** Of the next log line; shared by all records of the invocation. */
  readonly sequence: { next: number };
  /** Of the batch, for the whole invocation. */
  readonly records: { failed: number };
}

export const currentScope = (): Scope | undefined => sdk().scope();

export const inScope = <T>(scope: Scope, work: () => T): T => sdk().scopes.run(scope, work);
