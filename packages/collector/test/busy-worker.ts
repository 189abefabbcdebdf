/** A thread that starts when its cell is set, and then `does` something without end. */
import { parentPort, workerData } from "node:worker_threads";
import { LAYOUT_ARRIVED, readFrame, writeFrame } from "../src/store/sqlite/block-frame.ts";
import { STARTED } from "../src/thread.ts";

const { cell, does } = workerData as { readonly cell: Int32Array; readonly does: "waits" | "compresses" | "dies" };

if (does === "dies") process.exit(1);
Atomics.wait(cell, 0, 0);
parentPort?.postMessage(STARTED, []);
if (does === "waits") setInterval(() => {}, 1_000);
else
  for (;;) readFrame(writeFrame(LAYOUT_ARRIVED, { count: 1, sections: [Buffer.alloc(1_000)] }, 1), LAYOUT_ARRIVED, 1);
