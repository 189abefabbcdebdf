/**
 * Schedules, which fire when they are told to: rules of EventBridge and schedules of EventBridge Scheduler. Nobody sends what they send.
 *
 * Source  facts of both: a rule's event has the source `aws.events`, its rule as the only resource; Scheduler's payload is what
 *         the user gave, with the words of its own filled in.
 */
import { randomUUID } from "node:crypto";
import type { ScheduleDefinition } from "../definition.ts";
import type { LabFunction } from "../function.ts";

export interface SchedulesDeps {
  readonly schedules: Readonly<Record<string, ScheduleDefinition>>;
  readonly functions: ReadonlyMap<string, LabFunction>;
  readonly region: string;
  readonly accountId: string;
}

export interface Schedules {
  fire(name: string): void;
}

export const createSchedules = (deps: SchedulesDeps): Schedules => ({
  fire(name) {
    const schedule = deps.schedules[name];
    if (schedule === undefined) throw new Error(`schedule ${name} is not defined`);
    const payload = schedule.input === undefined ? ruleEvent(name, deps) : schedulerPayload(name, schedule.input, deps);
    deps.functions.get(schedule.function)?.invokeAsync({
      payload: JSON.stringify(payload),
      source: "schedule",
      causes: [],
    });
  },
});

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

const ruleEvent = (name: string, { region, accountId }: SchedulesDeps): object => ({
  version: "0",
  id: randomUUID(),
  "detail-type": "Scheduled Event",
  source: "aws.events",
  account: accountId,
  time: now(),
  region,
  resources: [`arn:aws:events:${region}:${accountId}:rule/${name}`],
  detail: {},
});

const schedulerPayload = (name: string, input: object, { region, accountId }: SchedulesDeps): unknown => {
  const words: Readonly<Record<string, string>> = {
    "schedule-arn": `arn:aws:scheduler:${region}:${accountId}:schedule/default/${name}`,
    "scheduled-time": now(),
    "execution-id": randomUUID(),
    "attempt-number": "1",
  };
  return JSON.parse(JSON.stringify(input), (_key, value: unknown) =>
    typeof value === "string"
      ? value.replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, word: string) => words[word] ?? whole)
      : value,
  ) as unknown;
};
