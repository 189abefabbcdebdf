/**
 * A lab in a process of its own, to be killed: prints the pid of an environment that has answered, and stays.
 *
 * Usage  node lab-process.ts
 */
import { join } from "node:path";
import { startLab } from "../src/index.ts";

const file = join(import.meta.dirname, "handlers", "probe.mjs");
const lab = await startLab({ functions: { probe: { file, handler: "facts" } }, routes: { "GET /": "probe" } });
const { pid } = (await (await fetch(lab.httpUrl)).json()) as { pid: number };
console.log(pid);
