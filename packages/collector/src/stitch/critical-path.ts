/**
 * Critical path: the chain of work and waiting that decided when a transaction ended. Self time: how long a span ran
 * while nothing that it caused did.
 *
 * In      tasks as a tree by cause: a span under the span that called it, a consumer under the span that sent. A child may
 *         outlast its parent, and begin after its end: then its message waited.
 * Out     steps in time order, disjoint, together exactly from the start of the root that ends last to its last end.
 * Cost    O(n log n) time, O(n) memory; no recursion, however deep the tree.
 * Errors  none; what begins before its cause is followed no further back than its cause's start.
 *
 * Walked backwards: from the end, into what the present task had caused that ended last before, back to that one's start,
 * and on. What ran beside it and ended later decided nothing.
 *
 *   api     |--------|                   path: api, send, (wait), pay, bank, pay
 *   send       |-|
 *   pay           ::::|------|           where nothing that it caused ran, a task worked itself; between the end of
 *   bank                |--|             a sender and the start of its consumer, the message waited
 */
export interface Task<T> {
  readonly value: T;
  readonly start: number;
  /** Never before the start. */
  readonly end: number;
  readonly children: readonly Task<T>[];
}

/** `wait`: for this one to begin. */
export interface Step<T> {
  readonly is: "work" | "wait";
  readonly of: T;
  readonly start: number;
  readonly end: number;
}

/** A task on the way back: of it, the time between `from` and `at` is not accounted for yet. */
interface Visit<T> {
  readonly task: Task<T>;
  readonly from: number;
  at: number;
  readonly callees: Callees<T>;
}

export const criticalPath = <T>(roots: readonly Task<T>[]): readonly Step<T>[] => {
  const lastEnd = lastEndsOf(roots);
  const [root] = roots.toSorted((a, b) => lastEnd(b) - lastEnd(a));
  if (root === undefined) return [];
  const steps: Step<T>[] = [];
  const tell = (step: Step<T>): void => {
    if (step.end > step.start) steps.push(step);
  };
  const visit = (task: Task<T>, from: number, at: number): Visit<T> => ({
    task,
    from,
    at,
    callees: new Callees(task.children, lastEnd),
  });

  /** What is on top is told first: of a consumer, its work before the wait for it. */
  const open: (Visit<T> | Step<T>)[] = [visit(root, root.start, lastEnd(root))];
  for (let top = open.pop(); top; top = open.pop()) {
    if ("is" in top) {
      tell(top);
      continue;
    }
    const { task, from, callees } = top;
    const callee = top.at > from ? callees.lastBefore(top.at) : undefined;
    if (callee === undefined || callee.end <= from) {
      tell({ is: "work", of: task.value, start: from, end: top.at });
      continue;
    }
    const start = Math.max(callee.task.start, from);
    tell({ is: "work", of: task.value, start: callee.end, end: top.at });
    top.at = Math.min(start, Math.max(task.end, from));
    open.push(
      top,
      { is: "wait", of: callee.task.value, start: top.at, end: start },
      visit(callee.task, start, callee.end),
    );
  }
  return steps.toReversed();
};

/** The children of one task, asked for from the end on: each moment earlier than the one before. */
class Callees<T> {
  readonly #lastEnd: (task: Task<T>) => number;
  readonly #byLastEnd: readonly Task<T>[];
  readonly #byEnd: readonly Task<T>[];
  /** Whole: what took no time would stand in the way of what ended before it. */
  readonly #taken = new Set<Task<T>>();
  #nextByLastEnd = 0;
  #nextByEnd = 0;

  constructor(children: readonly Task<T>[], lastEnd: (task: Task<T>) => number) {
    this.#lastEnd = lastEnd;
    this.#byLastEnd = children.toSorted((a, b) => lastEnd(b) - lastEnd(a));
    this.#byEnd = children.toSorted((a, b) => b.end - a.end);
  }

  /** What ended last by then: whole with all it caused, or, where a part of that went on, by itself. */
  lastBefore(at: number): { readonly task: Task<T>; readonly end: number } | undefined {
    while (this.#isPassed(this.#byEnd[this.#nextByEnd], at)) this.#nextByEnd += 1;
    while (this.#lastEndOf(this.#nextByLastEnd) > at) this.#nextByLastEnd += 1;
    const whole = this.#byLastEnd[this.#nextByLastEnd];
    const alone = this.#byEnd[this.#nextByEnd];
    // One that is still to come whole ends no later than the one that comes first.
    if (alone && this.#lastEnd(alone) > at && alone.end > this.#lastEndOf(this.#nextByLastEnd)) {
      this.#nextByEnd += 1;
      return { task: alone, end: alone.end };
    }
    this.#nextByLastEnd += 1;
    if (whole === undefined) return undefined;
    this.#taken.add(whole);
    return { task: whole, end: this.#lastEnd(whole) };
  }

  #isPassed(task: Task<T> | undefined, at: number): boolean {
    return task !== undefined && (task.end > at || this.#taken.has(task));
  }

  #lastEndOf(index: number): number {
    const task = this.#byLastEnd[index];
    return task ? this.#lastEnd(task) : -Infinity;
  }
}

/** Of each task and everything below it. */
const lastEndsOf = <T>(roots: readonly Task<T>[]): ((task: Task<T>) => number) => {
  const ends = new Map<Task<T>, number>();
  const order = [...roots];
  for (const { children } of order) for (const child of children) order.push(child); // grows as it goes: parents before their children
  for (const task of order.toReversed())
    ends.set(
      task,
      task.children.reduce((last, child) => Math.max(last, ends.get(child) ?? child.end), task.end),
    );
  return (task) => ends.get(task) ?? task.end;
};

/** How long it ran while none of its children did. */
export const selfTime = ({ start, end, children }: Task<unknown>): number => {
  let covered = 0;
  let coveredTo = start;
  for (const child of children.toSorted((a, b) => a.start - b.start)) {
    const [from, to] = [Math.max(child.start, coveredTo), Math.min(child.end, end)];
    if (to > from) covered += to - from;
    coveredTo = Math.max(coveredTo, Math.min(child.end, end));
  }
  return end - start - covered;
};
