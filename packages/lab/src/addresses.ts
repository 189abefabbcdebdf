/** How the parts of a lab are called: AWS's ARNs, and queue URLs on the lab's own origin. */
import type { Reference } from "./definition.ts";

/** fauxqs knows no other account. */
export const ACCOUNT_ID = "000000000000";

export interface Addresses {
  queueUrl(name: string): string;
  queueArn(name: string): string;
  topicArn(name: string): string;
  stateMachineArn(name: string): string;
  functionArn(name: string): string;
  /** What a reference of the definition stands for. */
  valueOf(reference: Reference): string;
}

export const createAddresses = (region: string, messagingUrl: string): Addresses => {
  const arn = (service: string, resource: string): string => `arn:aws:${service}:${region}:${ACCOUNT_ID}:${resource}`;
  const addresses: Addresses = {
    queueUrl: (name) => `${messagingUrl}/${ACCOUNT_ID}/${name}`,
    queueArn: (name) => arn("sqs", name),
    topicArn: (name) => arn("sns", name),
    stateMachineArn: (name) => arn("states", `stateMachine:${name}`),
    functionArn: (name) => arn("lambda", `function:${name}`),
    valueOf(reference) {
      if ("queueUrl" in reference) return addresses.queueUrl(reference.queueUrl);
      if ("topicArn" in reference) return addresses.topicArn(reference.topicArn);
      if ("functionArn" in reference) return addresses.functionArn(reference.functionArn);
      return addresses.stateMachineArn(reference.stateMachineArn);
    },
  };
  return addresses;
};
