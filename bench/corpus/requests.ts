/**
 * Requests of the corpus: large ones as an OpenTelemetry collector batches them (500 spans of some sixty transactions,
 * grouped by resource), small ones as a function sends them (the five spans of one invocation).
 */
import { originToProtobuf, resourceToJson, spanToJson, spanToProtobuf } from "../../packages/otlp/src/index.ts";
import type { Span } from "../../packages/otlp/src/index.ts";
import { type Part, type Transaction, orderTransaction } from "./orders.ts";
import { type Encoding, type Template, createTemplate } from "./template.ts";
import { type Random, seeded } from "./random.ts";

const SCOPE = { name: "@mayfly/sdk", version: "0.1.0", attributes: [], droppedAttributesCount: 0 };

/** Enough different ones that the collector meets no two alike in a row. */
const TEMPLATES = 32;

/** `batched`: as many spans as asked for, grouped by resource. `function`: the five spans of one invocation of payments. */
export type Shape = { readonly kind: "batched"; readonly spans: number } | { readonly kind: "function" };

export const templatesOf = (encoding: Encoding, shape: Shape, seed: number): readonly Template[] => {
  const random = seeded(seed);
  return Array.from({ length: TEMPLATES }, () => {
    const { parts, transactions } = shape.kind === "batched" ? batched(random, shape.spans) : oneInvocation(random);
    const spans = parts.reduce((sum, part) => sum + part.spans.length, 0);
    const blanks = transactions.map((transaction) => transaction.blanks);
    return createTemplate(encode(parts, encoding), spans, blanks, encoding);
  });
};

interface Request {
  readonly parts: readonly Part[];
  readonly transactions: readonly Transaction[];
}

const oneInvocation = (random: Random): Request => {
  const transaction = orderTransaction(random, 0);
  return { parts: transaction.parts.slice(1, 2), transactions: [transaction] };
};

const batched = (random: Random, spansWanted: number): Request => {
  const transactions: Transaction[] = [];
  const groups = new Map<string, { resource: Part["resource"]; spans: Span[] }>();
  let left = spansWanted;
  while (left > 0) {
    const transaction = orderTransaction(random, transactions.length);
    transactions.push(transaction);
    for (const { resource, spans } of transaction.parts) {
      const key = JSON.stringify(resourceToJson(resource));
      const group = groups.get(key) ?? { resource, spans: [] };
      const taken = spans.slice(0, left);
      left -= taken.length;
      if (taken.length > 0) groups.set(key, group);
      group.spans.push(...taken);
    }
  }
  return { parts: [...groups.values()], transactions };
};

const encode = (parts: readonly Part[], encoding: Encoding): Buffer =>
  encoding === "json" ? Buffer.from(JSON.stringify(asJson(parts))) : asProtobuf(parts);

const asJson = (parts: readonly Part[]) => ({
  resourceSpans: parts.map(({ resource, spans }) => ({
    resource: resourceToJson(resource),
    scopeSpans: [{ scope: { name: SCOPE.name, version: SCOPE.version }, spans: spans.map(spanToJson) }],
  })),
});

/** An origin is a group without records, so the spans go into its one scope group (field 2 of each). */
export const asProtobuf = (parts: readonly Part[]): Buffer =>
  Buffer.concat(
    parts.map(({ resource, spans }) => {
      const resourceOnly = originToProtobuf({ resource, resourceSchemaUrl: "", scopeSchemaUrl: "" });
      const records = Buffer.concat(spans.map((span) => message(2, spanToProtobuf(span))));
      const scope = message(1, Buffer.concat([text(1, SCOPE.name), text(2, SCOPE.version)]));
      return message(1, Buffer.concat([resourceOnly, message(2, Buffer.concat([scope, records]))]));
    }),
  );

const message = (field: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes]);
const text = (field: number, value: string): Buffer => message(field, Buffer.from(value));
const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
