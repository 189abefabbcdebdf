/** A piece of an execution's time: what ran, within what, and how it ended. */
export type StretchKind = "execution" | "state" | "iteration" | "attempt" | "waiting" | "redrive";

export interface Failure {
  readonly error: string;
  readonly cause: string;
}

export interface Stretch {
  readonly kind: StretchKind;
  readonly name: string;
  readonly within: Stretch | undefined;
  readonly start: Date;
  /** As the context object has it: a state that a redrive takes up was entered before. */
  readonly entered: Date;
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

/** The first that `fits`, from the inside outwards. */
export const enclosing = (from: Stretch, fits: (stretch: Stretch) => boolean): Stretch | undefined => {
  let at: Stretch | undefined = from;
  while (at !== undefined && !fits(at)) at = at.within;
  return at;
};

export const isWithin = (stretch: Stretch, container: Stretch): boolean =>
  enclosing(stretch, (one) => one === container) !== undefined;
