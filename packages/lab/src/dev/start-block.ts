/** What is there and how to reach it, as `mayfly dev` says it when it starts and when it had to start again. */
import { relative } from "node:path";
import type { LabDefinition } from "../definition.ts";
import type { Lab } from "../lab.ts";
import type { Paint } from "./screen.ts";

export interface StartBlockFacts {
  readonly definition: LabDefinition;
  readonly lab: Lab;
  readonly collectorUrl: string;
  /** Paths are shown from here. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly isWatching: boolean;
  /** It has been told before, and the endpoints are where they were. */
  readonly isUpdate: boolean;
  readonly paint: Paint;
}

export const startBlock = (facts: StartBlockFacts): string => {
  const { files, folder, isWatching, isUpdate, paint } = facts;
  const from = files.map((file) => relative(folder, file)).join(", ");
  const closing = isWatching
    ? "A saved file is in use from the next invocation on. Ctrl-C ends it."
    : "Ctrl-C ends it.";
  const sections = [...places(facts), ...resources(facts), ...(isUpdate ? [] : ways(facts))];
  return [
    "",
    `${paint("bold", isUpdate ? "updated" : "mayfly dev")}  ${from}`,
    "",
    ...sections.flatMap(sectionLines),
    "",
    ...(isUpdate ? [] : [`  ${closing}`, ""]),
  ].join("\n");
};

const places = ({ collectorUrl, definition, lab, paint }: StartBlockFacts): readonly Section[] => [
  ["Traces", [[paint("underline", collectorUrl)]]],
  ...section("HTTP API", Object.keys(definition.routes ?? {}).length > 0 ? [[paint("underline", lab.httpUrl)]] : []),
];

const resources = ({ definition, lab, folder, paint }: StartBlockFacts): readonly Section[] => {
  const { functions, queues = {}, topics = {}, stateMachines = {} } = definition;
  const addresses = (group: object, address: (name: string) => string): readonly Row[] =>
    Object.keys(group).map((name) => [name, address(name)]);
  const functionRows = Object.entries(functions).map(([name, { file }]): Row => {
    const sources = sourcesOf(name, definition).join(", ") || "on request";
    return [name, sources, paint("dim", relative(folder, file))];
  });
  return [
    ...section("Functions", functionRows),
    ...section("Queues", addresses(queues, lab.queueUrl)),
    ...section("Topics", addresses(topics, lab.topicArn)),
    ...section("Machines", addresses(stateMachines, lab.stateMachineArn)),
  ];
};

/** To invoke by hand. The AWS SDK and the AWS CLI read the same variables. */
const ways = ({ definition, lab: { environment } }: StartBlockFacts): readonly Section[] => {
  const [name = ""] = Object.keys(definition.functions);
  const [queue] = Object.keys(definition.queues ?? {});
  const general = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  const endpoints = Object.keys(environment).filter((variable) => variable.startsWith("AWS_ENDPOINT_URL_"));
  const exported = (variables: readonly string[]): Row => [
    `export ${variables.map((variable) => `${variable}=${environment[variable]}`).join(" ")}`,
  ];
  return [
    ["Invoke", [[`mayfly invoke ${name} --event '{}'`]]],
    ...section("Send", queue === undefined ? [] : [[`mayfly send ${queue} --body '{}'`]]),
    ["AWS CLI", [exported(general), ...endpoints.map((variable) => exported([variable]))]],
  ];
};

type Row = readonly string[];
type Section = readonly [title: string, rows: readonly Row[]];

const section = (title: string, rows: readonly Row[]): readonly Section[] => (rows.length === 0 ? [] : [[title, rows]]);

/** Columns of a section stand below each other; the last has no width. */
const sectionLines = ([title, rows]: Section): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows.map((row, n) => {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
    return `  ${(n === 0 ? title : "").padEnd(10)} ${cells.join("  ")}`;
  });
};

/** What invokes a function, in the words of the dev file. */
export const sourcesOf = (name: string, definition: LabDefinition): readonly string[] => {
  const { routes = {}, eventSourceMappings = [], topics = {}, buses = {}, stateMachines = {} } = definition;
  const isTarget = (one: object): boolean => "function" in one && one.function === name;
  return [
    ...Object.entries(routes).flatMap(([key, target]) => (target === name ? [key] : [])),
    ...eventSourceMappings.filter(isTarget).map(({ queue }) => `sqs ${queue}`),
    ...Object.entries(topics).flatMap(([topic, { subscriptions }]) =>
      subscriptions.some(isTarget) ? [`sns ${topic}`] : [],
    ),
    ...Object.entries(buses).flatMap(([bus, { rules }]) =>
      Object.values(rules).some(({ targets }) => targets.some(isTarget)) ? [`eventbridge ${bus}`] : [],
    ),
    ...Object.entries(stateMachines).flatMap(([machine, { definition: states }]) =>
      isTaskOf(name, JSON.stringify(states)) ? [`step-functions ${machine}`] : [],
    ),
  ];
};

const isTaskOf = (name: string, states: string): boolean =>
  states.includes(`"FunctionName":"${name}"`) || states.includes(`:function:${name}"`);
