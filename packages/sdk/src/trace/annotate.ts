/** Business context: on the span of the invocation (or record) at work, and on every log line from here on. */
import { harmless } from "../diag.ts";
import { LINE_FIELDS, refuseField } from "../log/fields.ts";
import { type Scope, currentScope } from "../scope.ts";
import type { Annotation } from "./annotation.ts";

/**
 * Keys are used as given. A name that log lines already have a meaning for is refused, counted and said once, and the rest
 * is taken. Outside an invocation it does nothing.
 */
export const annotate = (annotations: Readonly<Record<string, Annotation>>): void => {
  const scope = currentScope();
  if (scope) harmless("annotating", () => Object.entries(annotations).forEach((one) => annotateWith(scope, ...one)));
};

const annotateWith = (scope: Scope, key: string, value: Annotation): void => {
  if (LINE_FIELDS.has(key)) return refuseField("annotate", key);
  scope.annotations[key] = value;
  scope.span.setAttribute(key, value);
  // One record is the whole invocation's business; of several, each is its own.
  if (scope.trigger.records.length === 1) scope.invocationSpan.setAttribute(key, value);
};
