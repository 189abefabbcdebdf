/**
 * Datadog's span pointers: links whose target is no span but a thing that was written on one side and read on the other,
 * named by the first 32 hex digits of a SHA-256 over its parts.
 *
 *   attributes  link.kind=span-pointer  ptr.kind=aws.s3.object  ptr.dir=d  ptr.hash=e721375466d4116ab551213fdea08413
 *
 * They are links of OTLP, or a JSON list in the attribute `_dd.span_links` where the spans came by Datadog's own wire.
 * The hash is over bucket or table too, so it needs no scope. Ours of the same things are made otherwise: a hop between
 * Datadog's library and ours is not joined by them.
 *
 * Source  DataDog/dd-span-pointer-rules; datadog-lambda-extension; dd-trace-js, packages/dd-trace/src/span_pointers
 */
import type { StitchKey } from "@mayfly/api";
import type { Span } from "@mayfly/otlp";
import { type IdReader, attributeReader } from "./attributes.ts";
import { SPAN_POINTERS } from "./key-sources.ts";
import {
  DATADOG_LINK_IS_POINTER,
  DATADOG_LINK_KIND,
  DATADOG_POINTER_DIRECTION,
  DATADOG_POINTER_HASH,
  DATADOG_POINTER_KIND,
  DATADOG_SPAN_LINKS,
} from "./semconv.ts";

export interface Pointers {
  readonly produced: readonly StitchKey[];
  readonly consumed: readonly StitchKey[];
}

const NONE: Pointers = { produced: [], consumed: [] };
/** Datadog itself cuts the attribute at 25,000 characters. */
const MAX_LINKS_LENGTH = 25_000;

export const pointersOf = (span: Pick<Span, "links">, attributes: IdReader): Pointers => {
  const links = attributes.text(DATADOG_SPAN_LINKS);
  if (span.links.length === 0 && links === undefined) return NONE;
  const found = [
    ...span.links.map((link) => attributeReader(link.attributes)).map((link) => pointer((name) => link.text(name))),
    ...written(links ?? "").map((link) => pointer((name) => textAt(link, name))),
  ];
  const keys = (direction: string): StitchKey[] =>
    found.flatMap((one) => (one?.direction === direction ? [one.key] : []));
  return { produced: keys("d"), consumed: keys("u") };
};

const pointer = (
  text: (name: string) => string | undefined,
): { readonly direction: string | undefined; readonly key: StitchKey } | undefined => {
  if (!DATADOG_LINK_KIND.some((name) => text(name) === DATADOG_LINK_IS_POINTER)) return undefined;
  const name = text(DATADOG_POINTER_KIND) ?? "";
  const kind = Object.hasOwn(SPAN_POINTERS, name) ? SPAN_POINTERS[name] : undefined;
  const id = text(DATADOG_POINTER_HASH);
  return kind && id ? { direction: text(DATADOG_POINTER_DIRECTION), key: { kind, id } } : undefined;
};

const written = (links: string): readonly unknown[] => {
  if (links === "" || links.length > MAX_LINKS_LENGTH) return [];
  try {
    const list: unknown = JSON.parse(links);
    return Array.isArray(list) ? list.map((link: unknown) => fieldOf(link, "attributes")) : [];
  } catch {
    return []; // cut short
  }
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

const textAt = (value: unknown, name: string): string | undefined => {
  const text = fieldOf(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
};
