/** What one event of a history says. */
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import type { Failure } from "./stretch.ts";

export type Timed = HistoryEvent & { readonly id: number; readonly timestamp: Date; readonly type: string };

export const isTimed = (event: HistoryEvent): event is Timed =>
  event.id !== undefined && event.timestamp !== undefined && event.type !== undefined;

/** Of a Map iteration. */
export const indexIn = (event: HistoryEvent): number | undefined =>
  (
    event.mapIterationStartedEventDetails ??
    event.mapIterationSucceededEventDetails ??
    event.mapIterationFailedEventDetails ??
    event.mapIterationAbortedEventDetails
  )?.index;

/** `lambda:invoke`; of a task that names a function or an activity, its ARN. */
export const calledBy = (event: HistoryEvent): string => {
  const { taskScheduledEventDetails: task, lambdaFunctionScheduledEventDetails: lambda } = event;
  if (task !== undefined) return `${task.resourceType}:${task.resource}`;
  return lambda?.resource ?? event.activityScheduledEventDetails?.resource ?? "";
};

/** Every kind of failure has its details under a name of its own, and all have the same two fields. */
export const failureIn = (event: Timed): Failure | undefined => {
  if (!/(Failed|TimedOut)$/.test(event.type)) return undefined;
  const details = Object.entries(event).find(([key]) => key.endsWith("EventDetails"))?.[1] as
    | Partial<Failure>
    | undefined;
  const error = details?.error ?? (event.type.endsWith("TimedOut") ? "States.Timeout" : event.type);
  return { error, cause: details?.cause ?? "" };
};
