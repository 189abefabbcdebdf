/**
 * Stitch keys: ids that both sides of a hop can see, written on spans as `kind|scope|id`.
 *
 * The collector joins the span that produced an id to the one that consumed it, so a hop that loses its context is not
 * lost. Scope (queue, topic, stream) may be empty; only `%`, `|` and control characters are percent-encoded.
 */
import { MAX_KEY_ID_LENGTH } from "../limits.ts";

export interface StitchKey {
  readonly kind:
    | "sqs-message"
    | "sns-message"
    | "eventbridge-event"
    | "lambda-request"
    | "http-request"
    | "sfn-execution";
  readonly scope?: string;
  readonly id: string;
}

// oxlint-disable-next-line no-control-regex -- control characters are what the format escapes
const UNSAFE = /[%|\u0000-\u001f\u007f]/g;

const escape = (text: string): string =>
  text.replace(UNSAFE, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

/** In their order, without those whose id no platform would have given: a message's body may claim anything. */
export const formatStitchKeys = (keys: readonly StitchKey[]): string[] =>
  keys.filter(({ id }) => id.length <= MAX_KEY_ID_LENGTH).map(formatStitchKey);

const formatStitchKey = (key: StitchKey): string => `${key.kind}|${escape(key.scope ?? "")}|${escape(key.id)}`;
