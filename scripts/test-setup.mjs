/**
 * What the tests need beside npm packages: a Chromium, from Debian's packages.
 *
 *   node scripts/test-setup.mjs
 *
 * Installed here where it is missing and this is root on a machine with apt. Elsewhere it is named, and the tests that need it are
 * skipped and counted; with CI=true missing means fail.
 */
import { spawnSync } from "node:child_process";
import { chromiumPath } from "./chromium.ts";

const apt = (...args) =>
  spawnSync("apt-get", ["-qq", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status === 0;

const install = () => apt("install", "-y", "--no-install-recommends", "chromium");

if (chromiumPath() === undefined && process.getuid?.() === 0) {
  console.log("mayfly set-up: installing Chromium for the tests");
  // The package lists are fetched only when those on the machine do not do.
  if (!install() && apt("update")) install();
}
if (chromiumPath() === undefined) {
  console.error("mayfly set-up: there is no Chromium (Debian: apt-get install chromium; or MAYFLY_CHROMIUM=/path)");
  if (process.env.CI === "true") process.exit(1);
  console.error("mayfly set-up: the tests that need it are skipped");
}
