/**
 * The long versions of tests of which `check` runs a seeded share.
 *
 *   node scripts/check-long.mjs
 */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const env = {
  ...process.env,
  MAYFLY_LONG: "true",
  PATH: join(root, "node_modules", ".bin") + delimiter + (process.env.PATH ?? ""),
};

const files = [
  "packages/sdk/src/trigger/detect.test.ts",
  "packages/collector/test/crash-recovery.test.ts", // more than a million damaged events
  "packages/otlp/test/raw-records.test.ts", // some 150,000 messages, half of them damaged
  "packages/otlp/test/raw-json.test.ts",
  "packages/collector/src/query/summarize.test.ts",
  "packages/collector/src/query/row.test.ts",
  "packages/collector/src/query/run.test.ts",
  "packages/collector/test/hostile-requests.test.ts", // a million requests
];
const result = spawnSync("vitest", ["run", ...files, "--testTimeout=3600000"], { cwd: root, env, stdio: "inherit" });
process.exitCode = result.status ?? 1;
