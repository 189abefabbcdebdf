/**
 * Which contexts this function reads and writes: OTEL_PROPAGATORS.
 *
 *                 read                                            written
 *   tracecontext  `traceparent` of an event and its records       into requests, messages and (on request) payloads
 *   xray          Lambda's Root as a trace id, `AWSTraceHeader`   our span as Parent in `X-Amzn-Trace-Id`
 *   datadog       Datadog's carriers                              never
 *
 * Keys are ids and no contexts: whatever is carried, a hop is joined by them.
 */
import type { Trigger } from "../trigger/trigger.ts";
import type { CarriedContext } from "./w3c.ts";

type Format = CarriedContext["format"];

const NAMES = { w3c: "tracecontext", xray: "xray", datadog: "datadog" } as const satisfies Record<Format, string>;

interface Configured {
  /** By their standard names, where they have one. */
  readonly propagators: readonly string[];
}

export const isCarried = (format: Format, { propagators }: Configured): boolean => propagators.includes(NAMES[format]);

/** The trigger, without contexts that are not to be read. */
export const withCarried = (trigger: Trigger, config: Configured): Trigger =>
  Object.values(NAMES).every((name) => config.propagators.includes(name))
    ? trigger
    : {
        ...trigger,
        records: trigger.records.map((record) => ({
          ...record,
          contexts: record.contexts.filter(({ format }) => isCarried(format, config)),
        })),
      };
