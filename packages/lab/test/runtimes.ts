/** Every runtime that the lab's contract is held to: one suite over all of them. */
import { describe } from "vitest";
import {
  type FunctionDefinition,
  type LabDefinition,
  type LabOptions,
  type NodeRuntime,
  type Runtime,
  isInstalled,
} from "../src/index.ts";
import { type Rig, startRig } from "./rig.ts";

export interface RuntimeUnderTest {
  readonly client: Runtime;
  readonly node: NodeRuntime;
}

const RUNTIMES: readonly RuntimeUnderTest[] = [
  { client: "built-in", node: "nodejs24.x" },
  { client: "built-in", node: "nodejs22.x" },
  { client: "aws-lambda-ric", node: "nodejs24.x" },
  { client: "aws-lambda-ric", node: "nodejs22.x" },
];

/** Where AWS's client could not be compiled, or there is no Node.js 22, that part is skipped; in CI it fails instead. */
export const isSkipped = ({ client, node }: RuntimeUnderTest): boolean =>
  !isInstalled(client, node) && process.env["CI"] !== "true";

export type StartRig = (definition: LabDefinition, options?: LabOptions) => Promise<Rig>;

export const underEachRuntime = (contract: (start: StartRig, runtime: RuntimeUnderTest) => void): void => {
  for (const runtime of RUNTIMES) underRuntime(runtime, contract);
};

/** Only where handlers may take callbacks. */
export const underNode22 = (contract: (start: StartRig, runtime: RuntimeUnderTest) => void): void => {
  for (const runtime of RUNTIMES.filter(({ node }) => node === "nodejs22.x")) underRuntime(runtime, contract);
};

const underRuntime = (
  runtime: RuntimeUnderTest,
  contract: (start: StartRig, runtime: RuntimeUnderTest) => void,
): void => {
  const { client, node } = runtime;
  const start: StartRig = (definition, options = {}) => {
    const functions = Object.entries(definition.functions).map(([name, one]): [string, FunctionDefinition] => [
      name,
      { runtime: node, ...one },
    ]);
    return startRig({ ...definition, functions: Object.fromEntries(functions) }, { runtimeClient: client, ...options });
  };
  describe.skipIf(isSkipped(runtime))(`under ${client}, ${node}`, () => contract(start, runtime));
};
