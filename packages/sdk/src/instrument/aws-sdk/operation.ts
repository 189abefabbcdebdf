/** What the middleware needs to know of one AWS operation. */
import type { Attributes } from "@opentelemetry/api";
import type { StitchKey } from "../../stitch/keys.ts";
import type { JsonObject } from "../../trigger/trigger.ts";

/** What goes into a carrier: `traceparent`, and `tracestate` where there is one. */
export type Carrier = Readonly<Record<string, string>>;

export interface Operation {
  readonly spanName: string;
  /** It sends something that a consumer works on later. */
  readonly isMessage: boolean;
  readonly attributes: Attributes;
  /** The input with the context in it, as a copy: the application's own object is not touched. */
  inject?(input: JsonObject, carrier: Carrier): Injected;
  /** Ids in the answer that the other side will see. */
  produced?(output: JsonObject, requestId: string | undefined): readonly StitchKey[];
  /** What went wrong although the call itself did not: AWS answers 200, and the application may never look. */
  failed?(output: JsonObject): Failure | undefined;
}

export interface Failure {
  /** Of the first that failed. */
  readonly code: string;
  readonly message: string;
  /** How many, where several were sent at once. */
  readonly entries?: number;
}

/** Of the entries of a batch that were refused, each with its code. */
export const refusedEntries = (codes: readonly string[], total: number): Failure | undefined => {
  const [code] = codes;
  const message = `${codes.length} of ${total} entries refused`;
  return code === undefined ? undefined : { code, message, entries: codes.length };
};

export interface Injected {
  readonly input: JsonObject;
  /** Carriers with no room left. */
  readonly skipped: number;
}

/** undefined for an operation that has no rule of its own. */
export type Service = (command: string, input: JsonObject) => Operation | undefined;
