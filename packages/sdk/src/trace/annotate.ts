/** Business context: on the span of the invocation (or record) at work, and on every log line from here on. */
import { warn } from "../diag.ts";
import { LINE_FIELDS } from "../log/fields.ts";
import { currentScope } from "../scope.ts";
import type { Annotation } from "./annotation.ts";

/**
 * Keys are used as given. A name that log lines already have a meaning for is refused, said once, and the rest is taken.
 * Outside an invocation it does nothing.
 */
export const annotate = (annotations: Readonly<Record<string, Annotation>>): void => {
  const scope = currentScope();
  if (scope === undefined) return;
  for (const [key, value] of Object.entries(annotations)) {
    if (LINE_FIELDS.has(key)) {
      warn(`annotate: ${JSON.stringify(key)} is a field of every log line and cannot be given another meaning`);
      continue;
    }
    scope.annotations[key] = value;
    scope.span.setAttribute(key, value);
    // One record is the whole invocation's business; of several, each is its own.
    if (scope.trigger.records.length === 1) scope.invocationSpan.setAttribute(key, value);
  }
};
