/**
 * From a bare clone to a running command, with nothing but git and Node >= 18 on the machine.
 *
 *   node scripts/boot.mjs start [-- flags of scripts/start.mjs]   install, build, collector + example shop
 *   node scripts/boot.mjs setup                                  install and build only
 *   node scripts/boot.mjs test                                   install, build, the tests' own set-up, every check
 *   node scripts/boot.mjs screenshots                            refresh docs/images
 *   node scripts/boot.mjs bench coldstart [-- its flags]         what the tests have, then bench/<name>/main.ts
 *
 * The Node that runs this file may be too old for the project, so this file is plain JS, imports nothing installed,
 * and hands over to the Node 24 that the install puts into node_modules/.bin (the arch packages in
 * optionalDependencies; a Mac brings its own Node >= 22.19).
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPILER, isOnPath } from "./compiler.mjs";
import { untilStopped } from "./until-stopped.mjs";

/** Or its shell. */
const npm = process.ppid;
const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
/** pnpm is pinned here: a `packageManager` field makes frozen installs fail. */
const PNPM = "pnpm@12.21.0";

/** Only the tests and the benchmarks install these: the first compiles for a minute, the second brings the peers. */
const FOR_TESTS = ["@mayfly/aws-lambda-ric", "@mayfly/aws-lambda-ric-node22", "@mayfly/bench"];

const environment = () => {
  const env = { ...process.env, PATH: bin + delimiter + (process.env.PATH ?? "") };
  // An outer `npx -c` leaves these behind, and the inner npx then prints its usage instead of running.
  delete env.npm_config_package;
  delete env.npm_config_call;
  return env;
};

const run = (command, args, options = {}) => {
  const result = spawnSync(command, args, { cwd: root, env: environment(), stdio: "inherit", ...options });
  if (result.error) fail(`cannot run ${command}: ${result.error.message}`);
  if (result.signal) process.kill(process.pid, result.signal);
  if (result.status !== 0) process.exit(result.status ?? 1);
};

const fail = (message) => {
  console.error(`mayfly set-up: ${message}`);
  process.exit(1);
};

/** What an install depends on; an unchanged digest means node_modules is as the lockfile wants it. */
const installDigest = () => {
  const hash = createHash("sha256").update(PNPM);
  const manifests = ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bench/package.json"];
  for (const group of ["packages", "examples", "runtimes"]) {
    // oxlint-disable-next-line unicorn/no-array-sort -- Node 18 has no toSorted
    for (const name of readdirSync(join(root, group)).sort()) manifests.push(`${group}/${name}/package.json`);
  }
  for (const file of manifests) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(file).update(readFileSync(path));
  }
  return hash.digest("hex");
};

const pnpmInstall = (without, env = environment()) => {
  const flags = ["--frozen-lockfile", "--config.engine-strict=false", "--reporter=append-only", "--loglevel=error"];
  run("npx", ["-y", PNPM, "install", ...flags, ...without.flatMap((name) => ["--filter", `!${name}`])], { env });
};

/** `work` when the last one of that name was for other manifests. */
const onceFor = (name, work) => {
  const stamp = join(root, "node_modules", name);
  const digest = installDigest();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  work();
  writeFileSync(stamp, digest);
};

const install = () =>
  onceFor(".mayfly-installed", () => {
    console.log("mayfly set-up: installing packages");
    pnpmInstall(FOR_TESTS);
  });

/**
 * Under Node 24 already, for which AWS's runtime clients are then compiled (that of Node 22 as well: what they use of Node is the same
 * binary interface in both); the headers come from Node's own package, so that nothing
 * is fetched from elsewhere. Where the compiler is missing, which test-setup.mjs has said, the rest is installed.
 */
const installForTests = () => {
  run("node", ["scripts/test-setup.mjs"]);
  if (!Object.values(COMPILER).every(isOnPath)) return pnpmInstall(FOR_TESTS.slice(0, 2));
  onceFor(".mayfly-installed-for-tests", () => {
    console.log("mayfly set-up: installing for the tests; AWS's runtime client compiles for a minute the first time");
    const headers = join(root, "node_modules", `node-linux-${process.arch}`);
    pnpmInstall([], { ...environment(), ...(existsSync(headers) && { npm_config_nodedir: headers }) });
  });
};

const requireNode = () => {
  const version = spawnSync("node", ["-p", "process.versions.node"], {
    cwd: root,
    env: environment(),
    encoding: "utf8",
  });
  const [major = 0, minor = 0] = (version.stdout ?? "").trim().split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  fail(
    `Node ${(version.stdout ?? "").trim() || "?"} is too old; Mayfly needs >= 22.19. On Linux x64 and arm64 the install brings Node 24; ` +
      `on ${process.platform}-${process.arch} install Node 24 and run the command again.`,
  );
};

const [command, ...rest] = process.argv.slice(2);
const flags = rest.filter((flag, index) => !(flag === "--" && index <= 1));
const known = { start: 1, setup: 1, test: 1, screenshots: 1, bench: 1 };
if (!Object.hasOwn(known, command ?? ""))
  fail(`unknown command ${JSON.stringify(command ?? "")}; expected one of ${Object.keys(known).join(", ")}`);

install();
requireNode();
// The checks build by themselves.
if (command !== "test") {
  console.log("mayfly set-up: building");
  run("node", ["scripts/build.mjs"]);
}
if (command === "start") {
  const options = { cwd: root, env: environment() };
  process.exit(await untilStopped("node", ["scripts/start.mjs", ...flags], options, npm));
}
if (command === "test") {
  installForTests();
  run("node", ["scripts/check.mjs", ...flags]);
}
if (command === "screenshots") {
  run("node", ["scripts/test-setup.mjs"]);
  run("node", ["scripts/screenshots.mjs", ...flags]);
}
if (command === "bench") {
  const [name = "", ...own] = flags;
  const main = join(root, "bench", name, "main.ts");
  if (name === "" || !existsSync(main)) fail(`there is no benchmark ${JSON.stringify(name)} in bench/`);
  installForTests();
  run("node", [main, ...own]);
}
if (command === "setup")
  console.log("mayfly set-up: ready. `npm start` shows it, `npx mayfly --help` lists the commands.");
