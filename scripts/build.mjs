/**
 * Build everything: types and JS by `tsc -b`, the SDK's bundles, the layer, the UI's static files.
 *
 *   node scripts/build.mjs
 *
 * Always from the top: tsc is incremental, and the two bundlers together take about two seconds.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const step = (title, command, args, cwd = root) => {
  const result = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (result.status === 0) return;
  console.error(`build: ${title} failed\n${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}`);
  process.exit(1);
};

step("tsc -b", "tsc", ["-b", "--pretty", "false"]);
step("SDK bundles", "node", ["build.mjs"], `${root}/packages/sdk`);
step("layer", "node", ["build.ts"], `${root}/packages/layer`);
step("example shop", "node", ["build.mjs"], `${root}/examples/shop`);
step("UI", "vite", ["build", "--logLevel", "warn"], `${root}/packages/ui`);
