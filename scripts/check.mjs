/**
 * Every check, in the order in which it is cheapest to learn of a fault; the tests come last, so that the last line
 * is theirs (`N passed, N failed`). A failed step does not hide the later ones.
 *
 *   node scripts/check.mjs [vitest arguments]
 */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const env = { ...process.env, PATH: join(root, "node_modules", ".bin") + delimiter + (process.env.PATH ?? "") };

const steps = [
  ["format", "oxfmt", ["--check"]],
  ["lint", "oxlint", ["--type-aware", "--deny-warnings"]],
  ["types and build", "node", ["scripts/build.mjs"]],
  ["dead code", "knip", ["--no-progress"]],
  ["docs", "node", ["scripts/check-docs.mjs"]],
  ["tests", "vitest", ["run", ...process.argv.slice(2)]],
];

const failed = [];
for (const [title, command, args] of steps) {
  console.log(`check: ${title}`);
  if (title === "tests" && failed.length > 0) console.log(`check: failed before the tests: ${failed.join(", ")}`);
  const result = spawnSync(command, args, { cwd: root, env, stdio: "inherit" });
  if (result.status !== 0) failed.push(title);
}
process.exitCode = failed.length === 0 ? 0 : 1;
