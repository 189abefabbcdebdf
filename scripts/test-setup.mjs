/**
 * What the tests need beside npm packages, from Debian's packages: a Chromium, and the tools that compile aws-lambda-ric,
 * AWS's own runtime client.
 *
 *   node scripts/test-setup.mjs
 *
 * Installed here where they are missing and this is root on a machine with apt. Elsewhere they are named, and the tests that need them
 * are skipped and counted; with CI=true missing means fail.
 */
import { spawnSync } from "node:child_process";
import { chromiumPath } from "./chromium.ts";
import { COMPILER, isOnPath } from "./compiler.mjs";

const NEEDED = [
  { package: "chromium", isThere: () => chromiumPath() !== undefined, use: "the tests of the UI" },
  ...Object.entries(COMPILER).map(([name, program]) => ({
    package: name,
    isThere: () => isOnPath(program),
    use: "the tests under aws-lambda-ric",
  })),
];

const missing = () => NEEDED.filter(({ isThere }) => !isThere());
const apt = (...args) =>
  spawnSync("apt-get", ["-qq", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status === 0;
const install = (names) => apt("install", "-y", "--no-install-recommends", ...names);

const wanted = missing().map((one) => one.package);
if (wanted.length > 0 && process.getuid?.() === 0) {
  console.log(`mayfly set-up: installing ${wanted.join(", ")} for the tests`);
  // The package lists are fetched only when those on the machine do not do.
  if (!install(wanted) && apt("update")) install(wanted);
}
for (const { package: name, use } of missing()) {
  const other = name === "chromium" ? "; or MAYFLY_CHROMIUM=/path" : "";
  console.error(
    `mayfly set-up: ${name} is missing (Debian: apt-get install ${name}${other}); without it ${use} are skipped`,
  );
}
if (missing().length > 0 && process.env.CI === "true") process.exit(1);
