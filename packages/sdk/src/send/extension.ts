/**
 * Time after the response, from Lambda's Extensions API: this process registers as an extension of its own, and the environment is
 * frozen only when runtime and extension both have asked for the next invocation.
 *
 *   init       register ──▶ GET /event/next ····························▶ INVOKE ··············▶ …
 *   runtime                                  GET /next ──▶ event ─▶ handler ─▶ response ─▶ GET /next
 *   extension                                                                  work ───────▶ GET /event/next
 *                                                          |── the caller waits ──|── nobody waits ──|  frozen
 *
 * Nothing of this may cost the handler time, so the event that says "an invocation has begun" is not even read before the response: the
 * connection rests until then. An invocation that nobody observes (a handler that answers a warm-up call by itself) must not keep the
 * environment awake: when one has not begun within a moment of the process running again, the event is read and answered at once.
 *
 * Source  Lambda developer guide, Extensions API: an internal extension registers for INVOKE alone, and before the runtime's first
 *         /next. The calls are answered by the local platform within milliseconds.
 */
import { connectLocalApi } from "./local-api.ts";
import { spendRunningTime } from "./running-time.ts";

export interface Extension {
  readonly state: "registering" | "registered" | "refused";
  /** Why it was refused, or was given up. */
  readonly reason: string;
  /** An invocation is at work that will say when it is finished. */
  begun(requestId: string): void;
  finished(requestId: string): void;
}

/** Where the preload leaves it for the SDK, which is another file. */
export const EXTENSION_KEY: unique symbol = Symbol.for("mayfly.extension.v1") as never;

export interface SharedExtension {
  [EXTENSION_KEY]?: Extension;
}

export interface RegisteringExtension extends Extension {
  /** Resolves, never rejects, when the platform has it before it in whole. */
  readonly sent: Promise<void>;
  /** Resolves, never rejects, when the platform has answered. */
  readonly registered: Promise<void>;
}

const PATH = "/2020-01-01/extension";
/** How long init waits for the answer. */
const REGISTRATION_LIMIT_MS = 1_000;
/** After that the connection may be read again, unless an observed invocation has begun. In a frozen process it passes at once as it thaws. */
const REST_MS = 20;
/** From the process running again to reading, so that a handler that begins at once is not kept by it. */
const MOMENT_MS = 2;
/**
 * From an INVOKE event to its handler, at the longest. A small function gets a fraction of a processor, and an extension that has
 * answered too early is frozen in the midst of sending; an invocation that nobody observes is billed for as much more.
 */
const UNOBSERVED_MS = 100;
const MAX_RECONNECTS = 3;

/** `api` is `host:port`, as in AWS_LAMBDA_RUNTIME_API. */
export const registerExtension = (api: string, name: string): RegisteringExtension => {
  const platform = connectLocalApi(api);
  const running = new Set<string>();
  let lastFinished = "";
  let state: Extension["state"] = "registering";
  let reason = "";
  let identifier = "";
  let timer: NodeJS.Timeout | undefined;
  /** An INVOKE event was read and is not answered. */
  let isAsked = false;
  let reconnects = 0;

  const giveUp = (why: string): void => {
    state = "refused";
    reason = why;
    clearTimeout(timer);
    platform.close();
  };

  const after = (ms: number, work: () => void): void => {
    clearTimeout(timer);
    timer = setTimeout(work, ms).unref();
  };

  const read = (): void => {
    clearTimeout(timer);
    platform.read();
  };

  /** The connection is not looked at: neither what comes on it nor, should nothing else be left to do, itself. */
  const rest = (): void => {
    // The answer may have come at once.
    if (isAsked) return;
    platform.rest();
    after(REST_MS, () => after(MOMENT_MS, read));
  };

  const ask = async (): Promise<void> => {
    isAsked = false;
    const answer = platform.call("GET", `${PATH}/event/next`, { "lambda-extension-identifier": identifier });
    setImmediate(rest);
    try {
      const { status, body } = await answer;
      reconnects = 0;
      if (status !== 200) return giveUp(`/event/next was answered with ${status}: ${said(body)}`);
      isAsked = true;
      if (requestIdOf(body.toString()) === lastFinished) next();
      else if (running.size === 0) after(UNOBSERVED_MS, next);
    } catch (error) {
      reconnects += 1;
      if (reconnects > MAX_RECONNECTS) return giveUp(`/event/next: ${String(error)}`);
      void ask();
    }
  };

  const next = (): void => {
    if (isAsked && running.size === 0) void ask();
  };

  let onSent: () => void;
  const sent = new Promise<void>((resolve) => (onSent = resolve));

  const register = async (): Promise<void> => {
    const headers = { "lambda-extension-name": name, "content-type": "application/json" };
    const answer = await platform.call("POST", `${PATH}/register`, headers, { text: '{"events":["INVOKE"]}', onSent });
    const given = answer.headers.get("lambda-extension-identifier");
    if (answer.status !== 200 || given === undefined)
      return giveUp(`registration was answered with ${answer.status}: ${said(answer.body)}`);
    identifier = given;
    state = "registered";
    void ask();
  };

  /**
   * An answer is one however late it comes: the platform starts nothing before whoever it has registered has asked for an event. A function whose
   * loading blocks the thread for long, or that gets little of a processor, reads it late.
   */
  const registered = new Promise<void>((resolve) => {
    const over = (): void => {
      onSent();
      resolve();
    };
    const cancel = spendRunningTime(REGISTRATION_LIMIT_MS, () => {
      [state, reason] = ["refused", "no answer to the registration"];
      platform.letGo();
      over();
    });
    void register()
      .catch((error: unknown) => giveUp(`registration failed: ${String(error)}`))
      .finally(() => {
        cancel();
        over();
      });
  });
  return {
    sent,
    registered,
    get state() {
      return state;
    },
    get reason() {
      return reason;
    },
    begun(requestId) {
      running.add(requestId);
      clearTimeout(timer);
    },
    finished(requestId) {
      running.delete(requestId);
      lastFinished = requestId;
      if (running.size > 0) return;
      read();
      next();
    },
  };
};

const said = (body: Buffer): string => body.toString().slice(0, 200);

const requestIdOf = (event: string): unknown => {
  try {
    return (JSON.parse(event) as { requestId?: unknown } | null)?.requestId;
  } catch {
    return undefined;
  }
};
