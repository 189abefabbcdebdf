import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

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

const conditions = ["mayfly-source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    reporters: ["default", "./scripts/closing-line.ts"],
    // Most of a run is spent waiting for processes, servers and a browser, so a machine with two cores has room for two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
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
