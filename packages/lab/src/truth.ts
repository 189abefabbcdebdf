/** Writes the truth log: who runs, who sent which id, what was delivered with which cause. */
import type { Environment } from "./environment.ts";
import type { Cause, Delivery, TruthLog } from "./truth-log.ts";

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
  started(executionArn: string, sender: string | undefined): void;
}

export const createTruth = (): Truth => {
  const environments = new Map<string, Environment>();
  const senders = new Map<string, string>();
  const deliveries: Delivery[] = [];
  const executions = new Map<string, string | undefined>();
  const name = (via: Via): string => `${via.kind} ${via.id}`;
  return {
    log: { deliveries, executions },
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
    started(executionArn, sender) {
      executions.set(executionArn, sender);
      if (sender !== undefined) senders.set(name({ kind: "sfn-execution", id: executionArn }), sender);
    },
  };
};
