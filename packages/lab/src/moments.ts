/**
 * The life of execution environments, told as it happens: so that a test can state that one thing came before another, in particular
 * that a response had left before an extension went to work.
 *
 *   initStart ─▶ extensionRegistered* ─▶ runtimeNext, extensionNext* ─▶ frozen ─▶ thawed ─▶ response ─▶ runtimeNext, extensionNext*
 *                                                                          └──────◀── all have asked for the next event ──◀──┘
 *
 * and, from anywhere, terminating (SIGTERM: some extension is registered) and exit.
 */

export interface Moment {
  readonly functionName: string;
  /** Which of the function's environments: the name of its log stream. */
  readonly environment: string;
  readonly what:
    | "initStart"
    | "extensionRegistered"
    | "extensionNext"
    | "runtimeNext"
    | "thawed"
    /** The invocation's result is with the lab, and goes to the caller. */
    | "response"
    | "frozen"
    | "terminating"
    | "exit";
  /** Of extensionRegistered and extensionNext. */
  readonly extension?: string;
  /** Of the invocation that runs, work after its response included. */
  readonly requestId?: string;
  /** `performance.now()` of the lab's process. */
  readonly atMs: number;
}
