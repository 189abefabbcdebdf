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
}

export interface Injected {
  readonly input: JsonObject;
  /** Carriers with no room left. */
  readonly skipped: number;
}

/** undefined for an operation that has no rule of its own. */
export type Service = (command: string, input: JsonObject) => Operation | undefined;
