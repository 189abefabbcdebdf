/** Tasks that wait for a callback: each by its token, which ends one way, once. */
import { createHash, randomBytes } from "node:crypto";
import { StatesError } from "./states-error.ts";

export interface TaskTokens {
  /** Its result settles by a callback, the heartbeat's timeout, or the signal. */
  issue(heartbeatMs: number | undefined, signal: AbortSignal): WaitingTask;
  succeed(token: string | undefined, output: unknown): void;
  fail(token: string | undefined, error: string | undefined, cause: string | undefined): void;
  heartbeat(token: string | undefined): void;
}

export interface WaitingTask {
  readonly token: string;
  readonly result: Promise<unknown>;
}

interface Entry {
  settle?: { resolve: (output: unknown) => void; reject: (error: unknown) => void };
  beat?: () => void;
}

export const createTaskTokens = (): TaskTokens => {
  const entries = new Map<string, Entry>();

  const open = (token: string | undefined): Entry & Required<Pick<Entry, "settle">> => {
    const entry = token === undefined ? undefined : entries.get(token);
    if (entry === undefined) throw refusal("InvalidToken", "Invalid Token: 'Invalid token'");
    const { settle } = entry;
    // A task that is over keeps its token, so that a late callback is told so.
    if (settle === undefined) throw refusal("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
    return { ...entry, settle };
  };

  return {
    issue(heartbeatMs, signal) {
      const token = randomBytes(48).toString("base64");
      const entry: Entry = {};
      entries.set(token, entry);
      let timer: NodeJS.Timeout | undefined;
      const result = new Promise<unknown>((resolve, reject) => {
        entry.settle = { resolve, reject };
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        entry.beat = () => {
          clearTimeout(timer);
          if (heartbeatMs === undefined) return;
          const late = new StatesError("States.HeartbeatTimeout", "the task sent no heartbeat in time");
          timer = setTimeout(() => reject(late), heartbeatMs);
        };
        entry.beat();
      }).finally(() => {
        clearTimeout(timer);
        delete entry.settle;
      });
      result.catch(() => undefined); // the task may fail before it waits
      return { token, result };
    },
    succeed: (token, output) => open(token).settle.resolve(output),
    fail: (token, error = "", cause = "") => open(token).settle.reject(new StatesError(error, cause)),
    heartbeat: (token) => open(token).beat?.(),
  };
};

/** A token is a credential: what is written down is its SHA-256. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");

const refusal = (name: string, message: string): Error => Object.assign(new Error(message), { name });
