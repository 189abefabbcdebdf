/**
 * Bundles each handler into a file of its own, as a deployment would: the AWS SDK stays outside, because Lambda has it; the
 * Mayfly SDK goes in.
 *
 *   node build.mjs        (in examples/shop, after the SDK is built)
 */
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const handlers = readdirSync("src/handlers").filter((file) => file.endsWith(".ts"));

await build({
  entryPoints: handlers.map((file) => `src/handlers/${file}`),
  outdir: "dist/functions",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  external: ["@aws-sdk/*"],
  logLevel: "warning",
});
