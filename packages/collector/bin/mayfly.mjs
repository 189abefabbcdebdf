#!/usr/bin/env node
/**
 * Starts the built collector, or says what is missing. Plain JavaScript, because it must also run where Node is too
 * old: there better-sqlite3 ends the process without a word.
 */
import { existsSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
const main = new URL("../dist/main.js", import.meta.url);

if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`mayfly: Node ${process.versions.node} is too old, 22.19 or newer is needed`);
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error("mayfly: not built yet, run `npm start` first");
  process.exitCode = 1;
} else {
  const program = await import(main.href);
  process.exitCode = await program.main(process.argv.slice(2));
}
