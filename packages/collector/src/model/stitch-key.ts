/**
 * Stitch keys: ids that both sides of a hop can see.
 *
 * On a span they travel in `mayfly.keys.produced` and `mayfly.keys.consumed` as `kind|scope|id`, scope possibly empty,
 * with `%`, `|` and control characters percent-encoded.
 *
 * Two keys are the same when their `StitchKeyIdentity` is: (kind, id) where the id is globally unique, because
 * producer and consumer see different names of the same queue (URL and ARN); (kind, scope, id) where it is not.
 */
import type { StitchKey, StitchKeyKind } from "@mayfly/api";

declare const brand: unique symbol;
/** What is compared and indexed. */
export type StitchKeyIdentity = string & { readonly [brand]: "StitchKeyIdentity" };

/** Which kinds need their scope to be unique. A record, so that a new kind cannot be forgotten. */
const SCOPED: Readonly<Record<StitchKeyKind, boolean>> = {
  "sqs-message": false,
  "sns-message": false,
  "eventbridge-event": false,
  "lambda-request": false,
  "http-request": false,
  "sfn-execution": false,
  "sfn-task-token": false,
  "kinesis-record": true,
  "dynamodb-record": true, // the id speaks of an item's keys, which are unique in their table only
  "s3-request": false,
  "s3-object": true,
  "kafka-record": true,
  "pubsub-message": false,
  cloudevent: true,
  "xray-root": false,
};

/** Not messages: one invocation, one HTTP call, one execution or one X-Ray tree, however many records it brought. */
const NOT_A_MESSAGE: ReadonlySet<StitchKeyKind> = new Set([
  "lambda-request",
  "http-request",
  "sfn-execution",
  "sfn-task-token",
  "xray-root",
]);

export const isMessageKey = (key: StitchKey): boolean => !NOT_A_MESSAGE.has(key.kind);

const isKind = (text: string): text is StitchKeyKind => Object.hasOwn(SCOPED, text);

// oxlint-disable-next-line no-control-regex -- control characters are what the format escapes
const UNSAFE = /[%|\u0000-\u001f\u007f]/g;
const escape = (text: string): string =>
  text.replace(UNSAFE, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

export const formatStitchKey = (key: StitchKey): string => `${key.kind}|${escape(key.scope ?? "")}|${escape(key.id)}`;

/** undefined for a kind we do not know, an empty id, or text that is not three parts. */
export const parseStitchKey = (text: string): StitchKey | undefined => {
  const parts = text.split("|");
  const [kind, scope, id] = parts;
  if (parts.length !== 3 || kind === undefined || scope === undefined || !id || !isKind(kind)) return undefined;
  try {
    const key = { kind, id: decodeURIComponent(id) };
    return scope === "" ? key : { ...key, scope: decodeURIComponent(scope) };
  } catch {
    return undefined; // a lone % is not ours
  }
};

export const stitchKeyIdentity = (key: StitchKey): StitchKeyIdentity =>
  formatStitchKey(SCOPED[key.kind] ? key : { kind: key.kind, id: key.id }) as StitchKeyIdentity;
