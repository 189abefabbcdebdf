import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * One run over all packages. Each resolves its siblings from source (the `mayfly-source` export condition), so tests
 * never read a stale dist; the tests that start a built artefact name its file.
 */
const project = (name: string, root: string) => ({
  extends: true as const,
  test: {
    name,
    root,
    include: ["src/**/*.test.ts", "src/**/*.test.tsx", "test/**/*.test.ts"],
  },
});

/**
 * What processes and threads of one run have compiled, so that the next one need not: a collector's threads from source, whose types are
 * stripped each time, start in a third of the time then, and there are hundreds of them. Gone with the run. This file is read
 * once for each project.
 */
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-compiled-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
const compiled = (process.env["NODE_COMPILE_CACHE"] ??= newFolder());

const conditions = ["mayfly-source", "node"];

/**
 * Stories of whole packages before unit tests: they take longest, however short their files are (which vitest otherwise goes by), and while
 * a long one that began last comes to its end a core has nothing to do.
 */
class StoriesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isUnit = ({ moduleId }: TestSpecification): boolean => /\/packages\/[^/]+\/src\//.test(moduleId);
    // oxlint-disable-next-line unicorn/no-array-sort -- vitest's, which gives a promise of another array
    const sorted = await super.sort(files);
    return [...sorted.filter((one) => !isUnit(one)), ...sorted.filter(isUnit)];
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    reporters: ["default", "./scripts/closing-line.ts"],
    // Most of a run is spent waiting for processes, servers and a browser, so a machine with two cores has room for two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: StoriesFirst },
    env: { NODE_COMPILE_CACHE: compiled },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      project("otlp", "packages/otlp"),
      project("lab", "packages/lab"),
      project("sdk", "packages/sdk"),
      project("layer", "packages/layer"),
      project("collector", "packages/collector"),
      project("ui", "packages/ui"),
      project("shop", "examples/shop"),
      project("aws-check", "examples/aws-check"),
      {
        extends: true,
        test: { name: "root", root: ".", include: ["*.test.ts", "scripts/*.test.ts", "bench/**/*.test.ts"] },
      },
    ],
  },
});
