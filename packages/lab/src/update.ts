/**
 * A running lab becomes what another definition says, in place: functions, routes, event source mappings and new queues. What keeps
 * state or holds on to others (a queue that is there, topics, buses, state machines, schedules) does not change in place.
 */
import { isDeepStrictEqual } from "node:util";
import type { EventSourceMapping, FunctionDefinition, LabDefinition } from "./definition.ts";
import type { SqsSource } from "./event-sources/sqs.ts";
import type { LabFunction } from "./function.ts";

export interface ChangingParts {
  readonly functions: Map<string, LabFunction>;
  /** By their mapping, as JSON. */
  readonly sources: Map<string, SqsSource>;
  readonly routes: Map<string, LabFunction>;
  readonly createFunction: (name: string, definition: FunctionDefinition) => LabFunction;
  readonly startSource: (mapping: EventSourceMapping, target: LabFunction) => SqsSource;
}

export const NOTHING: LabDefinition = { functions: {} };

/** A queue that is no longer mentioned may stay: nobody reads it. */
export const changesInPlace = (before: LabDefinition, after: LabDefinition): boolean =>
  Object.entries(before.queues ?? {}).every(
    ([name, queue]) => after.queues?.[name] === undefined || isDeepStrictEqual(queue, after.queues[name]),
  ) &&
  (["topics", "buses", "stateMachines", "schedules"] as const).every((part) =>
    isDeepStrictEqual(before[part] ?? {}, after[part] ?? {}),
  );

export const newQueues = (before: LabDefinition, after: LabDefinition): NonNullable<LabDefinition["queues"]> =>
  Object.fromEntries(Object.entries(after.queues ?? {}).filter(([name]) => before.queues?.[name] === undefined));

/** Mappings end before their function and start after it. */
export const change = async (parts: ChangingParts, before: LabDefinition, after: LabDefinition): Promise<void> => {
  const { functions, sources, routes } = parts;
  const mappings = new Map((after.eventSourceMappings ?? []).map((mapping) => [JSON.stringify(mapping), mapping]));
  await removeFrom(sources, (key) => !mappings.has(key));
  await removeFrom(functions, (name) => after.functions[name] === undefined);
  for (const [name, definition] of Object.entries(after.functions)) {
    if (before.functions[name] === undefined) functions.set(name, parts.createFunction(name, definition));
    else if (!isDeepStrictEqual(before.functions[name], definition)) functions.get(name)?.reload(definition);
  }
  const target = (name: string): LabFunction => {
    const found = functions.get(name);
    if (found === undefined) throw new Error(`function ${name} is not defined`); // problemsOf has checked all names
    return found;
  };
  for (const [key, mapping] of mappings)
    if (!sources.has(key)) sources.set(key, parts.startSource(mapping, target(mapping.function)));
  routes.clear();
  for (const [key, name] of Object.entries(after.routes ?? {})) routes.set(key, target(name));
};

const removeFrom = async (
  group: Map<string, { close(): Promise<void> }>,
  isGone: (name: string) => boolean,
): Promise<void> => {
  const gone = [...group].filter(([name]) => isGone(name));
  for (const [name] of gone) group.delete(name);
  await Promise.all(gone.map(([, one]) => one.close()));
};
