#!/usr/bin/env node
/**
 * Starts the built collector, or says what is missing. Plain JavaScript, because it must also run where Node is too
 * old: there better-sqlite3 ends the process without a word.
 *
 * `mayfly serve` on Linux begins once more as the same process, with what can be said only at a process's beginning:
 *
 *   MALLOC_MMAP_THRESHOLD_   buffers from this size on go back to the system when they are freed. By default glibc raises the
 *                            bound to the largest it has seen, and keeps what is freed between what is not
 *   --max-semi-space-size    for the main thread, as thread-memory.ts says for the others
 *
 * Whoever sets the variable has it as he set it, and no second beginning.
 */
import { existsSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
const THRESHOLD = "MALLOC_MMAP_THRESHOLD_";
const main = new URL("../dist/main.js", import.meta.url);

if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`mayfly: Node ${process.versions.node} is too old, 22.19 or newer is needed`);
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error("mayfly: not built yet, run `npm start` first");
  process.exitCode = 1;
} else if (process.argv[2] === "serve" && process.platform === "linux" && !process.env[THRESHOLD]) {
  const flags = ["--max-semi-space-size=4", ...process.execArgv];
  const env = { ...process.env, [THRESHOLD]: String(128 * 1024) };
  process.execve(process.execPath, [process.execPath, ...flags, ...process.argv.slice(1)], env);
} else {
  process.stdout.on("error", endUnread);
  const program = await import(main.href);
  process.exitCode = await program.main(process.argv.slice(2));
}

/** `mayfly export | head`: who reads has read enough. It is no whole output, and nothing to complain of. */
function endUnread(error) {
  if (error.code !== "EPIPE") throw error;
  process.exit(1);
}
