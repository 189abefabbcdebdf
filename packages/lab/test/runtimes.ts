/** Every runtime that the lab's contract is held to: one suite over all of them. */
import { describe } from "vitest";
import type { LabDefinition, LabOptions, Runtime } from "../src/index.ts";
import { runtimeProgram } from "../src/runtime.ts";
import { type Rig, startRig } from "./rig.ts";

const RUNTIMES: readonly Runtime[] = ["built-in", "aws-lambda-ric"];

/** Where AWS's client could not be compiled, its half is skipped; in CI it fails instead. */
export const isSkipped = (runtime: Runtime): boolean =>
  runtimeProgram(runtime) === undefined && process.env["CI"] !== "true";

export type StartRig = (definition: LabDefinition, options?: LabOptions) => Promise<Rig>;

export const underEachRuntime = (contract: (start: StartRig) => void): void => {
  for (const runtime of RUNTIMES) {
    describe.skipIf(isSkipped(runtime))(`under ${runtime}`, () =>
      contract((definition, options = {}) => startRig(definition, { runtimeClient: runtime, ...options })),
    );
  }
};
