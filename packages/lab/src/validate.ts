/** What is wrong with a definition, all at once; patterns and state machines are checked by the rooms that read them. */
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { LabDefinition } from "./definition.ts";

export const problemsOf = (definition: LabDefinition): readonly string[] => {
  const { functions, queues = {}, topics = {}, buses = {}, eventSourceMappings = [], routes = {} } = definition;
  const problems: string[] = [];
  const needFunction = (name: string, where: string): void => {
    if (!Object.hasOwn(functions, name)) problems.push(`${where}: function ${JSON.stringify(name)} is not defined`);
  };
  const needQueue = (name: string, where: string): void => {
    if (!Object.hasOwn(queues, name)) problems.push(`${where}: queue ${JSON.stringify(name)} is not defined`);
  };
  const needTarget = (target: { function: string } | { queue: string }, where: string): void =>
    "function" in target ? needFunction(target.function, where) : needQueue(target.queue, where);

  const known: Readonly<Record<string, object>> = {
    queueUrl: queues,
    topicArn: topics,
    stateMachineArn: definition.stateMachines ?? {},
    functionArn: functions,
  };
  for (const [name, { file, environment = {} }] of Object.entries(functions)) {
    for (const [variable, value] of Object.entries(environment)) {
      if (typeof value === "string") continue;
      const [[kind, target] = ["", ""]] = Object.entries(value);
      if (!Object.hasOwn(known[kind] ?? {}, target)) {
        problems.push(
          `function ${name}: ${variable} refers to ${kind} ${JSON.stringify(target)}, which is not defined`,
        );
      }
    }
    if (!isAbsolute(file)) problems.push(`function ${name}: file ${JSON.stringify(file)} is not an absolute path`);
    else if (!existsSync(file)) problems.push(`function ${name}: ${file} does not exist`);
  }
  for (const [name, { redrivePolicy }] of Object.entries(queues)) {
    if (redrivePolicy) needQueue(redrivePolicy.deadLetterQueue, `queue ${name}`);
  }
  for (const [name, { subscriptions }] of Object.entries(topics)) {
    for (const subscription of subscriptions) needTarget(subscription, `topic ${name}`);
  }
  for (const [bus, { rules }] of Object.entries(buses)) {
    for (const [rule, { targets }] of Object.entries(rules)) {
      for (const target of targets) needTarget(target, `rule ${rule} of bus ${bus}`);
    }
  }
  for (const { queue, function: name, batchSize = 10 } of eventSourceMappings) {
    needQueue(queue, "event source mapping");
    needFunction(name, `event source mapping of ${queue}`);
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 10_000) {
      problems.push(`event source mapping of ${queue}: batchSize is ${batchSize}, expected 1 to 10000`);
    }
  }
  for (const [key, name] of Object.entries(routes)) {
    if (key !== "$default" && !/^[A-Z]+ \/\S*$/.test(key))
      problems.push(`route ${JSON.stringify(key)}: expected "METHOD /path" or "$default"`);
    needFunction(name, `route ${key}`);
  }
  return problems;
};
