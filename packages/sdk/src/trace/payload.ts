/**
 * The event and the result, on the invocation's span. Opt-in, without secrets, and bounded in what it costs too: no more is read of a
 * payload than fits, whatever its size. (The names of one object's fields are listed at once; JavaScript has no other way.)
 *
 * Nothing of the application's runs: a getter and a toJSON are not called. As JSON, unless it was cut.
 */
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { MAX_PAYLOAD_DEPTH } from "../limits.ts";
import type { Redact } from "../redact.ts";
import type { Scope } from "../scope.ts";
import type { Sdk } from "../sdk.ts";
import { ATTR } from "../semconv.ts";

type What = Sdk["config"]["capturedPayload"][number];

export const payloadText = (sdk: Sdk, what: What, value: unknown): string | undefined =>
  sdk.config.capturedPayload.includes(what) ? boundedJson(value, sdk.config.maxPayloadBytes, sdk.redact) : undefined;

/** To be called when it is known whether what happened within the invocation is sent: this is as much detail as that. */
export const describePayload = (scope: Scope, result?: string): void => {
  const { invocationSpan: span, held, eventText } = scope;
  const { attributes } = span as Partial<ReadableSpan>;
  // It may be there from near the timeout, when it was to be kept.
  if (held && !attributes?.[ATTR.kept]) return void delete attributes?.[ATTR.payloadEvent];
  if (eventText !== undefined) span.setAttribute(ATTR.payloadEvent, eventText);
  if (result !== undefined) span.setAttribute(ATTR.payloadResult, result);
};

const MARK = " [cut]";
/** A text is cut this much too late and then again, so that no secret is cut where it is not known for one any more. */
const OVERLAP = 256;

export const boundedJson = (payload: unknown, maxBytes: number, redact: Redact): string => {
  let json = "";
  let isCut = false;
  const inside: unknown[] = [];

  const text = (value: string, name: string, path: string): string => {
    const room = maxBytes - json.length;
    const isLong = value.length > room + OVERLAP;
    const clean = String(redact.field(name, path, isLong ? value.slice(0, room + OVERLAP) : value));
    isCut ||= isLong;
    return JSON.stringify(isLong ? clean.slice(0, -OVERLAP) : clean);
  };

  const list = <T>(open: string, all: Iterable<T>, one: (item: T) => void, close: string): void => {
    json += open;
    let comma = "";
    for (const item of all) {
      if (json.length > maxBytes) break;
      json += comma;
      comma = ",";
      one(item);
    }
    json += close;
  };

  const object = (value: object, name: string, path: string): void => {
    if (inside.includes(value)) json += '"[circular]"';
    else if (inside.length >= MAX_PAYLOAD_DEPTH) json += '"[deeper]"';
    else if (ArrayBuffer.isView(value)) json += `"[${value.byteLength} bytes]"`;
    else if (value instanceof Date) json += JSON.stringify(value);
    else {
      inside.push(value);
      if (Array.isArray(value)) list("[", value as unknown[], (item) => write(item, name, path), "]");
      else list("{", fieldsOf(value), ([key, inner]) => field(key, inner, path), "}");
      inside.pop();
    }
  };

  const field = (key: string, value: unknown, path: string): void => {
    json += `${JSON.stringify(key.slice(0, maxBytes))}:`;
    write(value, key, path === "" ? key : `${path}.${key}`);
  };

  const write = (value: unknown, name: string, path: string): void => {
    if (typeof value === "string") json += text(value, name, path);
    else if (typeof value === "bigint") json += BigInt.asIntN(64, value) === value ? String(value) : '"[bigint]"';
    else {
      const clean = redact.field(name, path, value);
      if (typeof clean === "object" && clean !== null) object(clean, name, path);
      else json += JSON.stringify(clean) ?? "null";
    }
  };

  try {
    write(payload, "", "");
  } catch {
    json += '"[unreadable]"'; // a proxy of theirs
  }
  const bytes = Buffer.from(json);
  if (!isCut && bytes.length <= maxBytes) return json;
  // A character of several bytes may be cut in two.
  return (
    bytes
      .subarray(0, maxBytes - MARK.length)
      .toString()
      .replace(/\uFFFD$/, "") + MARK
  );
};

function* fieldsOf(value: object): Generator<[string, unknown]> {
  for (const key in value) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined) continue;
    const inner: unknown = "value" in property ? property.value : "[getter]";
    if (inner !== undefined && typeof inner !== "function" && typeof inner !== "symbol") yield [key, inner];
  }
}
