/** An event bus: PutEvents in, rules, functions and queues out. The event itself carries no context, only its id. */
import { randomUUID } from "node:crypto";
import type { Addresses } from "../addresses.ts";
import type { BusDefinition } from "../definition.ts";
import type { LabFunction } from "../function.ts";
import type { Messaging } from "../messaging.ts";
import type { Truth } from "../truth.ts";
import { type Pattern, compilePattern } from "./event-pattern.ts";

export interface EventBridgeDeps {
  readonly buses: Readonly<Record<string, BusDefinition>>;
  readonly functions: ReadonlyMap<string, LabFunction>;
  readonly addresses: Addresses;
  readonly messaging: Messaging;
  readonly truth: Truth;
  readonly region: string;
  readonly accountId: string;
}

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
  readonly Resources?: readonly string[];
  readonly TraceHeader?: string;
}

interface Rule {
  readonly matches: Pattern;
  readonly targets: readonly ({ readonly function: string } | { readonly queue: string })[];
}

export interface PutHeaders {
  readonly authorization?: string | undefined;
  readonly traceHeader?: string | undefined;
  /** The invocation that the lab itself puts for. */
  readonly sender?: string | undefined;
}

export interface EventBridge {
  putEvents(input: { readonly Entries?: readonly Entry[] }, headers: PutHeaders): Promise<object>;
  /** What the bus's archive holds is delivered once more: with its ids, without trace headers, and named as this replay's. */
  replay(bus: string, replayName: string): Promise<void>;
}

type BusEvent = Readonly<Record<string, unknown>> & { readonly id: string };

export const createEventBridge = (deps: EventBridgeDeps): EventBridge => {
  const { functions, messaging, truth, addresses } = deps;
  const buses = new Map(
    Object.entries(deps.buses).map(([name, { rules }]) => [
      name,
      Object.values(rules).map(({ pattern, targets }) => ({ matches: compilePattern(pattern), targets })),
    ]),
  );
  const archives = new Map<string, BusEvent[]>(
    Object.entries(deps.buses).flatMap(([name, { archive }]) => (archive ? [[name, []]] : [])),
  );
  if (!buses.has("default")) buses.set("default", []);

  const deliver = async (bus: string, event: BusEvent, traceHeader?: string): Promise<void> => {
    for (const rule of buses.get(bus) ?? []) if (rule.matches(event)) await toTargets(rule, event, traceHeader);
  };

  const toTargets = async (rule: Rule, event: BusEvent, traceHeader: string | undefined): Promise<void> => {
    const payload = JSON.stringify(event);
    const { id } = event;
    for (const target of rule.targets) {
      if ("function" in target) {
        functions.get(target.function)?.invokeAsync({
          payload,
          source: "eventbridge",
          causes: [truth.causeOf({ kind: "eventbridge-event", id })],
          ...(traceHeader !== undefined && { traceHeader }),
        });
      } else {
        const system = traceHeader && {
          MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: traceHeader } },
        };
        await messaging.sqs("SendMessage", {
          QueueUrl: addresses.queueUrl(target.queue),
          MessageBody: payload,
          ...system,
        });
      }
    }
  };

  return {
    async putEvents({ Entries = [] }, { authorization, traceHeader, sender = truth.senderOf({ authorization }) }) {
      const results = [];
      for (const entry of Entries) {
        const problem = problemOf(entry, buses);
        if (problem !== undefined) {
          results.push(problem);
          continue;
        }
        const id = randomUUID();
        truth.sent({ kind: "eventbridge-event", id }, sender);
        const event = eventOf(entry, id, deps);
        archives.get(busName(entry))?.push(event);
        await deliver(busName(entry), event, entry.TraceHeader ?? traceHeader);
        results.push({ EventId: id });
      }
      return { FailedEntryCount: results.filter((result) => "ErrorCode" in result).length, Entries: results };
    },
    async replay(bus, replayName) {
      const kept = archives.get(bus);
      if (kept === undefined) throw new Error(`event bus ${bus} has no archive`);
      for (const event of kept) await deliver(bus, { ...event, "replay-name": replayName });
    },
  };
};

/** A name or an ARN. */
const busName = (entry: Entry): string => entry.EventBusName?.split("/").at(-1) ?? "default";

const problemOf = (entry: Entry, buses: ReadonlyMap<string, unknown>): object | undefined => {
  if (!entry.Source || !entry.DetailType || entry.Detail === undefined)
    return { ErrorCode: "InvalidArgument", ErrorMessage: "Source, DetailType and Detail are required" };
  if (!buses.has(busName(entry)))
    return { ErrorCode: "InvalidArgument", ErrorMessage: `event bus ${busName(entry)} does not exist` };
  return isJsonObject(entry.Detail)
    ? undefined
    : { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is not a JSON object" };
};

const isJsonObject = (json: string): boolean => {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

const eventOf = (entry: Entry, id: string, { region, accountId }: EventBridgeDeps): BusEvent => ({
  version: "0",
  id,
  "detail-type": entry.DetailType,
  source: entry.Source,
  account: accountId,
  time: `${new Date().toISOString().slice(0, 19)}Z`,
  region,
  resources: entry.Resources ?? [],
  detail: JSON.parse(entry.Detail ?? "{}") as unknown,
});
