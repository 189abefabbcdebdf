/** Writes the truth log: who runs, who sent which id, what was delivered with which cause. */
import type { Environment } from "./environment.ts";
import type { Callback, Cause, Delivery, TruthLog } from "./truth-log.ts";

type Via = Cause["via"];

export interface Truth {
  readonly log: TruthLog;
  runs(environment: Environment): void;
  /** The invocation behind a signed request; undefined when it came from outside the lab's functions. */
  senderOf(headers: { readonly authorization?: string | undefined }): string | undefined;
  /** Remembers who sent this id. */
  sent(via: Via, sender: string | undefined): void;
  causeOf(via: Via): Cause;
  delivered(delivery: Delivery): void;
  /** A `parent` execution hands its own sender on. */
  started(executionArn: string, sender: string | undefined, parent?: string): void;
  /** Whose work an execution does. */
  starterOf(executionArn: string): string | undefined;
  moved(messageId: string, newMessageId: string): void;
  awaits(callback: Callback): void;
  calledBack(tokenHash: string, sender: string | undefined): void;
}

export const createTruth = (): Truth => {
  const environments = new Map<string, Environment>();
  const senders = new Map<string, string>();
  const deliveries: Delivery[] = [];
  const executions = new Map<string, string | undefined>();
  const executionParents = new Map<string, string>();
  const movedMessages = new Map<string, string>();
  const callbacks: Callback[] = [];
  const name = (via: Via): string => `${via.kind} ${via.id}`;
  return {
    log: { deliveries, executions, executionParents, movedMessages, callbacks },
    runs: (environment) => void environments.set(environment.accessKeyId, environment),
    senderOf({ authorization }) {
      const [, accessKeyId] = /Credential=([^/,\s]+)\//.exec(authorization ?? "") ?? [];
      return accessKeyId === undefined ? undefined : environments.get(accessKeyId)?.requestId;
    },
    sent(via, sender) {
      if (sender !== undefined) senders.set(name(via), sender);
    },
    causeOf(via) {
      const requestId = senders.get(name(via));
      return requestId === undefined ? { via } : { requestId, via };
    },
    delivered: (delivery) => void deliveries.push(delivery),
    started(executionArn, sender, parent) {
      executions.set(executionArn, sender);
      if (parent !== undefined) executionParents.set(executionArn, parent);
      if (sender !== undefined) senders.set(name({ kind: "sfn-execution", id: executionArn }), sender);
    },
    starterOf: (executionArn) => executions.get(executionArn),
    moved: (messageId, newMessageId) => void movedMessages.set(newMessageId, messageId),
    awaits: (callback) => void callbacks.push(callback),
    calledBack(tokenHash, sender) {
      const at = callbacks.findIndex((callback) => callback.tokenHash === tokenHash);
      const callback = callbacks[at];
      if (callback !== undefined && sender !== undefined) callbacks[at] = { ...callback, requestId: sender };
    },
  };
};
