/** How records become bytes, decided at construction: OTLP's JSON, or its protobuf (protobuf.ts). */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
/** Named as OTLP's JSON mapping names things, whichever format it is for. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export type Body = string | Uint8Array;

export interface Format {
  readonly contentType: string;
  record(type: "span" | "logRecord", value: JsonObject): Body;
  /** `head`, a resource or a scope, and what belongs to it under the name `list`. */
  group(head: JsonObject, list: string, items: readonly Body[]): Body;
  /** The whole message, with its only group. */
  request(list: string, group: Body): Body;
  /** What the collector says it did not take. Throws where it says nothing readable. */
  partialSuccess(answer: Buffer): PartialSuccess;
}

export interface PartialSuccess {
  readonly rejectedSpans?: unknown;
  readonly rejectedLogRecords?: unknown;
  readonly errorMessage?: unknown;
}

export const JSON_FORMAT: Format = {
  contentType: "application/json",
  record: (_type, value) => JSON.stringify(value),
  group: (head, list, items) => `${JSON.stringify(head).slice(0, -1)},"${list}":[${items.join(",")}]}`,
  request: (list, group) => `{"${list}":[${group as string}]}`,
  partialSuccess: (answer) =>
    (JSON.parse(answer.toString()) as { partialSuccess?: PartialSuccess }).partialSuccess ?? {},
};
