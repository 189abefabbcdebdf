/**
 * An execution's history: events in order, each with the one that led to it. A branch has a trail of its own.
 *
 * Source  GetExecutionHistory in the API reference: the names of types and of their detail fields.
 */
import { StatesError } from "./states-error.ts";

export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  /** Epoch seconds, as the JSON protocol has it. */
  readonly timestamp: number;
  readonly type: string;
  readonly [details: `${string}EventDetails`]: unknown;
}

export interface Trail {
  add(type: string, details?: object): void;
  /** For a branch: goes on from where this one is. */
  fork(): Trail;
}

export interface History {
  readonly events: readonly HistoryEvent[];
  readonly trail: Trail;
}

/** As on AWS. */
const MAX_EVENTS = 25_000;

export const createHistory = (): History => {
  const events: HistoryEvent[] = [];
  const trailFrom = (start: number): Trail => {
    let previousEventId = start;
    return {
      add(type, details) {
        // Also what ends a machine that loops without waiting.
        if (events.length >= MAX_EVENTS && !type.startsWith("Execution"))
          throw new StatesError(
            "States.Runtime",
            `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
          );
        const id = events.length + 1;
        const timestamp = Date.now() / 1_000;
        events.push({ timestamp, type, id, previousEventId, ...(details && { [detailsField(type)]: details }) });
        // The first state follows nothing, on AWS too.
        previousEventId = type === "ExecutionStarted" ? 0 : id;
      },
      fork: () => trailFrom(previousEventId),
    };
  };
  return { events, trail: trailFrom(0) };
};

const detailsField = (type: string): `${string}EventDetails` => {
  if (type.endsWith("StateEntered")) return "stateEnteredEventDetails";
  if (type.endsWith("StateExited")) return "stateExitedEventDetails";
  return `${lowerFirst(type)}EventDetails`;
};

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
