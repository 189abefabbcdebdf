/**
 * Who is asking: the invocation, and within it the record, that the present code works for. Carried by AsyncLocalStorage,
 * because one environment may run several invocations at once.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Span } from "@opentelemetry/api";
import type { Invocation } from "./invocation.ts";
import type { Annotation } from "./trace/annotation.ts";
import type { Trigger } from "./trigger/trigger.ts";

export interface Scope {
  readonly invocation: Invocation;
  readonly trigger: Trigger;
  readonly invocationSpan: Span;
  /** The span that `annotate` writes on: the record's inside eachRecord, else the invocation's. */
  readonly span: Span;
  /** Business context of later log lines; a record's inherits its invocation's. */
  readonly annotations: Record<string, Annotation>;
  /** Of the next log line; shared by all records of the invocation. */
  readonly sequence: { next: number };
}

const storage = new AsyncLocalStorage<Scope>();

export const currentScope = (): Scope | undefined => storage.getStore();

export const inScope = <T>(scope: Scope, work: () => T): T => storage.run(scope, work);
