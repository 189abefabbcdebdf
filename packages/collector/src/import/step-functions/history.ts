/**
 * The history of an execution → what ran, for how long, within what.
 *
 * In      HistoryEvent[] by id; `previousEventId` makes them a tree, because Parallel branches and Map iterations interleave.
 * Out     Stretch[]: the execution, its states, Map iterations, and each attempt of a task, enclosing before enclosed.
 * Cost    O(n) in the events, times what runs at once where something is stopped.
 * Errors  none; an event that fits nowhere is left out, what never ended is open.
 *
 * A redrive adds to what was told before, so that a history that was read before it gives the same stretches again.
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
import { calledBy, failureIn, indexIn, isTimed, type Timed } from "./event.ts";
import { enclosing, type Failure, isWithin, type Stretch, type StretchKind } from "./stretch.ts";

export const stretchesOf = (events: readonly HistoryEvent[], name: string): readonly Stretch[] => {
  const inOrder = events.filter(isTimed).toSorted((a, b) => a.id - b.id);
  const [first] = inOrder;
  if (first === undefined) return [];
  const reading = createReading(name, first);
  for (const event of inOrder) reading.read(event);
  return reading.all;
};

/** Where an event stands: the state it belongs to, and what encloses that state. */
interface Place {
  readonly container: Stretch;
  readonly state: Stretch | undefined;
  readonly attempt: Stretch | undefined;
}

const inside = (container: Stretch): Place => ({ container, state: undefined, attempt: undefined });

const innermost = ({ attempt, state, container }: Place): Stretch => attempt ?? state ?? container;

const isMap = ({ kind, type }: Stretch): boolean => kind === "state" && type === "Map";

/** Reads an event at the place of the one before it, and tells the place of those that come after. */
type Step = (event: Timed, place: Place) => Place;

const createReading = (name: string, first: Timed) => {
  const all: Stretch[] = [];
  const running = new Set<Stretch>();
  const places = new Map<number, Place>();
  /** By the end of the execution, and not by themselves: a redrive takes them up again. */
  let cutShort: readonly Stretch[] = [];
  /** What is cut short stays as it was told; what takes it up is a stretch of its own. */
  const takenUpBy = new Map<Stretch, Stretch>();
  let redriveCount = 0;

  const begin = (
    kind: StretchKind,
    called: string,
    within: Stretch | undefined,
    { id, timestamp }: Timed,
    more: Partial<Pick<Stretch, "type" | "index" | "tries" | "entered">> = {},
  ): Stretch => {
    const stretch: Stretch = {
      kind,
      name: called,
      within,
      start: timestamp,
      entered: timestamp,
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
    running.add(stretch);
    return stretch;
  };

  const end = (stretch: Stretch, { timestamp }: Timed, failure?: Failure): void => {
    stretch.end = timestamp;
    stretch.failure = failure;
    running.delete(stretch);
  };

  const abort = (stretch: Stretch, event: Timed): void => {
    end(stretch, event);
    stretch.isAborted = true;
  };

  /** A branch failed, so the others are stopped. */
  const abortWithin = (container: Stretch, event: Timed): void => {
    for (const one of running) if (one !== container && isWithin(one, container)) abort(one, event);
  };

  const execution = begin("execution", name, undefined, first);

  const stateEntered: Step = (event, { container }) => {
    const type = event.type.replace("StateEntered", "");
    const state = begin("state", event.stateEnteredEventDetails?.name ?? type, container, event, { type });
    return { container, state, attempt: undefined };
  };

  const stateExited: Step = (event, place) => {
    const called = event.stateExitedEventDetails?.name;
    const isIt = ({ kind, name: its }: Stretch): boolean =>
      kind === "state" && (called === undefined || its === called);
    const state = enclosing(innermost(place), isIt);
    if (state !== undefined) end(state, event);
    return inside(state?.within ?? place.container);
  };

  const stateAborted: Step = (event, place) => {
    if (place.state !== undefined) abortWithin(place.state, event);
    if (place.state?.end === undefined && place.state !== undefined) abort(place.state, event);
    return place;
  };

  const scheduled: Step = (event, place) => {
    const { state } = place;
    if (state === undefined) return place;
    const attempt = begin("attempt", state.name, state, event, { type: calledBy(event), tries: state.tries });
    attempt.parameters = event.taskScheduledEventDetails?.parameters;
    state.tries += 1;
    return { ...place, attempt };
  };

  const submitted: Step = (event, place) => {
    const { attempt } = place;
    if (attempt === undefined) return place;
    const output = event.taskSubmittedEventDetails?.output;
    if (output !== undefined) attempt.outputs.push(output);
    const waiting = begin("waiting", `wait for ${attempt.name}`, attempt, event, { type: attempt.type });
    return { ...place, attempt: waiting };
  };

  const attemptEnded: Step = (event, place) => {
    // One that could not even be scheduled has its failure alone.
    const { attempt: inner } = place.attempt === undefined && failureIn(event) ? scheduled(event, place) : place;
    if (inner === undefined) return place;
    const attempt = inner.kind === "waiting" ? (inner.within ?? inner) : inner;
    if (inner !== attempt) end(inner, event);
    end(attempt, event, failureIn(event));
    const output = event.taskSucceededEventDetails?.output;
    if (output !== undefined) attempt.outputs.push(output);
    return { ...place, attempt: undefined };
  };

  const containerStarted: Step = (_, place) => {
    if (place.state === undefined) return place;
    place.state.tries += 1;
    return inside(place.state);
  };

  const containerEnded: Step = (event, place) => {
    const type = event.type.startsWith("Map") ? "Map" : "Parallel";
    const state = enclosing(place.container, (one) => one.kind === "state" && one.type === type);
    if (state === undefined) return place;
    if (!event.type.endsWith("Succeeded")) abortWithin(state, event);
    return { container: state.within ?? execution, state, attempt: undefined };
  };

  const mapRunStarted: Step = (event, place) => {
    const map = enclosing(innermost(place), isMap);
    if (map !== undefined) map.mapRunArn = event.mapRunStartedEventDetails?.mapRunArn;
    return place;
  };

  const iterationStarted: Step = (event, place) => {
    const map = enclosing(place.container, isMap);
    if (map === undefined) return place;
    const index = indexIn(event);
    const counted = { tries: map.tries, ...(index !== undefined && { index }) };
    return inside(begin("iteration", `${map.name} [${index ?? "?"}]`, map, event, counted));
  };

  const iterationEnded: Step = (event, place) => {
    const index = indexIn(event);
    const isIt = (one: Stretch): boolean => one.kind === "iteration" && (index === undefined || one.index === index);
    const iteration = enclosing(innermost(place), isIt);
    if (iteration?.within === undefined) return place;
    if (event.type !== "MapIterationSucceeded") abortWithin(iteration, event);
    if (event.type === "MapIterationAborted") abort(iteration, event);
    else end(iteration, event, event.type === "MapIterationFailed" ? whyFailed(iteration, all) : undefined);
    return inside(iteration.within);
  };

  /** What is on the way to the failure has failed; what ran beside it was stopped. */
  const executionEnded: Step = (event, place) => {
    const failure = failureIn(event);
    cutShort = [...running].filter(({ kind }) => kind !== "attempt" && kind !== "waiting");
    for (const one of running) {
      if (failure !== undefined && isWithin(innermost(place), one)) end(one, event, failure);
      else if (one !== now(execution) || event.type === "ExecutionAborted") abort(one, event);
      else end(one, event);
    }
    return place;
  };

  /** It goes on where the execution ended, and counts retries anew. */
  const redriven: Step = (event, place) => {
    redriveCount = event.executionRedrivenEventDetails?.redriveCount ?? redriveCount + 1;
    for (const cut of cutShort) {
      const { kind, name: called, type, index, entered } = cut;
      const within = cut.within === undefined ? execution : now(cut.within);
      const details = { type, entered, ...(index !== undefined && { index }) };
      const isWhole = kind === "execution" || kind === "redrive";
      const again = begin(
        isWhole ? "redrive" : kind,
        isWhole ? `redrive ${redriveCount}` : called,
        within,
        event,
        details,
      );
      takenUpBy.set(cut, again);
    }
    cutShort = [];
    return place;
  };

  const now = (stretch: Stretch): Stretch => {
    let at = stretch;
    for (let next = takenUpBy.get(at); next !== undefined; next = takenUpBy.get(at)) at = next;
    return at;
  };

  const placeNow = ({ container, state, attempt }: Place): Place => ({
    container: now(container),
    state: state && now(state),
    attempt: attempt?.end === undefined ? attempt : undefined,
  });

  const steps: readonly (readonly [RegExp, Step])[] = [
    [/StateEntered$/, stateEntered],
    [/StateExited$/, stateExited],
    [/^(Task|Wait)StateAborted$/, stateAborted],
    [/^(Task|LambdaFunction|Activity)Scheduled$/, scheduled],
    [/^TaskSubmitted$/, submitted],
    [/^(Task|LambdaFunction|Activity)(Succeeded|(Schedule|Start|Submit)?Failed|TimedOut)$/, attemptEnded],
    [/^(Map|Parallel)StateStarted$/, containerStarted],
    [/^(Map|Parallel)State(Succeeded|Failed|Aborted)$/, containerEnded],
    [/^MapRunStarted$/, mapRunStarted],
    [/^MapIterationStarted$/, iterationStarted],
    [/^MapIteration(Succeeded|Failed|Aborted)$/, iterationEnded],
    [/^Execution(Succeeded|Failed|TimedOut|Aborted)$/, executionEnded],
    [/^ExecutionRedriven$/, redriven],
  ];

  return {
    all,
    read(event: Timed): void {
      const place = placeNow(places.get(event.previousEventId ?? 0) ?? inside(execution));
      const [, step] = steps.find(([pattern]) => pattern.test(event.type)) ?? [];
      places.set(event.id, step?.(event, place) ?? place);
    },
  };
};

/** Its own event says only that it failed; the last failure in it says why. */
const whyFailed = (iteration: Stretch, all: readonly Stretch[]): Failure => {
  const last = all.findLast((stretch) => stretch.failure !== undefined && isWithin(stretch, iteration));
  return last?.failure ?? { error: "MapIterationFailed", cause: "" };
};
