/**
 * What the tests need beside npm packages: a Chromium, from Debian's packages.
 *
 *   node scripts/test-setup.mjs
 *
 * Installed here where it is missing and this is root on a machine with apt. Elsewhere it is named, and the tests that need it are
 * skipped and counted; with CI=true missing means fail.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const PACKAGES = { chromium: ["chromium", "chromium-browser", "google-chrome"] };

const onPath = (program) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

/** MAYFLY_CHROMIUM names a browser that is not on PATH; packages/ui/test/browser.ts reads it as well. */
const isThere = (programs) => process.env.MAYFLY_CHROMIUM !== undefined || programs.some(onPath);

const missing = () => Object.keys(PACKAGES).filter((name) => !isThere(PACKAGES[name]));

const apt = (...args) =>
  spawnSync("apt-get", ["-qq", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status === 0;

let wanted = missing();
if (wanted.length > 0 && process.getuid?.() === 0 && onPath("apt-get")) {
  console.log(`mayfly set-up: installing ${wanted.join(", ")} for the tests`);
  // The package lists are fetched only when what is there does not do: most machines have fresh ones.
  const install = () => apt("install", "-y", "--no-install-recommends", ...wanted);
  if (!install() && apt("update")) install();
  wanted = missing();
}
if (wanted.length > 0) {
  console.error(
    `mayfly set-up: not on this machine: ${wanted.join(", ")} (Debian: apt-get install ${wanted.join(" ")})`,
  );
  if (process.env.CI === "true") process.exit(1);
  console.error("mayfly set-up: the tests that need it are skipped");
}
