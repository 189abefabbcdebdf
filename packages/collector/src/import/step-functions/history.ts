/**
 * The history of an execution → what ran, for how long, within what.
 *
 * In      HistoryEvent[] by id; `previousEventId` makes them a tree, because Parallel branches and Map iterations interleave.
 * Out     Stretch[]: the execution, its states, Map iterations, and each attempt of a task, enclosing before enclosed.
 * Cost    O(n).
 * Errors  none; an event that fits nowhere is left out, what never ended is open.
 *
 *   Execution ┬ state (Task) ┬ attempt 1 (failed)
 *             │              └ attempt 2 ─ waiting (submitted, until a token or a job is done)
 *             ├ state (Wait)
 *             └ state (Map) ┬ iteration 0 ─ state …
 *                           └ iteration 1 ─ state …
 *
 * Source  Step Functions API reference, HistoryEvent.
 */
import type { HistoryEvent } from "@aws-sdk/client-sfn";

export type StretchKind = "execution" | "state" | "iteration" | "attempt" | "waiting";

export interface Failure {
  readonly error: string;
  readonly cause: string;
}

export interface Stretch {
  readonly kind: StretchKind;
  readonly name: string;
  readonly within: Stretch | undefined;
  readonly start: Date;
  end: Date | undefined;
  failure: Failure | undefined;
  /** Stopped from outside: what encloses it ended while it ran. */
  isAborted: boolean;
  /** Task, Map, Wait …; of an attempt `lambda:invoke` or an ARN. */
  readonly type: string;
  /** Attempts of a state so far; of an attempt, how many were before it. */
  tries: number;
  readonly redriveCount: number;
  /** Of a Map iteration. */
  readonly index?: number;
  readonly eventId: number;
  /** JSON texts: what an attempt was given, and what came back. */
  parameters: string | undefined;
  readonly outputs: string[];
  mapRunArn: string | undefined;
}

/** Where an event stands: the state it belongs to, and what encloses that state. */
interface Place {
  readonly container: Stretch;
  readonly state: Stretch | undefined;
  readonly attempt: Stretch | undefined;
}

export const stretchesOf = (events: readonly HistoryEvent[], name: string): readonly Stretch[] => {
  const inOrder = events.filter(isTimed).toSorted((a, b) => a.id - b.id);
  const [first] = inOrder;
  if (first === undefined) return [];
  const reading = createReading(name, first);
  for (const event of inOrder) reading.read(event);
  return reading.all;
};

type Timed = HistoryEvent & { readonly id: number; readonly timestamp: Date; readonly type: string };

const isTimed = (event: HistoryEvent): event is Timed =>
  event.id !== undefined && event.timestamp !== undefined && event.type !== undefined;

const ENTERED = /^(\w+)StateEntered$/;
const EXITED = /StateExited$/;
const STATE_ABORTED = /^(Task|Wait)StateAborted$/;
const SCHEDULED = new Set(["TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled"]);
const ATTEMPT_ENDED =
  /^(Task|LambdaFunction|Activity)(Succeeded|Failed|TimedOut|ScheduleFailed|StartFailed|SubmitFailed)$/;
const CONTAINER_ENDED = /^(Map|Parallel)State(Succeeded|Failed|Aborted)$/;
const ITERATION_ENDED = /^MapIteration(Succeeded|Failed|Aborted)$/;
const EXECUTION_ENDED = /^Execution(Succeeded|Failed|TimedOut|Aborted)$/;

const createReading = (name: string, first: Timed) => {
  const all: Stretch[] = [];
  let redriveCount = 0;

  const begin = (
    kind: StretchKind,
    called: string,
    within: Stretch | undefined,
    { id, timestamp }: Timed,
    more: { readonly type?: string; readonly index?: number; readonly tries?: number } = {},
  ): Stretch => {
    const stretch: Stretch = {
      kind,
      name: called,
      within,
      start: timestamp,
      end: undefined,
      failure: undefined,
      isAborted: false,
      type: "",
      tries: 0,
      redriveCount,
      eventId: id,
      parameters: undefined,
      outputs: [],
      mapRunArn: undefined,
      ...more,
    };
    all.push(stretch);
    return stretch;
  };

  const execution = begin("execution", name, undefined, first);
  const top: Place = { container: execution, state: undefined, attempt: undefined };
  const places = new Map<number, Place>();
  const closedWithExecution: Stretch[] = [];

  const end = (stretch: Stretch | undefined, { timestamp }: Timed, failure?: Failure): void => {
    if (stretch === undefined) return;
    stretch.end = timestamp;
    stretch.failure = failure;
  };

  const abort = (stretch: Stretch, event: Timed): void => {
    end(stretch, event);
    stretch.isAborted = true;
  };

  /** Whatever still runs inside: a branch failed, so the others are stopped. */
  const abortWithin = (container: Stretch, event: Timed): void => {
    for (const open of all)
      if (open.end === undefined && open !== container && enclosing(open, (one) => one === container) !== undefined)
        abort(open, event);
  };

  /** The first that `fits`, from the inside outwards. */
  const enclosing = (from: Stretch, fits: (stretch: Stretch) => boolean): Stretch | undefined => {
    let at: Stretch | undefined = from;
    while (at !== undefined && !fits(at)) at = at.within;
    return at;
  };

  const innermost = ({ attempt, state, container }: Place): Stretch => attempt ?? state ?? container;

  const next = (event: Timed, place: Place): Place => {
    const { type } = event;
    const [, entered] = ENTERED.exec(type) ?? [];
    if (entered !== undefined) {
      const called = event.stateEnteredEventDetails?.name ?? entered;
      return { ...place, state: begin("state", called, place.container, event, { type: entered }), attempt: undefined };
    }
    if (EXITED.test(type)) {
      const called = event.stateExitedEventDetails?.name;
      const fits = ({ kind, name: its }: Stretch): boolean =>
        kind === "state" && (called === undefined || its === called);
      const state = enclosing(innermost(place), fits);
      end(state, event);
      return { container: state?.within ?? place.container, state: undefined, attempt: undefined };
    }
    if (STATE_ABORTED.test(type)) {
      for (const one of [place.attempt, place.state]) if (one !== undefined && one.end === undefined) abort(one, event);
      return place;
    }
    if (SCHEDULED.has(type)) return scheduled(event, place);
    if (ATTEMPT_ENDED.test(type)) return attemptEnded(event, place);
    if (type === "TaskSubmitted") return submitted(event, place);
    if ((type === "MapStateStarted" || type === "ParallelStateStarted") && place.state !== undefined) {
      place.state.tries += 1;
      return { container: place.state, state: undefined, attempt: undefined };
    }
    if (type === "MapRunStarted") {
      const map = enclosing(innermost(place), isMap);
      if (map !== undefined) map.mapRunArn = event.mapRunStartedEventDetails?.mapRunArn;
      return place;
    }
    if (type === "MapIterationStarted") return iterationStarted(event, place);
    if (ITERATION_ENDED.test(type)) return iterationEnded(event, place);
    if (CONTAINER_ENDED.test(type)) {
      const kind = type.startsWith("Map") ? "Map" : "Parallel";
      const state = enclosing(place.container, (one) => one.kind === "state" && one.type === kind);
      if (state === undefined) return place;
      if (!type.endsWith("Succeeded")) abortWithin(state, event);
      return { container: state.within ?? execution, state, attempt: undefined };
    }
    if (type === "ExecutionRedriven") {
      redriveCount = event.executionRedrivenEventDetails?.redriveCount ?? redriveCount + 1;
      for (const stretch of closedWithExecution.splice(0)) reopen(stretch);
      return place;
    }
    if (EXECUTION_ENDED.test(type)) executionEnded(event, place);
    return place;
  };

  /** What is on the way to the failure has failed; what ran beside it was stopped. */
  const executionEnded = (event: Timed, place: Place): void => {
    const failure = failureOf(event);
    for (const open of all) {
      if (open.end !== undefined || open === execution) continue;
      if (failure !== undefined && enclosing(innermost(place), (one) => one === open) !== undefined)
        end(open, event, failure);
      else abort(open, event);
      if (open.kind === "state" || open.kind === "iteration") closedWithExecution.push(open);
    }
    end(execution, event, failure);
    execution.isAborted = event.type === "ExecutionAborted";
    closedWithExecution.push(execution);
  };

  /** A redrive goes on where the execution ended, and counts retries anew. */
  const reopen = (stretch: Stretch): void => {
    stretch.end = undefined;
    stretch.failure = undefined;
    stretch.isAborted = false;
    stretch.tries = 0;
  };

  const iterationEnded = (event: Timed, place: Place): Place => {
    const { index } = iterationDetails(event);
    const fits = (one: Stretch): boolean => one.kind === "iteration" && (index === undefined || one.index === index);
    const iteration = enclosing(innermost(place), fits);
    if (iteration?.within === undefined) return place;
    if (event.type !== "MapIterationSucceeded") abortWithin(iteration, event);
    end(iteration, event, event.type === "MapIterationFailed" ? failureIn(iteration, all) : undefined);
    iteration.isAborted = event.type === "MapIterationAborted";
    return { container: iteration.within, state: undefined, attempt: undefined };
  };

  const scheduled = (event: Timed, place: Place): Place => {
    const { state } = place;
    if (state === undefined) return place;
    const { taskScheduledEventDetails: task, lambdaFunctionScheduledEventDetails: lambda } = event;
    const type =
      task === undefined
        ? (lambda?.resource ?? event.activityScheduledEventDetails?.resource ?? "")
        : `${task.resourceType}:${task.resource}`;
    const attempt = begin("attempt", state.name, state, event, { type, tries: state.tries });
    attempt.parameters = task?.parameters;
    state.tries += 1;
    return { ...place, attempt };
  };

  const submitted = (event: Timed, place: Place): Place => {
    const { attempt } = place;
    if (attempt === undefined) return place;
    const output = event.taskSubmittedEventDetails?.output;
    if (output !== undefined) attempt.outputs.push(output);
    const waiting = begin("waiting", `wait for ${attempt.name}`, attempt, event, { type: attempt.type });
    return { ...place, attempt: waiting };
  };

  const attemptEnded = (event: Timed, place: Place): Place => {
    const failure = failureOf(event);
    const { attempt: inner } = place;
    if (inner === undefined) {
      // It could not even be scheduled.
      if (place.state !== undefined && failure !== undefined)
        end(
          begin("attempt", place.state.name, place.state, event, { tries: (place.state.tries += 1) - 1 }),
          event,
          failure,
        );
      return place;
    }
    const attempt = inner.kind === "waiting" ? inner.within : inner;
    if (inner !== attempt) end(inner, event);
    end(attempt, event, failure);
    const output = event.taskSucceededEventDetails?.output;
    if (output !== undefined) attempt?.outputs.push(output);
    return { ...place, attempt: undefined };
  };

  const iterationStarted = (event: Timed, place: Place): Place => {
    const map = enclosing(place.container, isMap);
    if (map === undefined) return place;
    const { index } = iterationDetails(event);
    const iteration = begin("iteration", `${map.name} [${index ?? "?"}]`, map, event, {
      tries: map.tries,
      ...(index !== undefined && { index }),
    });
    return { container: iteration, state: undefined, attempt: undefined };
  };

  return {
    all,
    read(event: Timed): void {
      places.set(event.id, next(event, places.get(event.previousEventId ?? 0) ?? top));
    },
  };
};

const isMap = ({ kind, type }: Stretch): boolean => kind === "state" && type === "Map";

/** The event says only that it failed; the last attempt in it says why. */
const failureIn = (iteration: Stretch, all: readonly Stretch[]): Failure => {
  const inside = (stretch: Stretch | undefined): boolean =>
    stretch !== undefined && (stretch === iteration || inside(stretch.within));
  const last = all.findLast((stretch) => stretch.failure !== undefined && inside(stretch));
  return last?.failure ?? { error: "MapIterationFailed", cause: "" };
};

const iterationDetails = (event: HistoryEvent): { readonly index?: number | undefined } =>
  event.mapIterationStartedEventDetails ??
  event.mapIterationSucceededEventDetails ??
  event.mapIterationFailedEventDetails ??
  event.mapIterationAbortedEventDetails ??
  {};

/** Every kind of failure has its details under a name of its own, and all have the same two fields. */
const failureOf = (event: Timed): Failure | undefined => {
  if (!/(Failed|TimedOut)$/.test(event.type)) return undefined;
  const details = Object.entries(event).find(([key]) => key.endsWith("EventDetails"))?.[1] as
    | Partial<Failure>
    | undefined;
  const error = details?.error ?? (event.type.endsWith("TimedOut") ? "States.Timeout" : event.type);
  return { error, cause: details?.cause ?? "" };
};
