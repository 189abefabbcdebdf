/**
 * `@mayfly/sdk/esbuild`: esbuild's plugin, by which AWS SDK v3 clients are found in a bundle without a change to the function's code.
 *
 *   import { mayfly } from "@mayfly/sdk/esbuild";
 *   await esbuild.build({ plugins: [mayfly()], … });
 *
 * All clients extend one class, `Client` of @smithy/core (older: @smithy/smithy-client). The module that defines it gets one statement more,
 * which puts the class on a list that the SDK reads. Nothing else of the bundle changes.
 */
import { readFile } from "node:fs/promises";

const MODULE = /[\\/]@smithy[\\/](?:core|smithy-client)[\\/].*\.js$/;
const DEFINITION = /\bclass _?Client\b/;
/** A module that names the class otherwise is left working. */
const SNIPPET =
  '\nif (typeof Client === "function") (globalThis[Symbol.for("mayfly.smithy-clients.v1")] ??= []).push(Client);\n';

/** As much of esbuild's own type as is needed to be one. */
export interface EsbuildPlugin {
  readonly name: string;
  setup(build: {
    onLoad(
      options: { filter: RegExp; namespace: string },
      load: (file: { path: string }) => Promise<{ contents: string; loader: "js" } | undefined>,
    ): void;
  }): void;
}

export const mayfly = (): EsbuildPlugin => ({
  name: "mayfly",
  setup(build) {
    // Another plugin's paths need not be files.
    build.onLoad({ filter: MODULE, namespace: "file" }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      return DEFINITION.test(code) ? { contents: code + SNIPPET, loader: "js" } : undefined;
    });
  },
});
